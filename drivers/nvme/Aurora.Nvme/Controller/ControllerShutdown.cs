// The orderly end (NVM Express 1.4 §7.6.2): let what is outstanding finish, delete the I/O queues, announce a normal shutdown through
// CC.SHN and wait until CSTS.SHST says it is complete, which also empties a volatile write cache. Then the controller is disabled.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Shuts a controller down, waiting for it.</summary>
internal sealed class ControllerShutdown(
    ControllerState state, AdminState admin, NvmeRegisters registers, NvmeHost host, NvmeOptions options, RequestQueues requests,
    HealthWatch health, ControllerStop stop)
{
    /// <summary>The least time a shutdown is given, whatever RTD3E says.</summary>
    private const ulong MinimumShutdownNanoseconds = 5_000_000_000;

    /// <summary>
    /// Returns whether the device confirmed; nothing may be submitted meanwhile. Afterwards every request completes as Gone.
    /// </summary>
    public bool Run()
    {
        while (!state.IsIdle || state.State is NvmeState.Stopping or NvmeState.Resetting
            || (state.State == NvmeState.Ready && admin.IsBusy))
        {
            if (requests.ProcessCompletions())
                continue;
            health.Check(host.Clock.MonotonicNanoseconds);
            host.Pause();
        }
        if (state.State != NvmeState.Ready)
            return false;
        state.State = NvmeState.ShutDown;
        if (!DeleteQueues())
            KernelLog.Line("nvme: shutdown: the device did not delete its queues"u8);
        bool confirmed = Notify();
        KernelLog.Line(confirmed ? "nvme: shut down"u8 : "nvme: shutdown was not confirmed by the device"u8);
        stop.StopNow();
        return confirmed;
    }

    private bool DeleteQueues()
    {
        foreach (QueuePair pair in state.Pairs)
        {
            if (!Execute(AdminCommands.DeleteSubmissionQueue(pair.Queue)))
                return false;
        }
        foreach (QueuePair pair in state.Pairs)
        {
            if (!Execute(AdminCommands.DeleteCompletionQueue(pair.Queue)))
                return false;
        }
        return true;
    }

    private bool Execute(in SubmissionEntry command)
    {
        ulong deadline = host.Clock.MonotonicNanoseconds + options.AdminTimeoutNanoseconds;
        AdminQueue queue = state.Admin!;
        queue.Begin(command);
        while (host.Clock.MonotonicNanoseconds <= deadline)
        {
            AdminOutcome outcome = queue.Poll(out CompletionEntry completion);
            if (outcome is not (AdminOutcome.Pending or AdminOutcome.Event))
                return outcome == AdminOutcome.Completed && completion.Status.IsSuccess;
            if (new ControllerStatus(registers.Read32(NvmeRegister.Status)).IsFatal)
                return false;
            host.Pause();
        }
        return false;
    }

    private bool Notify()
    {
        uint configuration = registers.Read32(NvmeRegister.Configuration) & ~ControllerConfiguration.ShutdownMask;
        registers.Write32(NvmeRegister.Configuration, configuration | ControllerConfiguration.ShutdownNormal);
        ulong announced = state.ShutdownMicroseconds * 1000ul;
        ulong patience = announced > MinimumShutdownNanoseconds ? announced : MinimumShutdownNanoseconds;
        ulong deadline = host.Clock.MonotonicNanoseconds + patience;
        while (host.Clock.MonotonicNanoseconds <= deadline)
        {
            var status = new ControllerStatus(registers.Read32(NvmeRegister.Status));
            if (status.IsAllOnes || status.IsFatal)
                return false;
            if (status.IsShutdownComplete)
                return true;
            host.Pause();
        }
        return false;
    }
}
