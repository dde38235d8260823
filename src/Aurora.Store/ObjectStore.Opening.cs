// Opening: find the newest whole superblock, find the end of the log, make a new generation durable, and only then apply the log and allow commits.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const int DefaultCachedNodes = 1024;
    private const int MinimumCachedNodes = 64;
    private const int DefaultCachedSpacePages = 512;
    private const int MinimumCachedSpacePages = 32;
    private const ulong DefaultOverlayBytes = 32 << 20;
    private const ulong MinimumOverlayBytes = 256 << 10;
    private const ulong Second = 1_000_000_000;
    private const ulong DefaultCutInterval = 2 * Second;
    private const uint DefaultScrubPages = 64;
    private const uint DefaultOrderedCommitBytes = 1 << 20;

    /// <summary>Read-only stores cannot make cuts, so their log must fit into memory at once: this many times the overlay.</summary>
    private const ulong ReadOnlyOverlayFactor = 16;

    /// <summary>
    /// Opens a store, recovering what was acknowledged before a crash. On failure nothing is kept and <paramref name="fault"/> names what is wrong;
    /// the device is not changed. Blocks.
    /// </summary>
    public static StoreStatus Open(
        BlockDevice device, PageAllocator pages, FiberScheduler fibers, in OpenOptions options, out ObjectStore? store, out StoreFault fault)
    {
        store = null;
        fault = new StoreFault { Status = StoreStatus.OutOfMemory };
        OpenOptions effective = WithDefaults(options);
        var memory = new StoreMemory(pages);
        StoreStatus status = StoreStatus.OutOfMemory;
        if (memory.TakeSuper())
        {
            var context = new StoreContext(device, pages, fibers, options.Seeded, (Superblock*)memory.Super);
            status = RootChooser.Read(context, (Superblock*)memory.SuperScratch);
            if (status == StoreStatus.Ok)
                status = memory.TakeRest(effective) ? StoreStatus.Ok : StoreStatus.OutOfMemory;
            if (status == StoreStatus.Ok)
            {
                var opened = new ObjectStore(context, effective, memory);
                status = opened.Recover();
                if (status == StoreStatus.Ok)
                {
                    store = opened;
                    fault = default;
                    return status;
                }
                opened._active.Clear();
                opened._frozen.Clear();
                opened._pool.FreeAll();
                opened._space.FreeMemory();
            }
            fault = context.Fault;
            fault.Status = status;
        }
        memory.Free();
        return status;
    }

    private static OpenOptions WithDefaults(OpenOptions options)
    {
        if (options.CachedNodes == 0)
            options.CachedNodes = DefaultCachedNodes;
        if (options.CachedNodes < MinimumCachedNodes)
            options.CachedNodes = MinimumCachedNodes;
        if (options.CachedSpacePages == 0)
            options.CachedSpacePages = DefaultCachedSpacePages;
        if (options.CachedSpacePages < MinimumCachedSpacePages)
            options.CachedSpacePages = MinimumCachedSpacePages;
        if (options.OverlayBytes == 0)
            options.OverlayBytes = DefaultOverlayBytes;
        if (options.OverlayBytes < MinimumOverlayBytes)
            options.OverlayBytes = MinimumOverlayBytes;
        if (options.CutIntervalNanoseconds == 0)
            options.CutIntervalNanoseconds = DefaultCutInterval;
        if (options.OrderedCommitBytes == 0)
            options.OrderedCommitBytes = DefaultOrderedCommitBytes;
        WithDefaults(ref options.Retention);
        if (!options.Retention.IsOff && options.CutIntervalNanoseconds > options.Retention.FineSpacing)
            options.CutIntervalNanoseconds = options.Retention.FineSpacing;
        if (options.ScrubPagesPerSecond == 0)
            options.ScrubPagesPerSecond = DefaultScrubPages;
        return options;
    }

    private static void WithDefaults(ref RetentionOptions retention)
    {
        if (retention.FineSpacing == 0)
            retention.FineSpacing = Second;
        if (retention.FineSpan == 0)
            retention.FineSpan = 60 * Second;
        if (retention.CoarseSpacing == 0)
            retention.CoarseSpacing = 60 * Second;
        if (retention.CoarseSpan == 0)
            retention.CoarseSpan = 3600 * Second;
    }

    private StoreStatus Recover()
    {
        Superblock* super = _context.Super;
        _space.State.Start(super->Current.Number, _context.Geometry.DataBlocks, super->UsedBlocks, super->FreedBlocks);

        // After a warm reset the device's cache may hold more than the medium; what is read below must not get lost later.
        StoreStatus status = _options.ReadOnly ? StoreStatus.Ok : _context.Flush();
        var recovery = new LogRecovery(_context, _space.Allocator, super->Current);
        if (status == StoreStatus.Ok)
            status = recovery.FindEnd();
        if (status == StoreStatus.Ok)
            status = MarkBlocks(recovery);
        if (status == StoreStatus.Ok && !_options.ReadOnly && recovery.FirstRollback != 0)
            status = RequireTarget(recovery.FirstRollback);
        if (status == StoreStatus.Ok)
            status = StartGeneration(recovery);
        if (status == StoreStatus.Ok)
            status = ReadRecentHistory();
        if (status == StoreStatus.Ok)
            status = ReplayLog(recovery);
        if (status == StoreStatus.Ok)
            status = ReadHistory();
        _isRecovered = true;
        return status;
    }

    // Who only reads needs no free blocks.
    private StoreStatus MarkBlocks(LogRecovery recovery)
    {
        StoreStatus status = recovery.MarkBlocks();
        bool isDamage = status is StoreStatus.BadChecksum or StoreStatus.Corrupt or StoreStatus.DeviceError;
        return _options.ReadOnly && isDamage && IsOfSpaceMap(_context.Fault) ? StoreStatus.Ok : status;
    }

    private bool IsOfSpaceMap(in StoreFault fault)
        => fault.Place == FaultPlace.SpaceMap || (fault.Place == FaultPlace.Device && fault.Block.Value >= _context.Geometry.Level0Start);

    // From here on the records found are history that must be found again, and records of the new generation follow them.
    private StoreStatus StartGeneration(LogRecovery recovery)
    {
        Superblock* super = _context.Super;
        bool isStale = _context.Has(SeededFaults.StaleGeneration);
        _log.Generation = super->Generation;
        if (recovery.EndGeneration > _log.Generation)
            _log.Generation = recovery.EndGeneration;
        _log.Generation += isStale ? 0u : 1u;
        _log.LastSequence = recovery.EndSequence;
        _log.DurableSequence = recovery.EndSequence;
        _log.Position = recovery.EndPosition;
        _log.Chain = recovery.EndChain;
        _log.Tail = super->Previous.Number != 0 ? super->Previous.LogPosition : super->Current.LogPosition;
        if (_options.ReadOnly || isStale)
            return StoreStatus.Ok;
        super->Generation = _log.Generation;
        super->EndSequence = recovery.EndSequence;
        super->DurableSequence = recovery.EndSequence;
        var scratch = (Superblock*)_memory.SuperScratch;
        *scratch = *super;
        StoreStatus status = WriteSuperblock(_context, scratch);
        *super = *scratch;
        return status;
    }

    // The commits between the last two cuts are only history: when they cannot be read, they are left out.
    private StoreStatus ReadRecentHistory()
    {
        Superblock* super = _context.Super;
        if (super->Previous.Number == 0)
            return StoreStatus.Ok;
        var replay = new LogReplay(_context, super->Previous);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < super->Current.Sequence)
        {
            status = replay.Next(null);
            if (status == StoreStatus.Ok && !replay.IsWatermark)
                _recent.Add(replay.Sequence, replay.RecordPosition, replay.DataBlocks * PageSize.Bytes, replay.Info);
        }
        replay.Dispose();
        if (status == StoreStatus.Corrupt)
        {
            _recent.DropBefore(ulong.MaxValue);
            return StoreStatus.Ok;
        }
        return status;
    }

    private StoreStatus ReplayLog(LogRecovery recovery)
    {
        ulong limit = _options.OverlayBytes * (_options.ReadOnly ? ReadOnlyOverlayFactor : 2);
        _active.Arena.Limit = limit;
        _frozen.Arena.Limit = limit;
        var replay = new LogReplay(_context, _context.Super->Current);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < recovery.EndSequence)
        {
            status = replay.Next(_active);
            if (status == StoreStatus.Ok)
                status = FinishReplay(replay);
        }
        replay.Dispose();
        _active.Arena.Limit = _options.OverlayBytes;
        _frozen.Arena.Limit = _options.OverlayBytes;
        return status;
    }

    private StoreStatus FinishReplay(in LogReplay replay)
    {
        _active.LastSequence = replay.Sequence;
        if (replay.IsWatermark)
            return StoreStatus.Ok;
        ulong bytes = replay.DataBlocks * PageSize.Bytes;
        if (_context.Has(SeededFaults.ForgottenRollback))
            _active.RollbackTo = 0;
        bool isRollback = _active.RollbackTo != 0;
        if (isRollback && !_options.ReadOnly)
            KeepBranch(replay.Info);
        _recent.Add(replay.Sequence, replay.RecordPosition, bytes, replay.Info);
        bool isNamed = replay.Info.NameLength > 0;
        if (_options.ReadOnly)
            return isRollback ? SwitchPresent() : StoreStatus.Ok;
        if (!isNamed && !isRollback && _active.Arena.BytesUsed < _options.OverlayBytes)
            return StoreStatus.Ok;
        if (isNamed)
        {
            HistoryRecord record = HistoryRecord.From(replay.Info, bytes);
            _active.PutHistory(replay.Sequence, record.AsBytes());
        }
        (_active, _frozen) = (_frozen, _active);
        IsFrozen = true;
        _frozenEnd = new Cut { Sequence = replay.Sequence, LogPosition = replay.Position, LogChain = replay.Chain };
        return Cut();
    }
}
