// How a controller dies: removed, or not to be helped by resets. A command may still reach memory, so its request stays pending, and its
// pages reserved, until the controller has been disabled (CSTS.RDY = 0) or cut off from memory; only then do the outstanding requests complete
// as Gone. A removed device reaches nothing. Stopping never blocks: the health check moves it on.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Gives a controller up.</summary>
internal sealed unsafe class ControllerStop(ControllerState state, NvmeRegisters registers, NvmeHost host, RequestQueues requests)
{
    private ulong _deadline;
    private int _lost;

    public void Begin(NvmeFault fault, ulong now)
    {
        requests.ProcessCompletions();
        state.Fault = fault;
        NvmeLog.Failure(state.State, fault, default);
        state.State = NvmeState.Stopping;
        state.NextHealthCheck = now;
        FailWaiting();
        if (fault == NvmeFault.Removed)
        {
            Finish(cutOff: false);
            return;
        }
        _deadline = now + state.ReadyTimeoutNanoseconds;
        uint configuration = registers.Read32(NvmeRegister.Configuration);
        bool isEnabled = (configuration & ControllerConfiguration.Enable) != 0;
        if (isEnabled && !CanDisable())
            Finish(cutOff: true);
        else if (isEnabled)
            registers.Write32(NvmeRegister.Configuration, configuration & ~ControllerConfiguration.Enable);
    }

    public void Continue(ulong now)
    {
        state.NextHealthCheck = now + HealthSchedule.BusyCheckNanoseconds;
        var status = new ControllerStatus(registers.Read32(NvmeRegister.Status));
        if (status.IsAllOnes || !status.IsReady)
            Finish(cutOff: false);
        else if (now > _deadline)
            Finish(cutOff: true);
    }

    /// <summary>Stops the device at once, waiting for it: for a bring-up that failed, when nobody else needs the processor yet.</summary>
    public void StopNow()
    {
        uint configuration = registers.Read32(NvmeRegister.Configuration);
        if (CanDisable() && (configuration & ControllerConfiguration.Enable) != 0)
        {
            registers.Write32(NvmeRegister.Configuration, configuration & ~ControllerConfiguration.Enable);
            AwaitDisabled();
        }
        host.StopDma();
    }

    /// <summary>Nothing reaches memory any more: completes everything outstanding.</summary>
    private void Finish(bool cutOff)
    {
        host.StopDma();
        state.State = NvmeState.Gone;
        foreach (QueuePair pair in state.Pairs)
        {
            // What the controller finished before it stopped is done.
            pair.TakeCompletions();
            BlockRequest* request;
            while ((request = pair.TakeOutstanding()) != null)
            {
                _lost++;
                QueuePair.Finish(host, request, BlockStatus.Gone);
            }
        }
        FailWaiting();
        NvmeLog.Stopped(state.Fault, _lost, state.Resets, cutOff);
    }

    // Clearing EN of a controller that is still on its way to ready has undefined results (§3.1.5): that one is only cut off.
    private bool CanDisable()
    {
        var status = new ControllerStatus(registers.Read32(NvmeRegister.Status));
        return !status.IsAllOnes && (status.IsReady || status.IsFatal);
    }

    /// <summary>Requests the device has never seen need not wait for it to stop.</summary>
    private void FailWaiting()
    {
        foreach (QueuePair pair in state.Pairs)
        {
            BlockRequest* request;
            pair.Hold();
            while ((request = pair.TakeWaiting()) != null)
            {
                _lost++;
                QueuePair.Finish(host, request, BlockStatus.Gone);
            }
        }
    }

    private void AwaitDisabled()
    {
        ulong deadline = host.Clock.MonotonicNanoseconds + state.ReadyTimeoutNanoseconds;
        while (host.Clock.MonotonicNanoseconds <= deadline)
        {
            var status = new ControllerStatus(registers.Read32(NvmeRegister.Status));
            if (status.IsAllOnes || !status.IsReady)
                return;
            host.Pause();
        }
    }
}
