using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Who waits for frames, what may bring some back, and where reclaim stands. Protected by the kernel lock.</summary>
internal sealed unsafe class ReclaimState
{
    public ReclaimState(PageAllocator pages)
    {
        Waiters = (WaitQueue*)pages.Allocate(1);
        Panic.Unless(Waiters != null, "memory: no room for the wait queue"u8);
        Work = (FiberQueue*)(Waiters + 1);
        Freed = Work + 1;
    }

    /// <summary>Where threads wait for a frame.</summary>
    public WaitQueue* Waiters { get; }

    /// <summary>Where the reclaim fiber sleeps.</summary>
    public FiberQueue* Work { get; }

    /// <summary>Where fibers sleep that need a frame.</summary>
    public FiberQueue* Freed { get; }

    /// <summary>A fiber serves <see cref="Work"/>.</summary>
    public bool HasReclaim;

    /// <summary>Nothing is left that could be dropped.</summary>
    public bool IsExhausted;

    /// <summary>Epochs that are frozen and neither released nor merged.</summary>
    public int EpochsInFlight;

    /// <summary>Where the hand is: the slot of an object, and its page.</summary>
    public uint HandObject;
    public ulong HandPage;

    /// <summary>Pages dropped since boot.</summary>
    public ulong EvictedPages;
}
