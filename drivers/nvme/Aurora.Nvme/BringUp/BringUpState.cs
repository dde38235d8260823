using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>
/// How far a bring-up is, and what it has found out and made. A reset walks the same states again with what the first one made.
/// </summary>
internal sealed unsafe class BringUpState
{
    public NvmeState State { get; set; }

    public NvmeFault Fault { get; set; }

    /// <summary>The status of the admin command that failed, when the fault says one did.</summary>
    public NvmeStatus FailedStatus { get; set; }

    /// <summary>When the state will have waited too long.</summary>
    public ulong Deadline { get; set; }

    /// <summary>True when the controller has been ready before.</summary>
    public bool IsReset { get; set; }

    /// <summary>True when the state has nothing to do but to wait.</summary>
    public bool IsResting { get; set; }

    /// <summary>Set during a reset when the controller may have lost its volatile write cache.</summary>
    public bool IsCacheAtRisk { get; set; }

    /// <summary>True until the controller is ready or something failed.</summary>
    public bool IsUnderWay => State != NvmeState.Ready && Fault == NvmeFault.None;

    public ControllerCapabilities Capabilities { get; set; }

    public NvmeVersion Version { get; set; }

    /// <summary>How long CSTS.RDY may take to follow CC.EN, in nanoseconds.</summary>
    public ulong ReadyTimeoutNanoseconds { get; set; }

    public AdminQueue? Admin { get; set; }

    /// <summary>
    /// One page the controller writes identify data and logs into, later also for the admin commands of the running controller.
    /// </summary>
    public void* Scratch { get; set; }

    /// <summary>
    /// The flush after the write cache was switched off. It has memory of its own: a reset that begins anew reads identify data while the
    /// queue pair may still hold it.
    /// </summary>
    public BlockRequest* Drain { get; set; }

    public int MaximumTransferBlocks { get; set; }

    public bool SupportsDeallocate { get; set; }

    public bool SupportsWriteZeroes { get; set; }

    /// <summary>OAES: the events the controller can report.</summary>
    public uint OptionalEvents { get; set; }

    /// <summary>How many Asynchronous Event Requests are kept outstanding.</summary>
    public int EventRequests { get; set; }

    /// <summary>How long the controller says a shutdown takes, in microseconds; 0 when it does not say.</summary>
    public uint ShutdownMicroseconds { get; set; }

    /// <summary>ASCII without padding.</summary>
    public byte[] SerialNumber { get; set; } = [];

    public IdentifyLimits Limits { get; set; }

    public NvmeNamespace? Namespace { get; set; }

    public bool HasVolatileWriteCache { get; set; }

    /// <summary>What users of the device have been told about the write cache when it became ready.</summary>
    public bool HadVolatileWriteCache { get; set; }

    /// <summary>The write cache was switched off and may still hold what an earlier life wrote.</summary>
    public bool CacheMayHoldData { get; set; }

    public QueuePair[] Pairs { get; set; } = [];

    /// <summary>True when at least one queue pair has no interrupt.</summary>
    public bool IsPolled { get; set; }

    /// <summary>Requests a reset has taken back from the device.</summary>
    public int Recalled { get; set; }

    public NvmeStatistics Statistics { get; } = new();

    public FlushGuard Flushes { get; } = new();

    public DeviceLoad Load { get; } = new();
}
