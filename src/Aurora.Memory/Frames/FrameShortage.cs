// What happens when frames are short: who finds none waits here, reclaim is told, and whatever brings frames back wakes everybody who
// waits. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The signal between those who need frames and those who bring them back.</summary>
public sealed unsafe class FrameShortage
{
    private readonly FramePool _frames;
    private readonly ThreadWaker _waker;
    private readonly FiberScheduler _fibers;
    private readonly ReclaimState _state;

    internal FrameShortage(MemoryState state, ThreadWaker waker, FiberScheduler fibers)
    {
        _frames = state.Frames;
        _waker = waker;
        _fibers = fibers;
        _state = state.Reclaim;
    }

    /// <summary>
    /// Who brings frames back sleeps here; woken when somebody finds none, when an epoch has landed, and when the main loop finds that
    /// there is something to do.
    /// </summary>
    public FiberQueue* ReclaimWork => _state.Work;

    /// <summary>Where fibers sleep that need a frame.</summary>
    public FiberQueue* FramesFreed => _state.Freed;

    /// <summary>Where threads wait for a frame.</summary>
    public WaitQueue* Waiters => _state.Waiters;

    /// <summary>True while somebody waits for a frame.</summary>
    public bool HasWaiters => !_state.Waiters->IsEmpty || !_state.Freed->IsEmpty;

    /// <summary>True once a fiber serves <see cref="ReclaimWork"/>: then a lack of frames is worth waiting for.</summary>
    public bool HasReclaim
    {
        get => _state.HasReclaim;
        set => _state.HasReclaim = value;
    }

    /// <summary>
    /// Nothing is left that could be dropped: who finds no frame is told so instead of waiting. The reclaim fiber sets and clears it.
    /// </summary>
    public bool IsExhausted
    {
        get => _state.IsExhausted;
        set => _state.IsExhausted = value;
    }

    /// <summary>Below this many free frames reclaim begins, so that few ever find none.</summary>
    public ulong LowFrames => _frames.FloorOf(FramePriority.Contents) + (_frames.TotalFrames / 64);

    /// <summary>At this many free frames reclaim has done enough.</summary>
    public ulong EnoughFrames => _frames.FloorOf(FramePriority.Contents) + (_frames.TotalFrames / 32);

    /// <summary>Everybody who waits for a frame tries again.</summary>
    public void WakeWaiters()
    {
        if (!_state.Waiters->IsEmpty)
            _waker.WakeAll(_state.Waiters);
        _fibers.WakeAll(FramesFreed);
    }

    // No frame is free. Those of epochs in flight may be free soon, and reclaim finds others: both are worth waiting for.
    internal MemoryStatus NoFrame(out WaitQueue* wait)
    {
        wait = null;
        if (_state.HasReclaim)
            _fibers.WakeOne(ReclaimWork);
        if (_state.HasReclaim ? _state.IsExhausted : _state.EpochsInFlight == 0)
            return MemoryStatus.OutOfMemory;
        wait = _state.Waiters;
        return MemoryStatus.WouldBlock;
    }

    internal void BeginEpoch() => _state.EpochsInFlight++;

    // The frames of an epoch may be free now, or clean.
    internal void EndEpoch()
    {
        _state.EpochsInFlight--;
        if (_state.HasReclaim)
            _fibers.WakeOne(ReclaimWork);
        else if (!_state.Waiters->IsEmpty)
            _waker.WakeAll(_state.Waiters);
    }
}
