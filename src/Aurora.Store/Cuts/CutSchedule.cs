// When cuts are due: when the log or the active set has grown, or time has passed. A cut takes what is in the active set when that
// is frozen: later commits go to a fresh one. Nothing here waits.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Decides when a cut is due, and freezes what it takes.</summary>
internal sealed unsafe class CutSchedule(StoreContext context, PresentState present, CutState cuts, LogState log)
{
    /// <summary>A commit has been applied: a cut may be due now.</summary>
    public void NoteCommit(ulong now)
    {
        if (cuts.LastTime == 0 || now < cuts.LastTime)
            cuts.LastTime = now;
        // What a cut is already taking care of does not ask for another one.
        ulong covered = present.IsFrozen ? present.FrozenEnd.LogPosition : context.Super->Current.LogPosition;
        bool isLogLong = log.Position - covered > context.Geometry.LogBlocks / 4;
        bool isDue = isLogLong
            || present.Active.Arena.BytesUsed > context.Options.OverlayBytes / 2
            || now - cuts.LastTime >= context.Options.CutIntervalNanoseconds;
        if (!isDue && !present.IsFrozen)
            return;
        if (isDue && !cuts.IsDue)
            cuts.LastTime = now;
        cuts.IsDue |= isDue;
        context.Fibers.WakeAll(&context.Queues->Work);
    }

    /// <summary>Asks for a cut, whether it is due or not.</summary>
    public void Ask()
    {
        cuts.IsDue = true;
        context.Fibers.WakeAll(&context.Queues->Work);
    }

    /// <summary>The active set becomes the frozen one, in one stretch.</summary>
    public void Freeze()
    {
        present.Freeze(new Cut { Sequence = log.LastSequence, LogPosition = log.Position, LogChain = log.Chain });
        present.IsFreezeRequired = false;
        context.Fibers.WakeAll(&context.Queues->Room);
    }
}
