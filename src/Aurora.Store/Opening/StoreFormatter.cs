using Aurora.Base;

namespace Aurora.Store;

/// <summary>Makes empty stores.</summary>
internal static unsafe class StoreFormatter
{
    private const ulong DefaultMaximumLogBlocks = 64 << 20 >> PageSize.Shift;

    /// <summary>See <see cref="ObjectStore.Format"/>.</summary>
    public static StoreStatus Format(BlockDevice device, PageAllocator pages, FiberScheduler fibers, in FormatOptions options)
    {
        if ((options.UuidLow | options.UuidHigh) == 0)
            return StoreStatus.BadArgument;
        ulong logBlocks = options.LogBlocks;
        if (logBlocks == 0)
            logBlocks = ulong.Clamp(device.BlockCount / 16, StoreFormat.MinimumLogBlocks, DefaultMaximumLogBlocks);
        if (!Geometry.TryCreate(device.BlockCount, logBlocks, out Geometry geometry))
            return StoreStatus.BadArgument;
        var super = (Superblock*)pages.Allocate(1);
        if (super == null)
            return StoreStatus.OutOfMemory;
        var context = new StoreContext(device, pages, fibers, default, super, null) { Geometry = geometry };

        // First nothing is a store any more, then the new one is: a crash between leaves no mixture.
        void** zeroes = stackalloc void*[4] { super, super, super, super };
        StoreStatus status = context.WriteBlocks(0, zeroes, 4);
        if (status == StoreStatus.Ok)
            status = context.Flush();
        if (status == StoreStatus.Ok)
        {
            super->Magic = StoreFormat.SuperblockMagic;
            super->FormatVersion = StoreFormat.Version;
            super->RequiredFeatures = StoreFormat.WrittenFeatures;
            super->Algorithm = StoreFormat.AlgorithmXxh64;
            super->UuidLow = options.UuidLow;
            super->UuidHigh = options.UuidHigh;
            super->Generation = 1;
            super->NextVolume = VolumeId.First.Value + 1;
            super->BlockCount = device.BlockCount;
            super->LogBlocks = logBlocks;
            super->Current = new Cut { Number = 1, LogChain = BlockChecksum.StoreSeed(options.UuidLow, options.UuidHigh) };
            status = SuperblockWriter.Write(context, super);
        }
        pages.Free(super, 1);
        return status;
    }
}
