// An NVMe controller with one namespace, as a block device of 4-KiB blocks. The work is split by aspect:
//   BringUp*.cs                 from reset to ready
//   NvmeController.Requests.cs  submitting, completing, waiting
//   NvmeController.Health.cs    late commands, events, admin commands of the running controller
//   NvmeController.Reset.cs     bringing it up again
//   NvmeController.Failure.cs   giving it up
//   NvmeController.Shutdown.cs  the orderly end
// Memory is taken during Start and never after. Everything runs under the kernel lock, except OnInterrupt.
using System;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The NVMe driver. Construct, <see cref="Start"/>, then use as a <see cref="BlockDevice"/>.</summary>
public sealed unsafe partial class NvmeController : BlockDevice
{
    private readonly NvmeRegisters _registers;
    private readonly NvmeHost _host;
    private readonly NvmeOptions _options;
    private QueuePair[] _pairs = [];
    private AdminQueue? _admin;
    private BringUp? _bringUp;
    private FlushGuard _flushes = new();
    private int _eventRequests;
    private NvmeNamespace _namespace = new();
    private bool _hasVolatileWriteCache;
    private ulong _readyTimeoutNanoseconds;
    private uint _shutdownMicroseconds;
    private byte[] _serialNumber = [];

    public NvmeController(NvmeRegisters registers, NvmeHost host, NvmeOptions options)
    {
        _registers = registers;
        _host = host;
        _options = options;
        PollNanoseconds = options.PollNanoseconds;
    }

    public override ulong BlockCount => _namespace.BlockCount;

    public override int MaxBlocksPerRequest => _namespace.MaximumTransferBlocks;

    public override int QueueDepth => _pairs.Length == 0 ? 0 : _pairs.Length * _pairs[0].Depth;

    public override bool HasVolatileWriteCache => _hasVolatileWriteCache;

    public NvmeState State { get; private set; }

    /// <summary>Why the controller is not serving; None while all is well.</summary>
    public NvmeFault Fault { get; private set; }

    /// <summary>The bring-up state in which <see cref="Start"/> failed; Ready when it did not.</summary>
    public NvmeState FailedState { get; private set; }

    /// <summary>The status behind <see cref="NvmeFault.AdminCommandFailed"/> and <see cref="NvmeFault.FlushFailed"/>.</summary>
    public NvmeStatus FailedStatus { get; private set; }

    public NvmeNamespace Namespace => _namespace;

    /// <summary>The device's serial number, ASCII without padding.</summary>
    public ReadOnlySpan<byte> SerialNumber => _serialNumber;

    public NvmeStatistics Statistics { get; private set; } = new();

    /// <summary>How long Wait polls before it blocks the fiber.</summary>
    public ulong PollNanoseconds { get; set; }

    public int QueuePairCount => _pairs.Length;

    /// <summary>True when at least one queue pair has no interrupt, so that someone must call <see cref="ProcessCompletions"/>.</summary>
    public bool IsPolled { get; private set; }

    /// <summary>
    /// Brings the controller up. Allocates everything the driver will ever need. Returns None when the device is ready to serve; on
    /// any other fault the state it failed in is logged, the device is stopped and the memory given back.
    /// </summary>
    public NvmeFault Start()
    {
        Panic.Unless(State == NvmeState.Created, "nvme: started twice"u8);
        var bringUp = new BringUp(this, _registers, _host, _options);
        bool ready = bringUp.Run();
        _readyTimeoutNanoseconds = bringUp.ReadyTimeoutNanoseconds;
        FailedState = bringUp.State;
        FailedStatus = bringUp.FailedStatus;
        Fault = bringUp.Fault;
        if (!ready)
        {
            NvmeLog.Failure(bringUp.State, bringUp.Fault, bringUp.FailedStatus);
            StopNow();
            bringUp.Release();
            State = NvmeState.Gone;
            return Fault;
        }
        Adopt(bringUp);
        NvmeLog.Ready(_namespace, _pairs.Length, _pairs[0].Depth, IsPolled, _hasVolatileWriteCache);
        return NvmeFault.None;
    }

    private void Adopt(BringUp bringUp)
    {
        _bringUp = bringUp;
        _flushes = bringUp.Flushes;
        _eventRequests = bringUp.EventRequests;
        _pairs = bringUp.Pairs;
        _admin = bringUp.Admin;
        _namespace = bringUp.Namespace!;
        _hasVolatileWriteCache = bringUp.HasVolatileWriteCache;
        _serialNumber = bringUp.SerialNumber;
        _shutdownMicroseconds = bringUp.ShutdownMicroseconds;
        Statistics = bringUp.Statistics;
        IsPolled = bringUp.IsPolled;
        State = NvmeState.Ready;
        PlanHealthCheck(_host.Clock.MonotonicNanoseconds);
    }
}
