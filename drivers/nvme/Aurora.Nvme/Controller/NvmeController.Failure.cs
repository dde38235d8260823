// How a controller dies. A command that is late may still reach memory, so its request stays pending, and its pages reserved, until the
// controller has been disabled (CSTS.RDY = 0) or cut off from memory: only then do the outstanding requests complete, the late ones as
// TimedOut and the others as Gone. A removed device reaches nothing. Stopping never blocks: CheckHealth moves it on.
using Aurora.Base;

namespace Aurora.Nvme;

public sealed unsafe partial class NvmeController
{
    private ulong _nextHealthCheck;
    private ulong _stopDeadline;
    private ulong _stoppedAt;

    /// <summary>When <see cref="CheckHealth"/> wants to be called next: the idle loop need not wake for the device before. The end of time when idle.</summary>
    public ulong NextHealthCheckNanoseconds => State switch
    {
        NvmeState.Ready => IsIdle ? ulong.MaxValue : _nextHealthCheck,
        NvmeState.Stopping => 0,
        _ => ulong.MaxValue,
    };

    /// <summary>
    /// Looks for late commands, a fatal status and a device that is gone, at most once per health check period; moves a stopping
    /// controller on. The main loop calls it with the monotonic time while requests are outstanding.
    /// </summary>
    public void CheckHealth(ulong nowNanoseconds)
    {
        if (State == NvmeState.Stopping)
        {
            ContinueStopping(nowNanoseconds);
            return;
        }
        if (State != NvmeState.Ready || nowNanoseconds < _nextHealthCheck)
            return;
        _nextHealthCheck = nowNanoseconds + _options.HealthCheckNanoseconds;
        var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));
        if (status.IsAllOnes)
            BeginStopping(NvmeFault.Removed, nowNanoseconds);
        else if (status.IsFatal)
            BeginStopping(NvmeFault.FatalStatus, nowNanoseconds);
        else if (IsLate(nowNanoseconds))
            BeginStopping(NvmeFault.CommandTimeout, nowNanoseconds);
    }

    private bool IsLate(ulong now)
    {
        // A command that completed while nobody looked is not late.
        ProcessCompletions();
        foreach (QueuePair pair in _pairs)
        {
            if (pair.OldestDeadline < now)
                return true;
        }
        return false;
    }

    private void BeginStopping(NvmeFault fault, ulong now)
    {
        ProcessCompletions();
        Fault = fault;
        NvmeLog.Failure(State, fault, default);
        State = NvmeState.Stopping;
        _stoppedAt = now;
        FailWaiting();
        if (fault == NvmeFault.Removed)
        {
            FinishStopping(cutOff: false);
            return;
        }
        _stopDeadline = now + _readyTimeoutNanoseconds;
        uint configuration = _registers.Read32(NvmeRegister.Configuration);
        _registers.Write32(NvmeRegister.Configuration, configuration & ~ControllerConfiguration.Enable);
    }

    private void ContinueStopping(ulong now)
    {
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
        int timedOut = 0;
        int lost = 0;
        foreach (QueuePair pair in _pairs)
        {
            BlockRequest* request;
            while ((request = pair.TakeOutstanding(out ulong deadline)) != null)
            {
                bool late = Fault == NvmeFault.CommandTimeout && deadline < _stoppedAt;
                timedOut += late ? 1 : 0;
                lost += late ? 0 : 1;
                QueuePair.Finish(_host, request, late ? BlockStatus.TimedOut : BlockStatus.Gone);
            }
        }
        NvmeLog.Stopped(Fault, timedOut, lost, cutOff);
    }

    /// <summary>Requests the device has never seen need not wait for it to stop.</summary>
    private void FailWaiting()
    {
        foreach (QueuePair pair in _pairs)
        {
            BlockRequest* request;
            while ((request = pair.TakeWaiting()) != null)
                QueuePair.Finish(_host, request, BlockStatus.Gone);
        }
    }

    /// <summary>Stops the device at once, waiting for it: for a bring-up that failed, when nobody else needs the processor yet.</summary>
    private void StopNow()
    {
        uint configuration = _registers.Read32(NvmeRegister.Configuration);
        var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));

        // Clearing EN of a controller that is still on its way to ready has undefined results (§3.1.5): that one is only cut off.
        bool canDisable = !status.IsAllOnes && (status.IsReady || status.IsFatal);
        if (canDisable && (configuration & ControllerConfiguration.Enable) != 0)
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
