using System.Threading;

namespace Aurora.Base;

/// <summary>
/// A device of 4-KiB blocks with asynchronous, unordered commands: between two flushes the device may complete and persist writes in
/// any order, and a power cut may lose, keep or tear (at 512-byte granularity) any write not covered by a completed Flush.
/// </summary>
public abstract unsafe class BlockDevice
{
    /// <summary>The size in 4-KiB blocks.</summary>
    public abstract ulong BlockCount { get; }

    /// <summary>The most blocks one request may carry.</summary>
    public abstract int MaxBlocksPerRequest { get; }

    /// <summary>How many requests the device keeps in flight; more may be submitted and queue in the driver.</summary>
    public abstract int QueueDepth { get; }

    /// <summary>False when a completed write is already durable, so that Flush costs nothing and is not needed.</summary>
    public abstract bool HasVolatileWriteCache { get; }

    /// <summary>True when the device has failed for good; until then it recovers by itself, and requests merely take longer.</summary>
    public virtual bool HasFailed => false;

    /// <summary>Starts a request. Never blocks and never fails: errors appear in the request's status.</summary>
    public abstract void Submit(BlockRequest* request);

    /// <summary>
    /// From here to <see cref="EndBatch"/> a device may collect submissions and start them together, which is cheaper. Nests. No Wait
    /// and no other blocking inside a batch. Devices that gain nothing from it do nothing.
    /// </summary>
    public virtual void BeginBatch()
    {
    }

    public virtual void EndBatch()
    {
    }

    /// <summary>Blocks the calling fiber until the request is complete and returns its status.</summary>
    public abstract BlockStatus Wait(BlockRequest* request);

    /// <summary>True once the status has left Pending (an acquire read).</summary>
    public static bool IsComplete(BlockRequest* request)
        => (BlockStatus)Volatile.Read(ref *(byte*)&request->Status) != BlockStatus.Pending;
}
