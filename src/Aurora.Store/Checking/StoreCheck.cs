using Aurora.Base;

namespace Aurora.Store;

/// <summary>How to check a store.</summary>
public unsafe struct CheckOptions
{
    /// <summary>Also read every page of data and verify its checksum.</summary>
    public bool VerifyData;

    /// <summary>Called for every fault found, with <see cref="Context"/>.</summary>
    public delegate*<StoreFault*, void*, void> OnFault;
    public void* Context;

    /// <summary>Memory for the check's own store; zero values mean the defaults.</summary>
    public OpenOptions Open;
}

/// <summary>What a check found.</summary>
public struct CheckReport
{
    public ulong Faults;
    public ulong Objects;
    public ulong Checkpoints;
    public ulong TreeNodes;
    public ulong DataBlocks;
    public ulong LogPages;
    public ulong FreeBlocks;
    public ulong LastSequence;

    /// <summary>Copies of the superblock that are whole; two suffice, four is all of them (two in a store just made).</summary>
    public ulong WholeSuperblocks;
}

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// Checks everything the format promises, without writing: superblock, log, every tree node reachable from the present, the previous cut and the kept
    /// checkpoints, reference counts, leaks, and optionally all data. Ok means that the check ran; the report tells whether it found
    /// faults. A store that cannot even be opened gives that failure, which is reported as a fault too. Blocks.
    /// </summary>
    public static StoreStatus Check(BlockDevice device, PageAllocator pages, FiberScheduler fibers, in CheckOptions options, out CheckReport report)
    {
        report = default;
        OpenOptions open = options.Open;
        open.ReadOnly = true;
        StoreStatus status = Open(device, pages, fibers, open, out ObjectStore? store, out StoreFault fault);
        if (store == null)
        {
            report.Faults = 1;
            if (options.OnFault != null)
                options.OnFault(&fault, options.Context);
            return status;
        }
        var checker = new StoreChecker(store, store._context, store._space, store._cache, options);
        status = checker.Run(store._active, out report);
        StoreFault root = store._context.RootFault;
        if (root.Status != StoreStatus.Ok)
        {
            report.Faults++;
            if (options.OnFault != null)
                options.OnFault(&root, options.Context);
        }
        store.Close();
        return status;
    }

    /// <summary>As <see cref="FreeBlocks"/>, counted anew. Blocks.</summary>
    internal StoreStatus CountFreeBlocks(out ulong free) => _space.Audit.CountFree(out free);
}
