using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The flush after the write cache was switched off: what an earlier life wrote may still be in it.</summary>
internal sealed unsafe class CacheDrain(BringUpState state, BringUpProgress progress, NvmeOptions options, EventSetup events)
{
    public void Begin()
    {
        progress.Enter(NvmeState.DrainWriteCache, options.CommandTimeoutNanoseconds);
        *state.Drain = new BlockRequest { Operation = BlockOperation.Flush };
        state.Pairs[0].IssueDrain(state.Drain);
    }

    public void Await()
    {
        state.Pairs[0].ProcessCompletions();
        if (!BlockDevice.IsComplete(state.Drain))
        {
            progress.RestWhileAlive();
            return;
        }
        if (state.Drain->Status != BlockStatus.Ok)
        {
            state.FailedStatus = new NvmeStatus(state.Drain->DeviceStatus);
            progress.Fail(NvmeFault.FlushFailed);
            return;
        }
        state.CacheMayHoldData = false;
        events.Begin();
    }
}
