// The controller reset (NVM Express 1.4 §7.3.2): disable, wait until nothing can reach memory any more, bring up again with the same memory
// and vectors, check that it is still the same device, and issue everything outstanding again in the order it was issued before. Users
// of the block device notice a delay; requests submitted meanwhile wait. CheckHealth moves it on; nothing waits and nothing is allocated.
//
// What a reset does to completed writes: clearing CC.EN does not lose the volatile cache, so a reset because of a late command changes
// nothing. A fatal status (CSTS.CFS), a subsystem reset (CSTS.NSSRO) and a controller that stopped by itself may lose it. Then flushes fail as
// FlushGuard says, when there is a cache and something was in it; see docs/decisions/030-nvme-recovery.md.
//
// A controller is granted NvmeOptions.Resets resets within a window, failed attempts included; then it is given up (NvmeController.Failure.cs).
using Aurora.Base;

namespace Aurora.Nvme;

public sealed unsafe partial class NvmeController
{
    private readonly ulong[] _resetTimes = new ulong[NvmeOptions.Resets];
    private int _resets;
    private ulong _resetBegan;
    private int _recalled;
    private bool _isCacheAtRisk;

    /// <summary>Resets a controller that is ready, as if a command had been late; it counts like any other reset.</summary>
    public void Reset()
    {
        if (State == NvmeState.Ready)
            BeginReset(NvmeFault.ResetRequested, _host.Clock.MonotonicNanoseconds);
    }

    private void BeginReset(NvmeFault fault, ulong now)
    {
        if (!TakeReset(now))
        {
            BeginStopping(fault, now);
            return;
        }
        if (State != NvmeState.Resetting)
        {
            State = NvmeState.Resetting;
            _resetBegan = now;
            _recalled = 0;
            _isCacheAtRisk = false;
        }
        Fault = fault;
        _isCacheAtRisk |= fault is NvmeFault.FatalStatus or NvmeFault.LostReady;
        _adminWork = AdminWork.None;
        _adminWanted = 0;
        Statistics.Resets++;
        NvmeLog.Resetting(fault, _resets);
        foreach (QueuePair pair in _pairs)
            pair.Hold();
        _bringUp!.Restart();
        ContinueReset(now);
    }

    /// <summary>Uses up one of the resets the window has; false when it has none left.</summary>
    private bool TakeReset(ulong now)
    {
        int oldest = _resets % NvmeOptions.Resets;
        if (_resets >= NvmeOptions.Resets && now - _resetTimes[oldest] < _options.ResetWindowNanoseconds)
            return false;
        _resetTimes[oldest] = now;
        _resets++;
        return true;
    }

    /// <summary>For the bring-up, at the moment the controller is disabled: takes back what was on the device.</summary>
    internal void RecallAll()
    {
        foreach (QueuePair pair in _pairs)
            _recalled += pair.Recall();
    }

    private void ContinueReset(ulong now)
    {
        _nextHealthCheck = now + BusyCheckNanoseconds;
        _bringUp!.Advance();
        if (_bringUp.IsUnderWay)
            return;
        _isCacheAtRisk |= _bringUp.IsCacheAtRisk;
        if (_bringUp.Fault == NvmeFault.None)
            FinishReset(now);
        else
        {
            NvmeLog.Failure(_bringUp.State, _bringUp.Fault, _bringUp.FailedStatus);
            FailedStatus = _bringUp.FailedStatus;
            if (_bringUp.Fault is NvmeFault.Removed or NvmeFault.IdentityChanged || !IsWorthAnotherReset(_bringUp.Fault))
                BeginStopping(_bringUp.Fault, now);
            else
                BeginReset(_bringUp.Fault, now);
        }
    }

    // What the controller says about itself does not get better; what it did not do in time, or did wrong, may.
    private static bool IsWorthAnotherReset(NvmeFault fault)
        => fault is NvmeFault.ReadyTimeout or NvmeFault.FatalStatus or NvmeFault.AdminTimeout or NvmeFault.AdminCommandFailed
            or NvmeFault.AdminProtocol;

    private void FinishReset(ulong now)
    {
        bool isLost = _isCacheAtRisk && _hasVolatileWriteCache && _flushes.CacheLost();
        if (isLost)
            KernelLog.Line("nvme: the write cache may have been lost with completed writes in it; flushes fail until that has been told"u8);
        Fault = NvmeFault.None;
        State = NvmeState.Ready;
        _eventRequests = _bringUp!.EventRequests;
        PlanHealthCheck(now);
        NvmeLog.ResetDone(now - _resetBegan, _recalled);
        foreach (QueuePair pair in _pairs)
        {
            if (isLost)
                pair.FailWaitingFlushes();
            pair.Resume();
        }
    }
}
