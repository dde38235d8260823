// Making, opening, checking and closing stores. After Open nothing of a store allocates managed memory.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// Makes an empty store; whatever the device held is lost. Writes only the superblocks: a fresh sparse image stays sparse. Blocks.
    /// </summary>
    public static StoreStatus Format(BlockDevice device, PageAllocator pages, FiberScheduler fibers, in FormatOptions options)
        => StoreFormatter.Format(device, pages, fibers, options);

    /// <summary>
    /// Opens a store, recovering what was acknowledged before a crash. On failure nothing is kept and <paramref name="fault"/> names
    /// what is wrong; the device is not changed. Blocks.
    /// </summary>
    public static StoreStatus Open(
        BlockDevice device,
        PageAllocator pages,
        FiberScheduler fibers,
        in OpenOptions options,
        out ObjectStore? store,
        out StoreFault fault)
    {
        store = null;
        fault = new StoreFault { Status = StoreStatus.OutOfMemory };
        OpenOptions effective = OpenDefaults.Complete(options);
        var memory = new StoreMemory(pages);
        StoreStatus status = StoreStatus.OutOfMemory;
        if (memory.TakeFirst())
        {
            var context = new StoreContext(device, pages, fibers, effective, (Superblock*)memory.Super, (StoreQueues*)memory.Queues);
            status = RootChooser.Read(context, (Superblock*)memory.SuperScratch);
            if (status == StoreStatus.Ok)
                status = memory.TakeRest(effective) ? StoreStatus.Ok : StoreStatus.OutOfMemory;
            if (status == StoreStatus.Ok)
            {
                var opened = new ObjectStore(context, memory);
                status = opened._recovery.Run();
                if (status == StoreStatus.Ok)
                {
                    context.FirstNewVolume = new VolumeId(context.Super->NextVolume);
                    store = opened;
                    fault = default;
                    return status;
                }
                opened.FreeParts();
            }
            fault = context.Fault;
            fault.Status = status;
        }
        memory.Free();
        return status;
    }

    /// <summary>
    /// Checks everything the format promises, without writing: superblock, log, every tree node reachable from the present, the
    /// previous cut and the kept checkpoints, reference counts, leaks, and optionally all data. Ok means that the check ran; the report
    /// tells whether it found faults. A store that cannot even be opened gives that failure, which is reported as a fault too. Blocks.
    /// </summary>
    public static StoreStatus Check(
        BlockDevice device, PageAllocator pages, FiberScheduler fibers, in CheckOptions options, out CheckReport report)
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
        var checker = new StoreChecker(store._context, store._space, store._cache, store._objects, store.LastSequence, options);
        status = checker.Run(store._present.Active, out report);
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

    /// <summary>
    /// Makes a store of format version 1 one of this version; it can be broken off and tried again. BadArgument when it is not of that
    /// version. Blocks.
    /// </summary>
    public static StoreStatus Upgrade(
        BlockDevice device, PageAllocator pages, FiberScheduler fibers, in OpenOptions options, out StoreFault fault)
    {
        StoreStatus status = Open(device, pages, fibers, options, out ObjectStore? store, out fault);
        store?.Abandon();
        if (status != StoreStatus.OldVersion)
            return status == StoreStatus.Ok ? StoreStatus.BadArgument : status;
        OpenOptions upgrade = options;
        upgrade.Upgrade = true;
        status = Open(device, pages, fibers, upgrade, out store, out fault);
        if (store == null)
            return status;
        for (int cut = 0; cut < 2 && status == StoreStatus.Ok; cut++)
        {
            bool hasMemory = store._present.Active.Arena.Reserve(Layer.FixedBytes);
            if (hasMemory)
                store._present.Active.TopFor(VolumeId.First.Value);
            status = hasMemory ? store.CutNow() : StoreStatus.OutOfMemory;
        }
        fault = store.LastFault;
        if (status != StoreStatus.Ok)
            store.Abandon();
        return status == StoreStatus.Ok ? store.Close() : status;
    }

    /// <summary>
    /// Makes everything submitted durable, writes a last watermark and returns all memory. The store must not be used afterwards. Not
    /// needed for safety: a store that is never closed loses nothing that was acknowledged. Blocks.
    /// </summary>
    public StoreStatus Close()
    {
        StoreStatus status = StoreStatus.Ok;
        if (!_context.Options.ReadOnly)
        {
            status = _log.WaitDurable(_logState.LastSequence);
            if (status == StoreStatus.Ok)
                status = WriteWatermark();
        }
        Abandon();
        return status;
    }

    /// <summary>Returns all memory and writes nothing, as a power cut would. The store must not be used afterwards.</summary>
    public void Abandon()
    {
        FreeParts();
        _memory.Free();
    }

    private void FreeParts()
    {
        foreach (StoreView view in _openable)
            view.Layers.Clear();
        _present.Active.Clear();
        _present.Frozen.Clear();
        _building.Clear();
        _pool.FreeAll();
        _space.FreeMemory();
    }
}
