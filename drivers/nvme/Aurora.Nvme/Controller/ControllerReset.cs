// The controller reset (NVM Express 1.4 §7.3.2): disable, wait until nothing can reach memory any more, bring up again with the same memory
// and vectors, check that it is still the same device, and issue everything outstanding again in the order it was issued before. Users
// of the block device notice a delay; requests submitted meanwhile wait. The health check moves it on; nothing waits and nothing is
// allocated.
//
// What a reset does to completed writes: clearing CC.EN does not lose the volatile cache, so a reset because of a late command changes
// nothing. A fatal status (CSTS.CFS), a subsystem reset (CSTS.NSSRO) and a controller that stopped by itself may lose it. Then flushes fail
// as FlushGuard says, when there is a cache and something was in it; see docs/decisions/030-nvme-recovery.md.
//
// A controller is granted NvmeOptions.Resets resets within a window, failed attempts included; then it is given up (ControllerStop).
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Brings a controller that was ready up again.</summary>
internal sealed class ControllerReset(
    ControllerState state, AdminState admin, NvmeOptions options, BringUp bringUp, ControllerStop stop, HealthSchedule schedule)
{
    private readonly ulong[] _times = new ulong[NvmeOptions.Resets];
    private ulong _began;
    private bool _isCacheAtRisk;

    public void Begin(NvmeFault fault, ulong now)
    {
        if (!Take(now))
        {
            stop.Begin(fault, now);
            return;
        }
        if (state.State != NvmeState.Resetting)
        {
            state.State = NvmeState.Resetting;
            _began = now;
            bringUp.State.Recalled = 0;
            _isCacheAtRisk = false;
        }
        state.Fault = fault;
        _isCacheAtRisk |= fault is NvmeFault.FatalStatus or NvmeFault.LostReady;
        admin.Clear();
        state.Statistics.Resets++;
        NvmeLog.Resetting(fault, state.Resets);
        foreach (QueuePair pair in state.Pairs)
            pair.Hold();
        bringUp.Restart();
        Continue(now);
    }

    public void Continue(ulong now)
    {
        state.NextHealthCheck = now + HealthSchedule.BusyCheckNanoseconds;
        bringUp.Advance();
        BringUpState result = bringUp.State;
        if (result.IsUnderWay)
            return;
        _isCacheAtRisk |= result.IsCacheAtRisk;
        if (result.Fault == NvmeFault.None)
            Finish(now);
        else
        {
            NvmeLog.Failure(result.State, result.Fault, result.FailedStatus);
            state.FailedStatus = result.FailedStatus;
            if (result.Fault is NvmeFault.Removed or NvmeFault.IdentityChanged || !IsWorthAnother(result.Fault))
                stop.Begin(result.Fault, now);
            else
                Begin(result.Fault, now);
        }
    }

    /// <summary>Uses up one of the resets the window has; false when it has none left.</summary>
    private bool Take(ulong now)
    {
        int oldest = state.Resets % NvmeOptions.Resets;
        if (state.Resets >= NvmeOptions.Resets && now - _times[oldest] < options.ResetWindowNanoseconds)
            return false;
        _times[oldest] = now;
        state.Resets++;
        return true;
    }

    // What the controller says about itself does not get better; what it did not do in time, or did wrong, may.
    private static bool IsWorthAnother(NvmeFault fault)
        => fault is NvmeFault.ReadyTimeout or NvmeFault.FatalStatus or NvmeFault.AdminTimeout or NvmeFault.AdminCommandFailed
            or NvmeFault.AdminProtocol;

    private void Finish(ulong now)
    {
        bool isLost = _isCacheAtRisk && state.HasVolatileWriteCache && state.Flushes.CacheLost();
        if (isLost)
            KernelLog.Line("nvme: the write cache may have been lost with completed writes in it; flushes fail until that has been told"u8);
        state.Fault = NvmeFault.None;
        state.State = NvmeState.Ready;
        state.EventRequests = bringUp.State.EventRequests;
        schedule.Plan(now);
        NvmeLog.ResetDone(now - _began, bringUp.State.Recalled);
        foreach (QueuePair pair in state.Pairs)
        {
            if (isLost)
                pair.FailWaitingFlushes();
            pair.Resume();
        }
    }
}
