// Watching over a running controller, without ever waiting: Check reads the status register, asks for the abort of late commands, and
// moves admin commands on. A command that is late is aborted (NVM Express 1.4 §5.1), one at a time, which respects any abort limit; the
// request is issued again when its command ends as aborted. A command that neither completes nor ends in time, or was late too often,
// leads to a reset.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Notices what goes wrong with a controller, and has it put right.</summary>
internal sealed unsafe class HealthWatch(
    ControllerState state, NvmeRegisters registers, NvmeOptions options, RequestQueues requests, AdminWorker admin, ControllerReset reset,
    ControllerStop stop, HealthSchedule schedule)
{
    /// <summary>
    /// Looks for late commands, events, a fatal status and a device that is gone, at most once per health check period; moves a resetting
    /// or stopping controller on. To be called when <see cref="HealthSchedule.NextNanoseconds"/> has come.
    /// </summary>
    public void Check(ulong nowNanoseconds)
    {
        if (state.State == NvmeState.Resetting)
            reset.Continue(nowNanoseconds);
        else if (state.State == NvmeState.Stopping)
            stop.Continue(nowNanoseconds);
        else if (state.State == NvmeState.Ready && nowNanoseconds >= state.NextHealthCheck)
            WatchOver(nowNanoseconds);
    }

    private void WatchOver(ulong now)
    {
        var status = new ControllerStatus(registers.Read32(NvmeRegister.Status));
        if (status.IsAllOnes)
            stop.Begin(NvmeFault.Removed, now);
        else if (status.IsFatal)
            reset.Begin(NvmeFault.FatalStatus, now);
        else if (!status.IsReady)
            reset.Begin(NvmeFault.LostReady, now);
        else
        {
            // A command that completed while nobody looked is not late.
            requests.ProcessCompletions();
            admin.Serve(now);
            if (state.State == NvmeState.Ready)
                LookForLateCommands(now);
            if (state.State == NvmeState.Ready)
                schedule.Plan(now);
        }
    }

    private void LookForLateCommands(ulong now)
    {
        foreach (QueuePair pair in state.Pairs)
        {
            if (!pair.TryFindLate(now, out LateCommand late))
                continue;
            if (late.Note.IsAbortAsked || late.Note.Reissues >= QueuePair.MostReissues)
            {
                reset.Begin(NvmeFault.CommandTimeout, now);
                return;
            }
            if (!admin.IsFree)
                continue;
            state.Statistics.Aborts++;
            NvmeLog.Late(late.Request);
            pair.AskAbort(late.CommandId, now + options.AbortTimeoutNanoseconds);
            admin.Begin(AdminWork.Abort, AdminCommands.Abort(pair.Queue, late.CommandId), now);
        }
    }
}
