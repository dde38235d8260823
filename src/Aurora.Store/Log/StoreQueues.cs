using Aurora.Base;

namespace Aurora.Store;

/// <summary>The queues fibers wait on. They live in unmanaged memory, because the scheduler keeps pointers into them.</summary>
internal struct StoreQueues
{
    /// <summary>A FLUSH has ended, or a commit's state has changed.</summary>
    public FiberQueue Flush;

    /// <summary>A cut has freed room, or has failed.</summary>
    public FiberQueue Room;

    /// <summary>A commit that had claimed space is applied or refused, or has been looked at closely.</summary>
    public FiberQueue Claims;

    /// <summary>There is work for the maintenance fiber.</summary>
    public FiberQueue Work;

    /// <summary>The next Submit in line may go on.</summary>
    public FiberQueue Turn;

    /// <summary>The cut in progress has ended.</summary>
    public FiberQueue Cut;
}
