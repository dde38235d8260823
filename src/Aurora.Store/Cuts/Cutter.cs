// Making a cut. The active set becomes the frozen one in one stretch; the fiber that makes the cut waits until all of its commits are
// durable, merges it into the trees, writes the changed pages of the space map, flushes, writes the superblock into the older slot,
// flushes, and then replaces table and frozen set in one stretch.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Makes cuts.</summary>
internal sealed unsafe class Cutter(
    StoreContext context,
    PresentState present,
    CutState cuts,
    CommitLog log,
    CutPreparation preparation,
    CutSchedule schedule,
    CutWriter writer,
    BlockDiscarder discarder)
{
    /// <summary>See <see cref="ObjectStore.CutNow"/>.</summary>
    public StoreStatus CutNow()
    {
        if (context.Options.ReadOnly)
            return StoreStatus.ReadOnly;
        StoreStatus status = cuts.IsCutting || present.IsFrozen ? Cut() : StoreStatus.Ok;
        return status == StoreStatus.Ok ? Cut() : status;
    }

    /// <summary>Without a maintenance fiber, due cuts are made before the next commit. Blocks.</summary>
    public StoreStatus RunDueCut()
    {
        if (context.Options.BackgroundMaintenance || (!cuts.IsDue && !present.IsFrozen))
            return StoreStatus.Ok;
        return Cut();
    }

    /// <summary>Makes a cut of the frozen set, or of the active one; or waits for the one being made. Blocks.</summary>
    public StoreStatus Cut()
    {
        if (cuts.IsCutting)
        {
            AwaitEnd();
            return context.PoisonStatus == StoreStatus.Ok ? StoreStatus.Ok : StoreStatus.Poisoned;
        }
        if (context.PoisonStatus != StoreStatus.Ok)
            return StoreStatus.Poisoned;
        ulong start = context.Fibers.Trace.Begin();
        cuts.IsCutting = true;
        cuts.IsDue = false;
        if (!present.IsFrozen)
            schedule.Freeze();
        StoreStatus status = log.WaitDurable(present.FrozenEnd.Sequence);
        if (status == StoreStatus.Ok)
        {
            // Until here a failure changes nothing: the set stays frozen, and the cut can be made later.
            status = preparation.Run();
            bool canRetry = status == StoreStatus.OutOfMemory;
            if (status == StoreStatus.Ok)
                status = MakeCut();
            if (status != StoreStatus.Ok && !canRetry)
                context.Poison(status);
        }
        else
        {
            context.Poison(status);
        }
        cuts.IsCutting = false;
        cuts.Ended++;
        cuts.LastStatus = status;
        context.Fibers.Trace.End(TraceKind.Cut, start, context.Super->Current.Number);
        context.Fibers.WakeAll(&context.Queues->Cut);
        context.Fibers.WakeAll(&context.Queues->Room);
        return status;
    }

    /// <summary>
    /// As <see cref="Cut"/>; but where a fiber makes cuts in the background it returns as soon as one is there, while what it has freed is
    /// still being discarded. With Ok there need not have been one: who needs it looks, and asks again. Blocks.
    /// </summary>
    public StoreStatus AwaitCut()
    {
        if (!context.Options.BackgroundMaintenance || cuts.IsStopping)
            return Cut();
        ulong before = context.Super->Current.Number;
        ulong ended = cuts.Ended;
        cuts.Wanted = Math.Max(cuts.Wanted, before + 1);
        schedule.Ask();
        while (before == context.Super->Current.Number && ended == cuts.Ended && context.PoisonStatus == StoreStatus.Ok && !cuts.IsStopping)
            context.Fibers.Block(&context.Queues->Room);
        if (context.PoisonStatus != StoreStatus.Ok)
            return StoreStatus.Poisoned;
        return before == context.Super->Current.Number && ended != cuts.Ended ? cuts.LastStatus : StoreStatus.Ok;
    }

    /// <summary>Returns when no cut is being made. Blocks.</summary>
    public void AwaitEnd()
    {
        while (cuts.IsCutting)
            context.Fibers.Block(&context.Queues->Cut);
    }

    private StoreStatus MakeCut()
    {
        StoreStatus status = writer.Write();
        if (status != StoreStatus.Ok)
            return status;

        // Still in the stretch in which the cut was published.
        if (present.IsFreezeRequired)
            schedule.Freeze();
        ulong start = context.Fibers.Trace.Begin();
        discarder.DiscardFreed();
        context.Fibers.Trace.End(TraceKind.Discard, start, 0);
        return StoreStatus.Ok;
    }
}
