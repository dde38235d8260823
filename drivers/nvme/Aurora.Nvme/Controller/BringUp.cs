// Bring-up as a state machine (NVM Express 1.4 §7.6.1): Step does one state's work or looks once at what the state waits for. Run steps until
// the controller is ready or something failed, resting between looks; that is the first bring-up, which takes all memory. A reset walks the
// same states again with the same memory: Restart, then Advance whenever there is time, which never waits and takes no memory. What the
// controller says about itself must then be what it said before. Each state has one method; its deadline is set when it is entered.
//   read capabilities → (wait for ready before disabling) → disable → wait until disabled → configure admin queues → enable →
//   wait until ready → identify controller → identify limits → identify namespace → number of queues → write cache → create queues → events → ready
// Register states are here, admin command states in BringUp.Commands.cs, queue creation in BringUp.Queues.cs.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Takes a controller from any state to ready.</summary>
internal sealed unsafe partial class BringUp
{
    private readonly NvmeController _controller;
    private readonly NvmeRegisters _registers;
    private readonly NvmeHost _host;
    private readonly NvmeOptions _options;
    private ulong _deadline;
    private bool _isReset;
    private bool _isResting;

    public BringUp(NvmeController controller, NvmeRegisters registers, NvmeHost host, NvmeOptions options)
    {
        _controller = controller;
        _registers = registers;
        _host = host;
        _options = options;
    }

    public NvmeState State { get; private set; }

    public NvmeFault Fault { get; private set; }

    /// <summary>The status of the admin command that failed, when the fault says one did.</summary>
    public NvmeStatus FailedStatus { get; private set; }

    public ControllerCapabilities Capabilities { get; private set; }

    public NvmeVersion Version { get; private set; }

    /// <summary>How long CSTS.RDY may take to follow CC.EN, in nanoseconds.</summary>
    public ulong ReadyTimeoutNanoseconds { get; private set; }

    /// <summary>Runs the machine; returns whether the controller is ready.</summary>
    public bool Run()
    {
        Enter(NvmeState.ReadCapabilities, 0);
        while (IsUnderWay)
        {
            if (!Step())
                _host.Pause();
        }
        return Fault == NvmeFault.None;
    }

    /// <summary>True until the controller is ready or something failed.</summary>
    public bool IsUnderWay => State != NvmeState.Ready && Fault == NvmeFault.None;

    /// <summary>Set during a reset when the controller may have lost its volatile write cache.</summary>
    public bool IsCacheAtRisk { get; private set; }

    /// <summary>Begins a reset of a controller that was ready once; <see cref="Advance"/> carries it out.</summary>
    public void Restart()
    {
        _isReset = true;
        IsCacheAtRisk = false;
        Fault = NvmeFault.None;
        FailedStatus = default;
        Enter(NvmeState.ReadCapabilities, 0);
    }

    /// <summary>Goes as far as it can without waiting.</summary>
    public void Advance()
    {
        while (IsUnderWay && Step())
        {
        }
    }

    /// <summary>Does a state's work. False when the state still waits.</summary>
    private bool Step()
    {
        _isResting = false;
        Work();
        return !_isResting;
    }

    private void Work()
    {
        switch (State)
        {
            case NvmeState.ReadCapabilities: ReadCapabilities(); break;
            case NvmeState.WaitReadyBeforeDisable: AwaitReady(true, NvmeState.Disable); break;
            case NvmeState.Disable: Disable(); break;
            case NvmeState.WaitDisabled: AwaitReady(false, NvmeState.ConfigureAdminQueues); break;
            case NvmeState.ConfigureAdminQueues: ConfigureAdminQueues(); break;
            case NvmeState.Enable: Enable(); break;
            case NvmeState.WaitReady: AwaitEnabled(); break;
            case NvmeState.IdentifyController: AwaitIdentifyController(); break;
            case NvmeState.IdentifyLimits: AwaitIdentifyLimits(); break;
            case NvmeState.IdentifyNamespace: AwaitIdentifyNamespace(); break;
            case NvmeState.SetQueueCount: AwaitQueueCount(); break;
            case NvmeState.GetWriteCache: AwaitGetWriteCache(); break;
            case NvmeState.SetWriteCache: AwaitSetWriteCache(); break;
            case NvmeState.CreateCompletionQueues: AwaitCompletionQueue(); break;
            case NvmeState.CreateSubmissionQueues: AwaitSubmissionQueue(); break;
            case NvmeState.ConfigureEvents: AwaitConfigureEvents(); break;
            case NvmeState.DrainWriteCache: AwaitDrain(); break;
            default: Panic.Fail("nvme: bring-up stepped in a state it does not have"u8); break;
        }
    }

    private void Enter(NvmeState state, ulong timeoutNanoseconds)
    {
        State = state;
        _deadline = _host.Clock.MonotonicNanoseconds + timeoutNanoseconds;
    }

    private void Fail(NvmeFault fault) => Fault = fault;

