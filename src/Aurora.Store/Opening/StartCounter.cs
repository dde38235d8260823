// A number beside the store: how often in a row a machine has failed soon after it started the session. It is no part of the state, since
// it has to hold whatever the state is and to survive going back to another; it is durable before the session runs. Two blocks are written
// in turn, so a torn write leaves the number before it. Written only when it changes. Blocks that say nothing, or cannot be read, count as
// none: no session is lost for a number that is there to save it.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Counts failed starts of the session.</summary>
internal sealed unsafe class StartCounter(StoreContext context)
{
    /// <summary>See <see cref="ObjectStore.ReadFailedStarts"/>.</summary>
    public StoreStatus Read(out uint count)
    {
        count = 0;
        void* page = context.Pages.Allocate(1);
        if (page == null)
            return StoreStatus.OutOfMemory;
        count = FindStarts((StartBlock*)page).FailedStarts;
        context.Pages.Free(page, 1);
        return StoreStatus.Ok;
    }

    /// <summary>See <see cref="ObjectStore.WriteFailedStarts"/>.</summary>
    public StoreStatus Write(uint count)
    {
        if (context.Options.ReadOnly)
            return StoreStatus.ReadOnly;
        void* page = context.Pages.Allocate(1);
        if (page == null)
            return StoreStatus.OutOfMemory;
        var block = (StartBlock*)page;
        ulong version = FindStarts(block).WriteVersion + 1;
        StoreContext.Clear(page, PageSize.Bytes);
        block->Magic = StartBlock.StartMagic;
        block->WriteVersion = version;
        block->FailedStarts = count;
        ulong place = StartBlock.First + (version & 1);
        *(ulong*)((byte*)page + StartBlock.ChecksumOffset) = BlockChecksum.OfStartBlock(context.HashSeed, place, page);
        StoreStatus status = context.WriteBlocks(place, &page, 1);
        if (status == StoreStatus.Ok)
            status = context.Flush();
        context.Pages.Free(page, 1);
        return status;
    }

    private StartBlock FindStarts(StartBlock* block)
    {
        StartBlock newest = default;
        for (ulong place = StartBlock.First; place < StartBlock.First + 2; place++)
        {
            bool isWhole = context.ReadBlock(place, block) == StoreStatus.Ok
                && block->Magic == StartBlock.StartMagic && block->WriteVersion < StoreFormat.MaxCounter
                && *(ulong*)((byte*)block + StartBlock.ChecksumOffset) == BlockChecksum.OfStartBlock(context.HashSeed, place, block);
            if (isWhole && block->WriteVersion > newest.WriteVersion)
                newest = *block;
        }
        return newest;
    }
}
