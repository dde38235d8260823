// Brings frames back when few are free: the body of one fiber. Clean pages are evicted until enough are free; when the hand has been round
// and that did not do, what is dirty is made clean by a checkpoint, and the hand goes round again after it is durable. Frames that were
// touched once need two rounds: the first only makes them idle. What is staged for copies goes when what is clean does not do, the oldest
// first and no more than is needed; it is little, and dear to read again. Files and names that can be read again go before memory counts as
// exhausted, with what they take of the kernel's, as do all frames that are kept for copies alone (BaseFrames). What a group was that has
// gone back is about to leave memory (GroupPast), and that is awaited first. When none of that helps, memory is exhausted: whoever waits
// for a frame is told, and the layer above ends the largest program. Nothing here needs a frame but a tree node for a shared leaf, and that
// one may be the last.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The replacement of pages, joined to the checkpoints that make them replaceable.</summary>
public sealed unsafe class FrameReclaimer
{
    // Leaves the hand goes over between two looks at whether somebody else wants the processor.
    private const int LeavesPerStep = 4;

    // A page in use is made idle in the first round and evicted in the second.
    private const int Rounds = 2;

    // Checkpoints that may become durable without any gain before memory counts as exhausted.
    private const int MaxFruitlessCheckpoints = 3;

    private readonly MemoryManager _memory;
    private readonly CheckpointEngine _engine;
    private readonly NameReclaimer _names;
    private readonly StagedStates _staged;
    private readonly GroupPast _past;
    private readonly FiberScheduler _fibers;
    private int _fruitless;

    // When the hand last went round for nothing: until a checkpoint or a page-in has ended since, it would find the same.
    private bool _hasSwept;
    private ulong _sweptCommits;
    private ulong _sweptPageIns;

    // Checkpoints have been asked for.
    private bool _hasAsked;

    public FrameReclaimer(
        MemoryManager memory, CheckpointEngine engine, NameReclaimer names, StagedStates staged, GroupPast past, FiberScheduler fibers)
    {
        _past = past;
        _staged = staged;
        _names = names;
        _memory = memory;
        _engine = engine;
        _fibers = fibers;
    }

    /// <summary>The body of the reclaim fiber; never returns.</summary>
    public void Run()
    {
        _memory.Shortage.HasReclaim = true;
        for (;;)
        {
            ulong start = _fibers.Trace.Begin();
            Balance();
            _fibers.Trace.EndLong(TraceEvent.NoGroup, TraceKind.Reclaim, start, (ulong)_memory.Frames.FreeFrames);
            _fibers.Block(_memory.Shortage.ReclaimWork);
        }
    }

    /// <summary>
    /// Wakes the fiber if it can do something now; until then the machine may sleep. Called by the main loop, after whatever has happened.
    /// </summary>
    public void Poll()
    {
        bool hasToTell = HasFrames && (_memory.Shortage.HasWaiters || _memory.Shortage.IsExhausted);
        if (MustEvict || hasToTell || (_memory.Shortage.HasWaiters && !IsAwaitingCheckpoints && !_past.IsThere))
            _fibers.WakeOne(_memory.Shortage.ReclaimWork);
    }

    private bool MustEvict => IsShort && MayEvict && HasNews;

    private bool IsAwaitingCheckpoints => _hasAsked && MayEvict && !_engine.Life.AreAllDone;

    /// <summary>Does what can be done now; to be called again whenever <see cref="FrameShortage.ReclaimWork"/> is woken.</summary>
    public void Balance()
    {
        if (MustEvict)
            Evict();
        while (_memory.Shortage.HasWaiters && !HasFrames && DropsStaged())
        {
        }
        if (HasFrames)
        {
            _fruitless = 0;
            _hasAsked = false;
            _memory.Shortage.IsExhausted = false;
            _memory.Shortage.WakeWaiters();
        }
        else if (_memory.Shortage.HasWaiters && !_past.IsThere && !CleansSomething() && !DropsBases() && !DropsNames())
        {
            _memory.Shortage.IsExhausted = true;
            _memory.Shortage.WakeWaiters();
        }
    }