    private void ReadCapabilities()
    {
        var capabilities = new ControllerCapabilities(_registers.Read64(NvmeRegister.Capabilities));
        if (capabilities.IsAllOnes)
        {
            Fail(NvmeFault.Removed);
            return;
        }
        if (_isReset && capabilities.Raw != Capabilities.Raw)
        {
            Fail(NvmeFault.IdentityChanged);
            return;
        }
        Capabilities = capabilities;
        Version = new NvmeVersion(_registers.Read32(NvmeRegister.Version));
        ReadyTimeoutNanoseconds = ReadReadyTimeout();
        NvmeFault refusal = CheckCapabilities();
        if (refusal != NvmeFault.None)
        {
            Fail(refusal);
            return;
        }
        bool enabled = (_registers.Read32(NvmeRegister.Configuration) & ControllerConfiguration.Enable) != 0;
        bool ready = NoteStatus().IsReady;

        // EN must not be cleared while the controller is still on its way to ready (§3.1.5).
        Enter(enabled && !ready ? NvmeState.WaitReadyBeforeDisable : NvmeState.Disable, ReadyTimeoutNanoseconds);
    }

    /// <summary>Reads CSTS and remembers what it says about the volatile write cache.</summary>
    private ControllerStatus NoteStatus()
    {
        var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));
        if (status.IsAllOnes)
            return status;
        IsCacheAtRisk |= status.IsFatal || status.HadSubsystemReset;
        if (status.HadSubsystemReset)
            _registers.Write32(NvmeRegister.Status, ControllerStatus.SubsystemResetBit);
        return status;
    }

    private ulong ReadReadyTimeout()
    {
        const ulong UnitNanoseconds = 500_000_000;
        ulong timeout = Capabilities.ReadyTimeoutNanoseconds;
        if (!Capabilities.HasReadyTimeouts)
            return timeout;
        ulong withMedia = (_registers.Read32(NvmeRegister.ReadyTimeouts) & 0xFFFF) * UnitNanoseconds;
        return withMedia > timeout ? withMedia : timeout;
    }

    private NvmeFault CheckCapabilities()
    {
        if (!Capabilities.HasNvmCommandSet)
            return NvmeFault.NoNvmCommandSet;
        if (Capabilities.MinimumPageShift > 12)
            return NvmeFault.PageSizeUnsupported;
        bool doorbellsFit = new DoorbellLayout(Capabilities).EndBytes(1) <= _registers.LengthBytes;
        return doorbellsFit ? NvmeFault.None : NvmeFault.DoorbellsBeyondRegisters;
    }

    private void Disable()
    {
        uint configuration = _registers.Read32(NvmeRegister.Configuration);
        if ((configuration & ControllerConfiguration.Enable) != 0)
            _registers.Write32(NvmeRegister.Configuration, configuration & ~(ControllerConfiguration.Enable | ControllerConfiguration.ShutdownMask));
        Enter(NvmeState.WaitDisabled, ReadyTimeoutNanoseconds);
    }

    private void ConfigureAdminQueues()
    {
        if (_isReset)
        {
            // The controller is disabled: nothing of its earlier life can reach memory any more.
            _controller.RecallAll();
            Admin!.Reset();
        }
        else if (!AllocateAdmin())
        {
            Fail(NvmeFault.OutOfMemory);
            return;
        }
        _registers.Write32(NvmeRegister.AdminQueueAttributes, AdminQueueAttributes.Encode(AdminQueue.Entries, AdminQueue.Entries));
        _registers.Write64(NvmeRegister.AdminSubmissionQueue, _host.PhysicalOf(Admin!.SubmissionMemory));
        _registers.Write64(NvmeRegister.AdminCompletionQueue, _host.PhysicalOf(Admin.CompletionMemory));
        Enter(NvmeState.Enable, 0);
    }

    private void Enable()
    {
        _registers.Write32(NvmeRegister.Configuration, ControllerConfiguration.Running);
        Enter(NvmeState.WaitReady, ReadyTimeoutNanoseconds);
    }

    /// <summary>Looks once whether CSTS.RDY has the wanted value and goes on to the next state when it has.</summary>
    private bool AwaitReady(bool wanted, NvmeState next)
    {
        ControllerStatus status = NoteStatus();
        if (status.IsAllOnes)
            Fail(NvmeFault.Removed);
        else if (wanted && status.IsFatal && State == NvmeState.WaitReady)
            Fail(NvmeFault.FatalStatus);
        else if (status.IsReady == wanted || (wanted && status.IsFatal))
        {
            Enter(next, 0);
            return true;
        }
        else
            RestOrFail(NvmeFault.ReadyTimeout);
        return false;
    }

    private void AwaitEnabled()
    {
        if (AwaitReady(true, NvmeState.IdentifyController))
            BeginIdentifyController();
    }

    private void RestOrFail(NvmeFault late)
    {
        if (_host.Clock.MonotonicNanoseconds > _deadline)
            Fail(late);
        else
            _isResting = true;
    }
}
