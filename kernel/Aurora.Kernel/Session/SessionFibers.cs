// The fibers of a session, beside the pagers (PagerFiber). Each is one blocking job of somebody else's.
using Aurora.Checkpoint;
using Aurora.Core;

namespace Aurora.Kernel;

/// <summary>Hands captured epochs to the store.</summary>
internal sealed class FlushFiber(CheckpointEngine engine) : FiberBody
{
    public override void Run() => engine.RunFlushFiber();
}

/// <summary>Waits until they are durable.</summary>
internal sealed class CommitFiber(CheckpointEngine engine) : FiberBody
{
    public override void Run() => engine.RunCommitFiber();
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

/// <summary>Looks after the store until the session ends.</summary>
internal sealed class MaintenanceFiber(KernelSession session) : FiberBody
{
    public override void Run() => session.RunMaintenance();
}

/// <summary>Forgets the failed starts before one that has lasted.</summary>
internal sealed class ForgettingFiber(KernelSession session) : FiberBody
{
    public override void Run() => session.ForgetFailedStarts();
}

/// <summary>Leaves the store at the end of a session.</summary>
internal sealed class ClosingFiber(KernelSession session) : FiberBody
{
    public override void Run() => session.Close();
}
