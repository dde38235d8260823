// A number beside the store: how often in a row a machine has failed soon after it started the session. It is no part of the state, since
// it has to hold whatever the state is and to survive going back to another; it is durable before the session runs. Two blocks are written
// in turn, so a torn write leaves the number before it. Written only when it changes. Blocks that say nothing, or cannot be read, count as
// none: no session is lost for a number that is there to save it.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>How many starts of the session in a row have failed. Blocks.</summary>
    public StoreStatus ReadFailedStarts(out uint count)
    {
        count = 0;
        void* page = _context.Pages.Allocate(1);
        if (page == null)
            return StoreStatus.OutOfMemory;
        count = FindStarts((StartBlock*)page).FailedStarts;
        _context.Pages.Free(page, 1);
        return StoreStatus.Ok;
    }

    /// <summary>Sets that number, durably. Blocks.</summary>
    public StoreStatus WriteFailedStarts(uint count)
    {
        if (_options.ReadOnly)
            return StoreStatus.ReadOnly;
        void* page = _context.Pages.Allocate(1);
        if (page == null)
            return StoreStatus.OutOfMemory;
        var block = (StartBlock*)page;
        ulong version = FindStarts(block).WriteVersion + 1;
        StoreContext.Clear(page, PageSize.Bytes);
        block->Magic = StartBlock.StartMagic;
        block->WriteVersion = version;
        block->FailedStarts = count;
        ulong place = StartBlock.First + (version & 1);
        *(ulong*)((byte*)page + StartBlock.ChecksumOffset) = BlockChecksum.OfStartBlock(_context.HashSeed, place, page);
        StoreStatus status = _context.WriteBlocks(place, &page, 1);
        if (status == StoreStatus.Ok)
            status = _context.Flush();
        _context.Pages.Free(page, 1);
        return status;
    }

    private StartBlock FindStarts(StartBlock* block)
    {
        StartBlock newest = default;
        for (ulong place = StartBlock.First; place < StartBlock.First + 2; place++)
        {
            bool isWhole = _context.ReadBlock(place, block) == StoreStatus.Ok
                && block->Magic == StartBlock.StartMagic && block->WriteVersion < StoreFormat.MaxCounter
                && *(ulong*)((byte*)block + StartBlock.ChecksumOffset) == BlockChecksum.OfStartBlock(_context.HashSeed, place, block);
            if (isWhole && block->WriteVersion > newest.WriteVersion)
                newest = *block;
        }
        return newest;
    }
}
