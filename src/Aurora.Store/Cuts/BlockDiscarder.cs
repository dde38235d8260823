// Telling the device which blocks hold nothing any more. Only blocks that the rule of two superblocks has made reusable, and that are
// still free, are told; while the device works on them they count as allocated, so that no commit writes what a late discard then
// loses. A device that refuses is not asked again. Who waits for the next cut does not wait for what is left to tell: the device keeps that
// until it is freed again. Called by whoever made a cut.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Discards freed blocks.</summary>
internal sealed unsafe class BlockDiscarder(StoreContext context, CutState cuts, BlockAllocator allocator, FreedExtents freed)
{
    // Shorter runs are not worth a command.
    private const ulong ShortestDiscard = 8;
    private const ulong LongestDiscard = 256;

    /// <summary>A cut is durable: tells the device what it may forget. Blocks.</summary>
    public void DiscardFreed()
    {
        if (context.Has(SeededFaults.EarlyDiscard))
            freed.Turn();
        ulong most = Math.Min((ulong)context.Device.MaxBlocksPerRequest, LongestDiscard);
        for (int i = 0; i < freed.PreviousCount && !context.Options.NoDiscard && GoesOn; i++)
        {
            FreedExtent extent = freed.PreviousAt(i);
            for (ulong done = 0; extent.Count - done >= ShortestDiscard && GoesOn;)
            {
                ulong left = extent.Count - done;
                ulong count = left < most ? left : most;
                ulong taken = DiscardRun(extent.Start + done, count);

                // The run may be interrupted by a block that is in use again.
                done += taken < count ? taken + 1 : taken;

                // One run may be as long as the largest commit, and a device that answers at once is not waited for.
                context.Fibers.GiveWay();
            }
            context.Fibers.Yield();
        }
        freed.Turn();
    }

    private bool GoesOn => !cuts.IsDiscardRefused && context.Super->Current.Number >= cuts.Wanted;

    private ulong DiscardRun(ulong start, ulong count)
    {
        ulong taken = 0;
        while (taken < count && (allocator.TakeIfFree(start + taken) || context.Has(SeededFaults.EarlyDiscard)))
            taken++;
        if (taken >= ShortestDiscard)
        {
            BlockRequest request = default;
            request.Operation = BlockOperation.Discard;
            request.Start = new BlockNumber(start);
            request.BlockCount = (int)taken;
            context.Device.Submit(&request);
            if (context.Device.Wait(&request) == BlockStatus.Ok)
                context.Statistics.BlocksDiscarded += taken;
            else
                cuts.IsDiscardRefused = true;
        }
        for (ulong i = 0; i < taken && !context.Has(SeededFaults.EarlyDiscard); i++)
            allocator.Return(start + i);
        return taken;
    }
}
