// The orderly end (NVM Express 1.4 §7.6.2): let what is outstanding finish, delete the I/O queues, announce a normal shutdown through
// CC.SHN and wait until CSTS.SHST says it is complete, which also empties a volatile write cache. Then the controller is disabled.
using Aurora.Base;

namespace Aurora.Nvme;

public sealed unsafe partial class NvmeController
{
    /// <summary>The least time a shutdown is given, whatever RTD3E says.</summary>
    private const ulong MinimumShutdownNanoseconds = 5_000_000_000;

    /// <summary>
    /// Shuts the device down, waiting for it; nothing may be submitted meanwhile. Returns whether the device confirmed. Afterwards every
    /// request completes as Gone.
    /// </summary>
    public bool Shutdown()
    {
        while (!IsIdle || State is NvmeState.Stopping or NvmeState.Resetting || (State == NvmeState.Ready && IsAdminBusy))
        {
            if (ProcessCompletions())
                continue;
            CheckHealth(_host.Clock.MonotonicNanoseconds);
            _host.Pause();
        }
        if (State != NvmeState.Ready)
            return false;
        State = NvmeState.ShutDown;
        if (!DeleteQueues())
            KernelLog.Line("nvme: shutdown: the device did not delete its queues"u8);
        bool confirmed = NotifyShutdown();
        KernelLog.Line(confirmed ? "nvme: shut down"u8 : "nvme: shutdown was not confirmed by the device"u8);
        StopNow();
        return confirmed;
    }

    /// <summary>Gives back all memory of a controller that is shut down or gone.</summary>
    public void Release()
    {
        Panic.Unless(State is NvmeState.Gone or NvmeState.ShutDown, "nvme: released while it can still reach memory"u8);
        _bringUp?.Release();
        _bringUp = null;
        _pairs = [];
        _admin = null;
    }

    private bool DeleteQueues()
    {
        foreach (QueuePair pair in _pairs)
        {
            if (!Execute(AdminCommands.DeleteSubmissionQueue(pair.Queue)))
                return false;
        }
        foreach (QueuePair pair in _pairs)
        {
            if (!Execute(AdminCommands.DeleteCompletionQueue(pair.Queue)))
                return false;
        }
        return true;
    }

    private bool Execute(in SubmissionEntry command)
    {
        ulong deadline = _host.Clock.MonotonicNanoseconds + _options.AdminTimeoutNanoseconds;
        _admin!.Begin(command);
        while (_host.Clock.MonotonicNanoseconds <= deadline)
        {
            AdminOutcome outcome = _admin.Poll(out CompletionEntry completion);
            if (outcome is not (AdminOutcome.Pending or AdminOutcome.Event))
                return outcome == AdminOutcome.Completed && completion.Status.IsSuccess;
            if (new ControllerStatus(_registers.Read32(NvmeRegister.Status)).IsFatal)
                return false;
            _host.Pause();
        }
        return false;
    }

    private bool NotifyShutdown()
    {
        uint configuration = _registers.Read32(NvmeRegister.Configuration) & ~ControllerConfiguration.ShutdownMask;
        _registers.Write32(NvmeRegister.Configuration, configuration | ControllerConfiguration.ShutdownNormal);
        ulong announced = _shutdownMicroseconds * 1000ul;
        ulong patience = announced > MinimumShutdownNanoseconds ? announced : MinimumShutdownNanoseconds;
        ulong deadline = _host.Clock.MonotonicNanoseconds + patience;
        while (_host.Clock.MonotonicNanoseconds <= deadline)
        {
            var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));
            if (status.IsAllOnes || status.IsFatal)
                return false;
            if (status.IsShutdownComplete)
                return true;
            _host.Pause();
        }
        return false;
    }
}
