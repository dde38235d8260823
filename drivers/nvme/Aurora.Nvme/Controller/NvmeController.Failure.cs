// How a controller dies: removed, or not to be helped by resets. A command may still reach memory, so its request stays pending, and its
// pages reserved, until the controller has been disabled (CSTS.RDY = 0) or cut off from memory; only then do the outstanding requests complete
// as Gone. A removed device reaches nothing. Stopping never blocks: CheckHealth moves it on.
using Aurora.Base;

namespace Aurora.Nvme;

public sealed unsafe partial class NvmeController
{
    private ulong _stopDeadline;
    private int _lost;

    /// <summary>True when the controller has failed for good: every request completes as Gone, now or soon.</summary>
    public bool HasFailed => State is NvmeState.Stopping or NvmeState.Gone;

    private void BeginStopping(NvmeFault fault, ulong now)
    {
        ProcessCompletions();
        Fault = fault;
        NvmeLog.Failure(State, fault, default);
        State = NvmeState.Stopping;
        _nextHealthCheck = now;
        FailWaiting();
        if (fault == NvmeFault.Removed)
        {
            FinishStopping(cutOff: false);
            return;
        }
        _stopDeadline = now + _readyTimeoutNanoseconds;
        uint configuration = _registers.Read32(NvmeRegister.Configuration);
        bool isEnabled = (configuration & ControllerConfiguration.Enable) != 0;
        if (isEnabled && !CanDisable())
            FinishStopping(cutOff: true);
        else if (isEnabled)
            _registers.Write32(NvmeRegister.Configuration, configuration & ~ControllerConfiguration.Enable);
    }

    private void ContinueStopping(ulong now)
    {
        _nextHealthCheck = now + BusyCheckNanoseconds;
        var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));
        if (status.IsAllOnes || !status.IsReady)
            FinishStopping(cutOff: false);
        else if (now > _stopDeadline)
            FinishStopping(cutOff: true);
    }

    /// <summary>Nothing reaches memory any more: completes everything outstanding.</summary>
    private void FinishStopping(bool cutOff)
    {
        _host.StopDma();
        State = NvmeState.Gone;
        foreach (QueuePair pair in _pairs)
        {
            // What the controller finished before it stopped is done.
            pair.TakeCompletions();
            BlockRequest* request;
            while ((request = pair.TakeOutstanding()) != null)
            {
                _lost++;
                QueuePair.Finish(_host, request, BlockStatus.Gone);
            }
        }
        FailWaiting();
        NvmeLog.Stopped(Fault, _lost, _resets, cutOff);
    }

    // Clearing EN of a controller that is still on its way to ready has undefined results (§3.1.5): that one is only cut off.
    private bool CanDisable()
    {
        var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));
        return !status.IsAllOnes && (status.IsReady || status.IsFatal);
    }

    /// <summary>Requests the device has never seen need not wait for it to stop.</summary>
    private void FailWaiting()
    {
        foreach (QueuePair pair in _pairs)
        {
            BlockRequest* request;
            pair.Hold();
            while ((request = pair.TakeWaiting()) != null)
            {
                _lost++;
                QueuePair.Finish(_host, request, BlockStatus.Gone);
            }
        }
    }

    /// <summary>Stops the device at once, waiting for it: for a bring-up that failed, when nobody else needs the processor yet.</summary>
    private void StopNow()
    {
        uint configuration = _registers.Read32(NvmeRegister.Configuration);
        if (CanDisable() && (configuration & ControllerConfiguration.Enable) != 0)
        {
            _registers.Write32(NvmeRegister.Configuration, configuration & ~ControllerConfiguration.Enable);
            AwaitDisabled();
        }
        _host.StopDma();
    }

    private void AwaitDisabled()
    {
        ulong deadline = _host.Clock.MonotonicNanoseconds + _readyTimeoutNanoseconds;
        while (_host.Clock.MonotonicNanoseconds <= deadline)
        {
            var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));
            if (status.IsAllOnes || !status.IsReady)
                return;
            _host.Pause();
        }
    }
}
