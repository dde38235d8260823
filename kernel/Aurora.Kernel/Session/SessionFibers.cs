// The fibers of a session, beside the pagers (PagerFiber). Each is one blocking job of somebody else's.
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Store;

namespace Aurora.Kernel;

/// <summary>Hands captured epochs to the store, beside others that do.</summary>
internal sealed class FlushFiber(CheckpointEngine engine) : FiberBody
{
    /// <summary>So many at a time: as many groups with large epochs, less one, keep no other group waiting.</summary>
    public const int Count = 3;

    public override void Run() => engine.RunFlushFiber();
}

/// <summary>Waits until they are durable.</summary>
internal sealed class CommitFiber(CheckpointEngine engine) : FiberBody
{
    /// <summary>As above: the pages of a large epoch take their time to land.</summary>
    public const int Count = 2;

    public override void Run() => engine.RunCommitFiber();
}

/// <summary>Persists regions, beside others that do.</summary>
internal sealed class RegionFiber(RegionManager regions) : FiberBody
{
    public const int Count = RegionManager.PersistFibers;

    public override void Run() => regions.RunPersistFiber();
}

/// <summary>Does what is asked for with regions.</summary>
internal sealed class RegionOrderFiber(RegionManager regions) : FiberBody
{
    public override void Run() => regions.RunOrderFiber();
}

/// <summary>Works on the store's history.</summary>
internal sealed class ErrandFiber(CheckpointEngine engine) : FiberBody
{
    public override void Run() => engine.RunErrandFiber();
}

/// <summary>Brings frames back.</summary>
internal sealed class ReclaimFiber(FrameReclaimer reclaimer) : FiberBody
{
    public override void Run() => reclaimer.Run();
}

/// <summary>Takes names out of memory when it is short.</summary>
internal sealed class NameReclaimFiber(NameReclaimer reclaimer) : FiberBody
{
    public override void Run() => reclaimer.Run();
}

/// <summary>Starts the groups beside the host, and does what is asked for with groups.</summary>
internal sealed class GroupFiber(GroupManager groups) : FiberBody
{
    public override void Run() => groups.Run();
}

/// <summary>Sends volumes, or receives them.</summary>
internal sealed class StreamFiber(GroupManager groups, bool isIncoming) : FiberBody
{
    public override void Run() => groups.RunStreams(isIncoming);
}

/// <summary>Looks after the store until the session ends.</summary>
internal sealed class MaintenanceFiber(ObjectStore store, EndState end) : FiberBody
{
    public override void Run()
    {
        store.RunMaintenance();
        end.HasMaintenanceEnded = true;
    }
}

/// <summary>Forgets the failed starts before one that has lasted.</summary>
internal sealed class ForgettingFiber(FailedStarts failedStarts) : FiberBody
{
    public override void Run() => failedStarts.Forget();
}

/// <summary>
/// Leaves the store at the end of a session. Its memory goes with the machine; what counts is that everything is durable and the log says
/// so. The engine has nothing under way.
/// </summary>
internal sealed class ClosingFiber(ObjectStore store, KernelFibers fibers, FailedStarts failedStarts, EndState end) : FiberBody
{
    public override void Run()
    {
        store.StopMaintenance();
        while (!end.HasMaintenanceEnded)
            fibers.Yield();
        store.WriteWatermark();
        failedStarts.Forget();
        end.IsClosed = true;
    }
}
