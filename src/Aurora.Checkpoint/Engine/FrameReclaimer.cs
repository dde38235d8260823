// Brings frames back when few are free: the body of one fiber. Clean pages are evicted until enough are free; when the hand has been round
// and that did not do, what is dirty is made clean by a checkpoint, and the hand goes round again after it is durable. Frames that were
// touched once need two rounds: the first only makes them idle. Files and names that can be read again go before memory counts as
// exhausted, with what they take of the kernel's. When none of that helps, memory is exhausted: whoever waits for a frame is told, and
// the layer above ends the largest program. Nothing here needs a frame but a tree node for a shared leaf, and that one may be the last.
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
    private readonly FiberScheduler _fibers;
    private int _fruitless;

    // When the hand last went round for nothing: until a checkpoint or a page-in has ended since, it would find the same.
    private bool _hasSwept;
    private ulong _sweptCommits;
    private ulong _sweptPageIns;

    // Checkpoints have been asked for.
    private bool _hasAsked;

    public FrameReclaimer(
        MemoryManager memory, CheckpointEngine engine, NameReclaimer names, StagedStates staged, FiberScheduler fibers)
    {
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
            Balance();
            _fibers.Block(_memory.Shortage.ReclaimWork);
        }
    }

    /// <summary>
    /// Wakes the fiber if it can do something now; until then the machine may sleep. Called by the main loop, after whatever has happened.
    /// </summary>
    public void Poll()
    {
        bool hasToTell = HasFrames && (_memory.Shortage.HasWaiters || _memory.Shortage.IsExhausted);
        if (MustEvict || hasToTell || (_memory.Shortage.HasWaiters && !IsAwaitingCheckpoints))
            _fibers.WakeOne(_memory.Shortage.ReclaimWork);
    }

    private bool MustEvict => _memory.Frames.FreeFrames < _memory.Shortage.LowFrames && MayEvict && HasNews;

    private bool IsAwaitingCheckpoints => _hasAsked && MayEvict && !_engine.Life.AreAllDone;

    /// <summary>Does what can be done now; to be called again whenever <see cref="FrameShortage.ReclaimWork"/> is woken.</summary>
    public void Balance()
    {
        if (MustEvict)
            Evict();
        if (HasFrames)
        {
            _fruitless = 0;
            _hasAsked = false;
            _memory.Shortage.IsExhausted = false;
            _memory.Shortage.WakeWaiters();
        }
        else if (_memory.Shortage.HasWaiters && !CleansSomething() && !DropsNames())
        {
            _memory.Shortage.IsExhausted = true;
            _memory.Shortage.WakeWaiters();
        }
    }

    // While they go, others may have given frames back.
    private bool DropsNames()
    {
        if (MayEvict)
            _names.DropAll();
        return HasFrames;
    }

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
        if (!HasRoomFor(frames))
            DropStaged();
        // The hand begins somewhere.
        for (int rounds = 0, leaves = 1; rounds <= Rounds && MayEvict && !HasRoomFor(frames); leaves++)
        {
            if (_memory.Reclaim.Step())
                rounds++;
            if (leaves % LeavesPerStep == 0)
                _fibers.Yield();
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

    // What copies would have to read again goes first. With it goes the reason to keep the volumes of some.
    private void DropStaged()
    {
        if (_staged.DropAll())
            _engine.Life.Wake();
    }

    private void Evict()
    {
        DropStaged();
        for (int rounds = 0, leaves = 1; rounds < Rounds; leaves++)
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
