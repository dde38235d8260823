using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Where the fibers behind checkpoints sleep: a few that flush, a few that commit and one for errands, for all groups.</summary>
internal sealed unsafe class EngineQueues
{
    private const int Queues = 4;

    private readonly FiberQueue* _queues;

    /// <summary>Takes a page for good; panics when there is none, since this is before anything runs.</summary>
    public EngineQueues(PageAllocator pages)
    {
        _queues = (FiberQueue*)pages.Allocate(1);
        Panic.Unless(_queues != null && Queues * sizeof(FiberQueue) <= PageSize.Bytes, "checkpoint: no memory for the queues"u8);
    }

    public FiberQueue* FlushWork => _queues;
    public FiberQueue* CommitWork => _queues + 1;
    public FiberQueue* ErrandWork => _queues + 2;

    /// <summary>Who has found no memory to fill a commit in.</summary>
    public FiberQueue* FillingWork => _queues + 3;
}
