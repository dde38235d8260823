// Writing superblocks: two identical copies in the slot that does not hold the newest. The next one is drafted apart, so that the one
// in memory is what was last written.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Writes the next superblock.</summary>
internal sealed unsafe class SuperblockWriter(StoreContext context, Superblock* scratch)
{
    /// <summary>A copy of the superblock, to be changed and written.</summary>
    public Superblock* Draft()
    {
        *scratch = *context.Super;
        return scratch;
    }

    /// <summary>Writes the draft and makes it durable; it is the caller who then makes it the superblock in memory. Blocks.</summary>
    public StoreStatus WriteDraft() => Write(context, scratch);

    /// <summary>Writes the next version of the superblock, both copies, and makes it durable. Blocks.</summary>
    public static StoreStatus Write(StoreContext context, Superblock* super)
    {
        super->WriteVersion++;
        super->Checksum = BlockChecksum.OfSuperblock(super);
        void** pages = stackalloc void*[2] { super, super };
        StoreStatus status = context.WriteBlocks((super->WriteVersion & 1) * 2, pages, 2);
        if (status == StoreStatus.Ok)
            status = context.Flush();
        // Another's FLUSH may have failed between the two, and taken this along.
        return status == StoreStatus.Ok && context.PoisonStatus != StoreStatus.Ok ? StoreStatus.Poisoned : status;
    }
}
