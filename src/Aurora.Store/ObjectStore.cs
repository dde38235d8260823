// The store as its users see it. State in memory: the trees of the last cut (on the device, nodes cached), the frozen layer (changes a cut is
// now putting into the trees), the active layer (changes of later commits). Lookups go active → frozen → trees. All of it is protected by the
// kernel lock and consistent whenever a fiber waits: a commit is applied to the active layer in one stretch, and a cut replaces
// (frozen layer, roots) in one stretch. After Open nothing here allocates managed memory.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>An open object store: objects with a record and a sparse array of pages, changed by atomic, durable commits.</summary>
public sealed unsafe partial class ObjectStore
{
    /// <summary>The longest record, in bytes.</summary>
    public const int MaxRecordBytes = StoreFormat.MaxRecordBytes;

    private readonly StoreContext _context;
    private readonly OpenOptions _options;
    private readonly StoreMemory _memory;
    private readonly StoreQueues* _queues;
    private readonly FreedExtents _freed;
    private readonly SpaceMap _space;
    private readonly NodeCache _cache;
    private readonly TreeReader _reader;
    private readonly CommitPool _pool;
    private readonly CommitLog _log;
    private readonly TreeCutter _cutter;
    private readonly RecentCheckpoints _recent;
    private readonly StoreView[] _views;
    private readonly int _treeLevels;
    private Layer _active;
    private Layer _frozen;

    private ObjectStore(StoreContext context, in OpenOptions options, StoreMemory memory)
    {
        _context = context;
        _options = options;
        _memory = memory;
        _queues = (StoreQueues*)memory.Queues;
        context.Queues = _queues;
        _freed = new FreedExtents(memory.Freed);
        _space = new SpaceMap(context, memory.Space, options.CachedSpacePages, _freed);
        _cache = new NodeCache(context, memory.Nodes, options.CachedNodes);
        _reader = new TreeReader(_cache);
        _pool = new CommitPool(context.Pages, memory.Commits);
        _log = new CommitLog(context, _pool, _queues);
        _cutter = new TreeCutter(context, _space, _cache, _reader, memory);
        _recent = new RecentCheckpoints(memory.Recent);
        _treeLevels = ChangeCounts.LevelsOn(context.Geometry.DataBlocks);
        _active = new Layer(context.Pages, memory.LayerAt(0), _treeLevels);
        _frozen = new Layer(context.Pages, memory.LayerAt(1), _treeLevels);
        _estimate = new Layer(context.Pages, memory.LayerAt(2 + StoreMemory.Views), _treeLevels);
        _estimate.Arena.Limit = options.OverlayBytes;
        _views = new StoreView[StoreMemory.Views];
        for (int i = 0; i < _views.Length; i++)
            _views[i] = new StoreView(this, new Layer(context.Pages, memory.LayerAt(2 + i), _treeLevels));
        _active.Arena.Limit = options.OverlayBytes;
        _frozen.Arena.Limit = options.OverlayBytes;
    }

    /// <summary>The last failure and where it was found.</summary>
    public StoreFault LastFault => _context.Fault;

    /// <summary>Ok, or why nothing can be committed any more.</summary>
    public StoreStatus Health => _context.PoisonStatus;

    public ulong UuidLow => _context.Super->UuidLow;

    public ulong UuidHigh => _context.Super->UuidHigh;

    /// <summary>The last commit, durable or not; 0 when there has been none.</summary>
    public ulong LastSequence => _log.LastSequence;

    public ulong DurableSequence => _log.DurableSequence;

    /// <summary>Counters and present state.</summary>
    public StoreStatistics Statistics
    {
        get
        {
            StoreStatistics result = _context.Statistics;
            result.TotalBlocks = _context.Geometry.DataBlocks;
            result.FreeBlocks = _space.State.FreeBlocks;
            result.AutomaticCheckpoints = _automaticCount;
            result.PendingFreeBlocks = _space.State.PendingFreeBlocks;
            result.LogBlocksUsed = _log.Position - _log.Tail;
            result.LogBlocksTotal = _context.Geometry.LogBlocks;
            result.OverlayBytesUsed = _active.Arena.BytesHeld + _frozen.Arena.BytesHeld;
            result.DurableSequence = _log.DurableSequence;
            result.LastSequence = _log.LastSequence;
            return result;
        }
    }

    /// <summary>
    /// Makes everything submitted durable, writes a last watermark and returns all memory. The store must not be used afterwards. Not
    /// needed for safety: a store that is never closed loses nothing that was acknowledged. Blocks.
    /// </summary>
    public StoreStatus Close()
    {
        StoreStatus status = StoreStatus.Ok;
        if (!_options.ReadOnly)
        {
            status = _log.WaitDurable(_log.LastSequence);
            if (status == StoreStatus.Ok)
                status = WriteWatermark();
        }
        Abandon();
        return status;
    }

    /// <summary>Returns all memory and writes nothing, as a power cut would. The store must not be used afterwards.</summary>
    public void Abandon()
    {
        foreach (StoreView view in _views)
            view.Layer.Clear();
        _active.Clear();
        _frozen.Clear();
        _pool.FreeAll();
        _space.FreeMemory();
        _memory.Free();
    }
}
