// An NVMe controller with one namespace, as a block device of 4-KiB blocks. This is the face; the services behind it share ControllerState
// and know only those above them:
//
//   BringUp             from reset to ready (folder BringUp)
//   RequestQueues       submitting and completing
//   ControllerStop      giving the controller up
//   ControllerReset     bringing it up again
//   AdminWorker         admin commands and events of the running controller
//   HealthWatch         late commands, a status that is not well
//   RequestWait         waiting for a request
//   ControllerShutdown  the orderly end
//
// Memory is taken during Start and never after. Everything runs under the kernel lock, except OnInterrupt.
using System;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The NVMe driver. Construct, <see cref="Start"/>, then use as a <see cref="BlockDevice"/>.</summary>
public sealed unsafe class NvmeController : BlockDevice
{
    private readonly ControllerState _state = new();
    private readonly NvmeHost _host;
    private readonly BringUp _bringUp;
    private readonly HealthSchedule _schedule;
    private readonly RequestQueues _requests;
    private readonly ControllerStop _stop;
    private readonly ControllerReset _reset;
    private readonly HealthWatch _health;
    private readonly RequestWait _wait;
    private readonly ControllerShutdown _shutdown;

    public NvmeController(NvmeRegisters registers, NvmeHost host, NvmeOptions options)
    {
        _host = host;
        var admin = new AdminState();
        _bringUp = new BringUp(registers, host, options);
        _schedule = new HealthSchedule(_state, admin, options);
        _requests = new RequestQueues(_state, host);
        _stop = new ControllerStop(_state, registers, host, _requests);
        _reset = new ControllerReset(_state, admin, options, _bringUp, _stop, _schedule);
        var worker = new AdminWorker(_state, admin, host, options, _reset, _stop);
        _health = new HealthWatch(_state, registers, options, _requests, worker, _reset, _stop, _schedule);
        _wait = new RequestWait(_state, host, options, _requests, _health);
        _shutdown = new ControllerShutdown(_state, admin, registers, host, options, _requests, _health, _stop);
    }

    public override ulong BlockCount => _state.Namespace.BlockCount;

    public override int MaxBlocksPerRequest => _state.Namespace.MaximumTransferBlocks;

    public override int QueueDepth => _state.Pairs.Length == 0 ? 0 : _state.Pairs.Length * _state.Pairs[0].Depth;

    public override bool HasVolatileWriteCache => _state.HasVolatileWriteCache;

    public NvmeState State => _state.State;

    /// <inheritdoc cref="ControllerState.Fault"/>
    public NvmeFault Fault => _state.Fault;

    /// <summary>The bring-up state in which <see cref="Start"/> failed; Ready when it did not.</summary>
    public NvmeState FailedState => _state.FailedState;

    /// <inheritdoc cref="ControllerState.FailedStatus"/>
    public NvmeStatus FailedStatus => _state.FailedStatus;

    public NvmeNamespace Namespace => _state.Namespace;

    /// <summary>The device's serial number, ASCII without padding.</summary>
    public ReadOnlySpan<byte> SerialNumber => _state.SerialNumber;

    public NvmeStatistics Statistics => _state.Statistics;

    /// <summary>How long Wait polls before it blocks the fiber.</summary>
    public ulong PollNanoseconds
    {
        get => _wait.PollNanoseconds;
        set => _wait.PollNanoseconds = value;
    }

    public int QueuePairCount => _state.Pairs.Length;

    /// <summary>True when at least one queue pair has no interrupt, so that someone must call <see cref="ProcessCompletions"/>.</summary>
    public bool IsPolled => _state.IsPolled;

    /// <inheritdoc cref="RequestQueues.HasInterruptPending"/>
    public bool HasInterruptPending => _requests.HasInterruptPending;

    /// <inheritdoc cref="ControllerState.IsIdle"/>
    public bool IsIdle => _state.IsIdle;

    /// <summary>True when the controller has failed for good: every request completes as Gone, now or soon.</summary>
    public override bool HasFailed => _state.State is NvmeState.Stopping or NvmeState.Gone;

    /// <summary>When <see cref="CheckHealth"/> wants to be called next: the idle loop need not wake for the device before.</summary>
    public ulong NextHealthCheckNanoseconds => _schedule.NextNanoseconds;

    /// <summary>
    /// Brings the controller up. Allocates everything the driver will ever need. Returns None when the device is ready to serve; on
    /// any other fault the state it failed in is logged, the device is stopped and the memory given back.
    /// </summary>
    public NvmeFault Start()
    {
        Panic.Unless(_state.State == NvmeState.Created, "nvme: started twice"u8);
        bool ready = _bringUp.Run();
        BringUpState result = _bringUp.State;
        _state.ReadyTimeoutNanoseconds = result.ReadyTimeoutNanoseconds;
        _state.FailedState = result.State;
        _state.FailedStatus = result.FailedStatus;
        _state.Fault = result.Fault;
        if (!ready)
        {
            NvmeLog.Failure(result.State, result.Fault, result.FailedStatus);
            _stop.StopNow();
            _bringUp.Release();
            _state.State = NvmeState.Gone;
            return _state.Fault;
        }
        _state.Adopt(result);
        _schedule.Plan(_host.Clock.MonotonicNanoseconds);
        NvmeLog.Ready(Namespace, _state.Pairs.Length, _state.Pairs[0].Depth, IsPolled, HasVolatileWriteCache);
        return NvmeFault.None;
    }

    /// <inheritdoc cref="RequestQueues.OnInterrupt"/>
    public void OnInterrupt(int pair) => _requests.OnInterrupt(pair);

    public override void Submit(BlockRequest* request) => _requests.Submit(request);

    /// <summary>
    /// From here to <see cref="EndBatch"/> submissions are collected and reach the device with one doorbell write. Nests.
    /// </summary>
    public override void BeginBatch() => _requests.BeginBatch();

    public override void EndBatch() => _requests.EndBatch();

    /// <inheritdoc cref="RequestQueues.ProcessCompletions"/>
    public bool ProcessCompletions() => _requests.ProcessCompletions();

    /// <inheritdoc cref="RequestWait"/>
    public override BlockStatus Wait(BlockRequest* request) => _wait.Wait(request);

    /// <summary>
    /// Looks for late commands, events, a fatal status and a device that is gone, at most once per health check period; moves a resetting
    /// or stopping controller on. The main loop calls it with the monotonic time when <see cref="NextHealthCheckNanoseconds"/> has come.
    /// </summary>
    public void CheckHealth(ulong nowNanoseconds) => _health.Check(nowNanoseconds);

    /// <summary>Resets a controller that is ready, as if a command had been late; it counts like any other reset.</summary>
    public void Reset()
    {
        if (_state.State == NvmeState.Ready)
            _reset.Begin(NvmeFault.ResetRequested, _host.Clock.MonotonicNanoseconds);
    }

    /// <summary>
    /// Shuts the device down, waiting for it; nothing may be submitted meanwhile. Returns whether the device confirmed. Afterwards every
    /// request completes as Gone.
    /// </summary>
    public bool Shutdown() => _shutdown.Run();

    /// <summary>Gives back all memory of a controller that is shut down or gone.</summary>
    public void Release()
    {
        Panic.Unless(State is NvmeState.Gone or NvmeState.ShutDown, "nvme: released while it can still reach memory"u8);
        _bringUp.Release();
        _state.Forget();
    }
}
