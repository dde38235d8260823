// Bring-up as a state machine (NVM Express 1.4 §7.6.1): Step does one state's work or looks once at what the state waits for. Run steps
// until the controller is ready or something failed, resting between looks; that is the first bring-up, which takes all memory. A reset
// walks the same states again with the same memory: Restart, then Advance whenever there is time, which never waits and takes no memory.
// What the controller says about itself must then be what it said before. Each state has one method; its deadline is set when it is
// entered.
//   read capabilities → (wait for ready before disabling) → disable → wait until disabled → configure admin queues → enable →
//   wait until ready → identify controller → identify limits → identify namespace → number of queues
//   → write cache → create queues → events → ready
// The states are in classes by what they are about, each of which knows the one that comes after it.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Takes a controller from any state to ready.</summary>
internal sealed unsafe class BringUp
{
    private readonly NvmeHost _host;
    private readonly BringUpProgress _progress;
    private readonly RegisterSetup _registers;
    private readonly Identification _identification;
    private readonly QueueAllocation _allocation;
    private readonly WriteCacheSetup _writeCache;
    private readonly QueueCreation _queues;
    private readonly CacheDrain _drain;
    private readonly EventSetup _events;

    public BringUp(NvmeRegisters registers, NvmeHost host, NvmeOptions options)
    {
        _host = host;
        _progress = new BringUpProgress(State, registers, host);
        var commands = new BringUpCommands(State, _progress, options);
        _events = new EventSetup(State, _progress, commands);
        _drain = new CacheDrain(State, _progress, options, _events);
        _queues = new QueueCreation(State, host, commands, _drain, _events);
        _writeCache = new WriteCacheSetup(State, _progress, commands, options, _queues);
        _allocation = new QueueAllocation(State, registers, host, options, _progress, commands, _writeCache);
        _identification = new Identification(State, host, options, _progress, commands, _allocation);
        _registers = new RegisterSetup(State, registers, host, _progress, _identification);
    }

    public BringUpState State { get; } = new();

    /// <summary>Runs the machine; returns whether the controller is ready.</summary>
    public bool Run()
    {
        _progress.Enter(NvmeState.ReadCapabilities, 0);
        while (State.IsUnderWay)
        {
            if (!Step())
                _host.Pause();
        }
        return State.Fault == NvmeFault.None;
    }

    /// <summary>Begins a reset of a controller that was ready once; <see cref="Advance"/> carries it out.</summary>
    public void Restart()
    {
        State.IsReset = true;
        State.IsCacheAtRisk = false;
        State.Fault = NvmeFault.None;
        State.FailedStatus = default;
        _progress.Enter(NvmeState.ReadCapabilities, 0);
    }

    /// <summary>Goes as far as it can without waiting.</summary>
    public void Advance()
    {
        while (State.IsUnderWay && Step())
        {
        }
    }

    /// <summary>Returns all memory; only once the controller cannot reach it any more.</summary>
    public void Release()
    {
        if (State.Scratch != null)
            _host.Pages.Free(State.Scratch, 1);
        State.Scratch = null;
        if (State.Drain != null)
            _host.Pages.Free(State.Drain, 1);
        State.Drain = null;
        State.Admin?.Release();
        State.Admin = null;
        foreach (QueuePair? pair in State.Pairs)
            pair?.Memory.Release();
        State.Pairs = [];
    }

    /// <summary>Does a state's work. False when the state still waits.</summary>
    private bool Step()
    {
        State.IsResting = false;
        Work();
        return !State.IsResting;
    }

    private void Work()
    {
        switch (State.State)
        {
            case NvmeState.ReadCapabilities: _registers.ReadCapabilities(); break;
            case NvmeState.WaitReadyBeforeDisable: _registers.AwaitReady(true, NvmeState.Disable); break;
            case NvmeState.Disable: _registers.Disable(); break;
            case NvmeState.WaitDisabled: _registers.AwaitReady(false, NvmeState.ConfigureAdminQueues); break;
            case NvmeState.ConfigureAdminQueues: _registers.ConfigureAdminQueues(); break;
            case NvmeState.Enable: _registers.Enable(); break;
            case NvmeState.WaitReady: _registers.AwaitEnabled(); break;
            case NvmeState.IdentifyController: _identification.AwaitController(); break;
            case NvmeState.IdentifyLimits: _identification.AwaitLimits(); break;
            case NvmeState.IdentifyNamespace: _identification.AwaitNamespace(); break;
            case NvmeState.SetQueueCount: _allocation.Await(); break;
            case NvmeState.GetWriteCache: _writeCache.AwaitGet(); break;
            case NvmeState.SetWriteCache: _writeCache.AwaitSet(); break;
            case NvmeState.CreateCompletionQueues: _queues.AwaitCompletionQueue(); break;
            case NvmeState.CreateSubmissionQueues: _queues.AwaitSubmissionQueue(); break;
            case NvmeState.ConfigureEvents: _events.Await(); break;
            case NvmeState.DrainWriteCache: _drain.Await(); break;
            default: Panic.Fail("nvme: bring-up stepped in a state it does not have"u8); break;
        }
    }
}
