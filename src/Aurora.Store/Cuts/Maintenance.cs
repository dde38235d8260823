using Aurora.Base;

namespace Aurora.Store;

/// <summary>What the maintenance fiber does: cuts that are due, and after each a bit of scrubbing.</summary>
internal sealed unsafe class Maintenance(StoreContext context, PresentState present, CutState cuts, Cutter cutter, Scrubber scrubber)
{
    /// <summary>See <see cref="ObjectStore.RunMaintenance"/>.</summary>
    public void Run()
    {
        while (!cuts.IsStopping)
        {
            if (context.PoisonStatus == StoreStatus.Ok && (cuts.IsDue || present.IsFrozen))
            {
                // Without memory the cut is made later.
                if (cutter.Cut() == StoreStatus.OutOfMemory)
                    context.Fibers.Yield();
                scrubber.ScrubAfterCut();
            }
            else
                context.Fibers.Block(&context.Queues->Work);
        }
    }

    /// <summary>See <see cref="ObjectStore.StopMaintenance"/>.</summary>
    public void Stop()
    {
        cuts.IsStopping = true;
        context.Fibers.WakeAll(&context.Queues->Work);
        context.Fibers.WakeAll(&context.Queues->Room);
    }
}
