// Telling the device which blocks hold nothing any more. Only blocks that the rule of two superblocks has made reusable, and that are still free, are told;
// while the device works on them they count as allocated, so that no commit writes what a late discard then loses. A device that
// refuses is not asked again. Called by whoever made a cut.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    // Shorter runs are not worth a command.
    private const ulong ShortestDiscard = 8;
    private const ulong LongestDiscard = 256;

    private bool _isDiscardRefused;

    private void DiscardFreed()
    {
        FreedExtents freed = _freed;
        if (_context.Has(SeededFaults.EarlyDiscard))
            freed.Turn();
        for (int i = 0; i < freed.PreviousCount && !_options.NoDiscard && !_isDiscardRefused; i++)
        {
            FreedExtent extent = freed.PreviousAt(i);
            ulong most = (ulong)_context.Device.MaxBlocksPerRequest < LongestDiscard ? (ulong)_context.Device.MaxBlocksPerRequest : LongestDiscard;
            for (ulong done = 0; extent.Count - done >= ShortestDiscard && !_isDiscardRefused;)
            {
                ulong left = extent.Count - done;
                ulong count = left < most ? left : most;
                ulong taken = DiscardRun(extent.Start + done, count);

                // The run may be interrupted by a block that is in use again.
                done += taken < count ? taken + 1 : taken;
            }
            _context.Fibers.Yield();
        }
        freed.Turn();
    }

    private ulong DiscardRun(ulong start, ulong count)
    {
        ulong taken = 0;
        while (taken < count && (_space.Allocator.TakeIfFree(start + taken) || _context.Has(SeededFaults.EarlyDiscard)))
            taken++;
        if (taken >= ShortestDiscard)
        {
            BlockRequest request = default;
            request.Operation = BlockOperation.Discard;
            request.Start = new BlockNumber(start);
            request.BlockCount = (int)taken;
            _context.Device.Submit(&request);
            if (_context.Device.Wait(&request) == BlockStatus.Ok)
                _context.Statistics.BlocksDiscarded += taken;
            else
                _isDiscardRefused = true;
        }
        for (ulong i = 0; i < taken && !_context.Has(SeededFaults.EarlyDiscard); i++)
            _space.Allocator.Return(start + i);
        return taken;
    }
}
