// The store as its users see it: a face. Open makes the state (StoreContext, PresentState, LogState, CutState, HistoryState,
// ScrubState, the space map's) and the services that work on it, each given what it needs: CommitBuilder and Committer for commits,
// Cutter for cuts, the readers, Checkpoints, Retention and Rollback for the history, Scrubber, Recovery. All of it is protected by the
// kernel lock and consistent whenever a fiber waits.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>An open object store: objects with a record and a sparse array of pages, changed by atomic, durable commits.</summary>
public sealed unsafe partial class ObjectStore
{
    /// <summary>The longest record, in bytes.</summary>
    public const int MaxRecordBytes = StoreFormat.MaxRecordBytes;

    private readonly StoreContext _context;
    private readonly StoreMemory _memory;
    private readonly PresentState _present;
    private readonly LayerSet _building;
    private readonly LogState _logState = new();
    private readonly HistoryState _history = new();
    private readonly ScrubState _scrub = new();
    private readonly StoreView[] _openable = new StoreView[StoreMemory.Views];
    private readonly SpaceMap _space;
    private readonly NodeCache _cache;
    private readonly CommitPool _pool;
    private readonly CommitLog _log;
    private readonly VolumeDirectory _directory;
    private readonly VolumeCommits _volumes;
    private readonly LargeCommits _large;
    private readonly VolumeSender _sender;
    private readonly VolumeReceiver _receiver;
    private readonly ObjectReader _objects;
    private readonly PresentReader _reader;
    private readonly RunReader _runs;
    private readonly RecordScan _scan;
    private readonly PagePresence _presence;
    private readonly Checkpoints _checkpoints;
    private readonly CheckpointViews _views;
    private readonly SpaceReserve _reserve;
    private readonly CommitBuilder _builder;
    private readonly CommitRoom _room;
    private readonly Committer _committer;
    private readonly JoinedCommits _joined;
    private readonly Cutter _cutter;
    private readonly Rollback _rollback;
    private readonly Scrubber _scrubber;
    private readonly Maintenance _maintenance;
    private readonly StartCounter _starts;
    private readonly Recovery _recovery;

