using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>
/// What is known of a controller that is, or was, in service. Bring-up has a state of its own, taken over when it has succeeded.
/// </summary>
internal sealed unsafe class ControllerState
{
    public NvmeState State { get; set; }

    /// <summary>Why the controller is not serving; None while all is well.</summary>
    public NvmeFault Fault { get; set; }

    /// <summary>The bring-up state in which the start failed; Ready when it did not.</summary>
    public NvmeState FailedState { get; set; }

    /// <summary>The status behind <see cref="NvmeFault.AdminCommandFailed"/> and <see cref="NvmeFault.FlushFailed"/>.</summary>
    public NvmeStatus FailedStatus { get; set; }

    /// <summary>The queue pairs in service; none before bring-up has succeeded.</summary>
    public QueuePair[] Pairs { get; private set; } = [];

    public AdminQueue? Admin { get; private set; }

    /// <summary>The page that admin commands read into.</summary>
    public void* Scratch { get; private set; }

    public NvmeNamespace Namespace { get; private set; } = new();

    public bool HasVolatileWriteCache { get; private set; }

    public FlushGuard Flushes { get; private set; } = new();

    public DeviceLoad Load { get; private set; } = new();

    /// <summary>How many Asynchronous Event Requests are kept outstanding.</summary>
    public int EventRequests { get; set; }

    /// <summary>How long CSTS.RDY may take to follow CC.EN.</summary>
    public ulong ReadyTimeoutNanoseconds { get; set; }

    /// <summary>How long the controller says a shutdown takes; 0 when it does not say.</summary>
    public uint ShutdownMicroseconds { get; private set; }

    /// <summary>ASCII without padding.</summary>
    public byte[] SerialNumber { get; private set; } = [];

    /// <summary>True when at least one queue pair has no interrupt.</summary>
    public bool IsPolled { get; private set; }

    public NvmeStatistics Statistics { get; private set; } = new();

    /// <summary>Resets so far.</summary>
    public int Resets { get; set; }

    public ulong LastHealthCheck { get; set; }

    public ulong NextHealthCheck { get; set; }

    /// <summary>True when no request is outstanding, neither on the device nor waiting in the driver.</summary>
    public bool IsIdle
    {
        get
        {
            foreach (QueuePair pair in Pairs)
            {
                if (!pair.IsIdle)
                    return false;
            }
            return true;
        }
    }

    /// <summary>A bring-up has succeeded: what it found and made is in service.</summary>
    public void Adopt(BringUpState found)
    {
        Flushes = found.Flushes;
        Load = found.Load;
        EventRequests = found.EventRequests;
        Pairs = found.Pairs;
        Admin = found.Admin;
        Scratch = found.Scratch;
        Namespace = found.Namespace!;
        HasVolatileWriteCache = found.HasVolatileWriteCache;
        SerialNumber = found.SerialNumber;
        ShutdownMicroseconds = found.ShutdownMicroseconds;
        Statistics = found.Statistics;
        IsPolled = found.IsPolled;
        State = NvmeState.Ready;
    }

    /// <summary>Nothing is in service any more; the memory is about to be given back.</summary>
    public void Forget()
    {
        Pairs = [];
        Admin = null;
        Scratch = null;
    }
}