    // What groups that have ended leave to copies to come.
    private bool DropsBases()
    {
        for (uint at = 0; MayEvict && !_memory.Bases.DropAlone(ref at);)
            _fibers.Yield();
        return HasFrames;
    }

    // While they go, others may have given frames back.
    private bool DropsNames()
    {
        if (MayEvict)
            _names.DropAll();
        return HasFrames;
    }

    /// <summary>So few frames are free that others are looked for.</summary>
    public bool IsShort => _memory.Frames.FreeFrames < _memory.Shortage.LowFrames;

    /// <summary>True when twice as many frames are free as these, and enough for everybody else. Nothing is evicted.</summary>
    public bool HasPlenty(ulong frames) => _memory.Frames.FreeFrames >= _memory.Shortage.EnoughFrames + (2 * frames);

    /// <summary>
    /// Evicts until so many frames are free for kernel structures; what is dirty is made clean by checkpoints when what is clean does not
    /// do. False when that does not do either. Blocks, in another fiber than the one that runs this.
    /// </summary>
    public bool MakeRoom(ulong frames)
    {
        for (int checkpoints = 0; !MakeRoomOfClean(frames); checkpoints++)
        {
            if (checkpoints == MaxFruitlessCheckpoints || !MayEvict || !_engine.Life.RequestDirty())
                return false;
            while (!_engine.Life.AreAllDone)
                _engine.Life.Wait();
        }
        return true;
    }

    private bool MakeRoomOfClean(ulong frames)
    {
        // The hand begins somewhere.
        for (int rounds = 0, leaves = 1; rounds <= Rounds && MayEvict && !HasRoomFor(frames); leaves++)
        {
            if (_memory.Reclaim.Step())
                rounds++;
            if (leaves % LeavesPerStep == 0)
                _fibers.Yield();
        }
        while (!HasRoomFor(frames) && DropsStaged())
        {
        }
        return HasRoomFor(frames);
    }

    private bool HasRoomFor(ulong frames) => _memory.Frames.MayTake(frames, FramePriority.Structure);

    // Enough for those who are refused first.
    private bool HasFrames => _memory.Frames.MayTake(1, FramePriority.Contents);

    // Checkpoints of all groups that have become durable.
    private ulong Commits => _engine.Statistics.Checkpoints;

    private bool MayEvict => !_engine.HasFailed;

    private bool HasNews => !_hasSwept || _sweptCommits != Commits || _sweptPageIns != _memory.PageIns.Ended;

    // One of the states that copies would have to read again. With it goes the reason to keep a volume.
    private bool DropsStaged()
    {
        bool hasDropped = _staged.DropOldest();
        if (hasDropped)
            _engine.Life.Wake();
        return hasDropped;
    }

    private void Evict()
    {
        // The hand begins somewhere.
        for (int rounds = 0, leaves = 1; rounds <= Rounds; leaves++)
        {
            if (_memory.Reclaim.Step())
                rounds++;
            if (leaves % LeavesPerStep != 0)
                continue;
            if (_memory.Frames.FreeFrames >= _memory.Shortage.EnoughFrames)
                return;
            if (HasFrames && _memory.Shortage.HasWaiters)
                _memory.Shortage.WakeWaiters();
            _fibers.Yield();
        }
        while (_memory.Frames.FreeFrames < _memory.Shortage.EnoughFrames && DropsStaged())
        {
        }
        _hasSwept = true;
        _sweptCommits = Commits;
        _sweptPageIns = _memory.PageIns.Ended;
    }

    // True when checkpoints under way, or some asked for now, will make frames replaceable, until it is known that they will not: what
    // becomes of them is looked at again whenever this fiber is woken.
    private bool CleansSomething()
    {
        if (_hasAsked && !_engine.Life.AreAllDone)
            return MayEvict;
        _hasAsked = MayEvict && _fruitless < MaxFruitlessCheckpoints && _engine.Life.RequestDirty();
        if (_hasAsked)
            _fruitless++;
        return _hasAsked;
    }
}