    private ObjectStore(StoreContext context, StoreMemory memory)
    {
        _context = context;
        _memory = memory;
        int levels = ChangeCounts.LevelsOn(context.Geometry.DataBlocks);
        ulong overlay = context.Options.OverlayBytes;
        var active = new LayerSet(context.Pages, levels, overlay);
        var frozen = new LayerSet(context.Pages, levels, overlay);
        _present = new PresentState(context.Super, active, frozen);
        var cuts = new CutState();
        var open = new OpenLargeCommits((LargeCommit*)memory.LargeCommits);
        var turns = new CommitTurns(context);
        var recent = new RecentCheckpoints(memory.Recent);
        var freed = new FreedExtents(memory.Freed);
        _space = new SpaceMap(context, memory.Space, context.Options.CachedSpacePages, freed);
        _cache = new NodeCache(context, memory.Nodes, context.Options.CachedNodes);
        _pool = new CommitPool(context.Pages, memory.Commits);
        _log = new CommitLog(context, _pool, _logState);

        // Reading.
        var trees = new TreeReader(_cache);
        var table = new VolumeTable(context, trees);
        _directory = new VolumeDirectory(context, _present, table);
        _objects = new ObjectReader(context, trees, table);
        _reader = new PresentReader(context, _present, _log, _objects);
        _runs = new RunReader(context, _reader);
        _scan = new RecordScan(_context, _present, trees, _objects);
        _presence = new PagePresence(context, _present, trees, _objects, _reader);
        for (int i = 0; i < _openable.Length; i++)
        {
            var ofView = new LayerSet(context.Pages, levels, 2 * overlay);
            _openable[i] = new StoreView(context, _space.Marks, _objects, ofView);
        }
        _views = new CheckpointViews(context, _present, recent, _logState, _directory, table, _objects, _openable);

        // History.
        var records = new HistoryReader(context, _present, _history, table, trees);
        _checkpoints = new Checkpoints(_present, recent, _directory, table, records);
        var cost = new CommitCost(_present);
        var claims = new CommitClaims();
        _reserve = new SpaceReserve(context, _present, _space.State, claims, cost, levels);
        var retention = new Retention(context, _present, _history, table, _reserve, _checkpoints);

        // Cuts.
        var superblocks = new SuperblockWriter(context, (Superblock*)memory.SuperScratch);
        var schedule = new CutSchedule(context, _present, cuts, _logState);
        var treeCutter = new TreeCutter(context, _history, _space, _cache, trees, memory);
        var cutWriter = new CutWriter(
            context, _present, _history, recent, _logState, _space.State, _space.Marks, _space.Writer, treeCutter, superblocks);
        var discarder = new BlockDiscarder(context, cuts, _space.Allocator, freed);
        var reclaimer = new VolumeReclaimer(context, _present, _history, open, table, trees, _reserve, schedule);
        var preparation = new CutPreparation(context, _present, _history, table, records, retention, reclaimer);
        _cutter = new Cutter(context, _present, cuts, _log, preparation, schedule, cutWriter, discarder);
        _scrubber = new Scrubber(context, _present, _history, _scrub, table, trees, _objects);
        _maintenance = new Maintenance(context, _present, cuts, _cutter, _scrubber);

        // Commits.
        _builder = new CommitBuilder(context, _pool, levels);
        var apart = new LayerSet(context.Pages, levels, overlay);
        var estimate = new CommitEstimate(context, _present, _space.State, trees, table, claims, cost, _reserve, apart, levels);
        _building = new LayerSet(context.Pages, levels, overlay);
        var layers = new LayerBuilder(context, _present, claims, cost, _building);
        _room = new CommitRoom(context, _present, _history, _log, cost, layers, _reserve, schedule, _cutter);
        var space = new CommitSpace(
            context, _present, _history, cuts, _space.State, claims, _reserve, estimate, retention, _room);
        var data = new CommitData(context, _log, _pool, _space.Allocator, space, _room);
        var applier = new CommitApplier(context, _present, layers, recent, retention, schedule);
        _committer = new Committer(context, turns, _log, _pool, _builder, data, space, _room, layers, _cutter, _directory, open, applier);
        _joined = new JoinedCommits(context, turns, claims, space, _room, _committer);
        var keeper = new TargetKeeper(
            context, _log, records, _present, _history, _space.State, claims, _reserve, _checkpoints, _views, _cutter, levels);
        _rollback = new Rollback(context, turns, _log, _builder, _committer, keeper);
        _volumes = new VolumeCommits(context, turns, _log, _builder, _committer, keeper);
        _large = new LargeCommits(context, _history, open, _pool, _room, _builder, _committer, _directory, _volumes, schedule);
        _sender = new VolumeSender(
            context, turns, keeper, _views, _checkpoints, _directory, trees, _objects, new TreeDifference(_cache));
        _receiver = new VolumeReceiver(context, _volumes, _directory, _checkpoints, _reader, _builder, _committer);

        // Opening.
        _starts = new StartCounter(context);
        var logEnd = new LogRecovery(context, _space.Allocator, context.Super->Current);
        var replay = new RecoveryReplay(context, _present, recent, _directory, _cutter);
        _recovery = new Recovery(context, _history, _space.State, _logState, new RecoveryTargets(context, table), records, superblocks,
            logEnd, replay);
    }

    /// <summary>The last failure and where it was found.</summary>
    public StoreFault LastFault => _context.Fault;

    /// <summary>Ok, or why nothing can be committed any more.</summary>
    public StoreStatus Health => _context.PoisonStatus;

    public ulong UuidLow => _context.Super->UuidLow;

    public ulong UuidHigh => _context.Super->UuidHigh;

    /// <summary>The last commit, durable or not; 0 when there has been none.</summary>
    public ulong LastSequence => _logState.LastSequence;

    public ulong DurableSequence => _logState.DurableSequence;

    /// <summary>Counters and present state.</summary>
    public StoreStatistics Statistics
    {
        get
        {
            StoreStatistics result = _context.Statistics;
            result.TotalBlocks = _context.Geometry.DataBlocks;
            result.FreeBlocks = _space.State.FreeBlocks;
            result.AutomaticCheckpoints = _history.AutomaticCount;
            result.PendingFreeBlocks = _space.State.PendingFreeBlocks;
            result.LogBlocksUsed = _logState.Position - _logState.Tail;
            result.LogBlocksTotal = _context.Geometry.LogBlocks;
            result.OverlayBytesUsed = _present.Active.Arena.BytesHeld + _present.Frozen.Arena.BytesHeld;
            result.DurableSequence = _logState.DurableSequence;
            result.LastSequence = _logState.LastSequence;
            return result;
        }
    }
}
