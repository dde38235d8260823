// Marks: when a freed block is free. A page's own marks (Freed, FreedBefore) belong to the last cut that touched it. When a later cut does,
// free ones become zero; of the others the page would forget which cut freed them, so that with views of several ages open they would wait
// for the youngest. In memory they get the mark of the age they wait for instead. When that is the oldest, they are released, and become
// zero with the next cut, which writes their page; only then do they count as free, because a page may be given away before, and on the
// disk they are FreedBefore. A page that was given away and comes back only knows that: safe, and no worse than late.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Which freed blocks are free, on the pages that say so.</summary>
internal sealed unsafe class SpaceMarks(StoreContext context, SpaceState state, SpaceFrames frames)
{
    /// <summary>A view of this cut is opened.</summary>
    public void OpenView(ulong cut) => state.Ages.Open(cut + 1);

    /// <summary>A view of this cut is closed: what only it could read is free, at the latest with the next cut.</summary>
    public void CloseView(ulong cut)
    {
        state.Ages.Close(cut + 1);
        UpdateReusable(state.DurableCut, isViewClosed: true);
    }

    /// <summary>What the cuts before the last durable one have freed becomes free, unless a view is open that may read it.</summary>
    public void UpdateReusable(ulong durableCut, bool isViewClosed = false)
    {
        state.DurableCut = durableCut;
        if (durableCut >= state.Cut)
        {
            state.Ages.WaitingFor(state.Ages.First(state.Cut)) += state.FreedByLast;
            state.FreedByLast = 0;
        }
        ulong oldest = state.Ages.Oldest;
        bool isHeldBack = oldest < durableCut;
        ulong reusable = isHeldBack ? oldest : durableCut;
        bool hasMoved = reusable != state.ReusableCut;
        state.ReusableCut = reusable;
        state.FreeBlocks += state.Ages.Release(reusable, isHeldBack);
        if (hasMoved || isViewClosed)
            Regrade();
    }

    /// <summary>In a cut: brings the pages up to date that have released blocks. Blocks.</summary>
    public void TakeReleased()
    {
        for (int i = 0; i < frames.Count && state.ViewMarks > 0; i++)
        {
            SpaceFrame* frame = frames.At(i);
            if (frame->State != FrameState.Ready || frame->ViewMarks == 0 || !frame->CountSpan.Contains(SpacePage.Released))
                continue;
            Touch(frame);
            context.Fibers.Yield();
        }
    }

    /// <summary>The cut being made changes a page.</summary>
    public void Touch(SpaceFrame* frame)
    {
        SpacePageHeader* header = frame->Header;
        frame->IsDirty = true;
        if (header->Cut == state.Cut)
            return;
        if (frame->Level == 0)
            UpdateMarks(frame);
        header->Cut = state.Cut;
    }

    private static bool IsViewMark(ushort count) => count is >= SpacePage.FirstAge and <= SpacePage.Released;

    // The mark of a block on a page of a cut. That of an age says no more than FreedBefore when its limit is the page's cut.
    private ushort MarkFor(ulong due, ulong pageCut)
    {
        int age = state.Ages.First(context.Has(SeededFaults.MisjudgedAge) ? due - 1 : due);
        return age != ViewAges.None && state.Ages.LimitOf(age) < pageCut ? (ushort)(SpacePage.FirstAge + age) : SpacePage.FreedBefore;
    }

    // The cut being made touches a page for the first time.
    private void UpdateMarks(SpaceFrame* frame)
    {
        ulong pageCut = frame->Header->Cut;
        Span<ushort> counts = frame->CountSpan;
        for (int i = 0; i < counts.Length; i++)
        {
            ushort count = counts[i];
            if (count == SpacePage.Released)
            {
                counts[i] = 0;
                state.AddViewMarks(frame, -1);
                state.FreeBlocks++;
            }
            else if (count >= SpacePage.FreedBefore)
            {
                counts[i] = IsFree(count, pageCut) ? (ushort)0 : Aged(frame, count == SpacePage.Freed ? pageCut + 1 : pageCut);
            }
        }
    }

    private ushort Aged(SpaceFrame* frame, ulong due)
    {
        ushort mark = MarkFor(due, state.Cut);
        state.WaitingFor(due)--;
        if (mark == SpacePage.FreedBefore)
            state.WaitingFor(state.Cut)++;
        else
            state.AddViewMarks(frame, 1);
        return mark;
    }

    // Views have been opened or closed, or a cut is durable: no mark is that of an age that has gone, or has been reached.
    private void Regrade()
    {
        for (int i = 0; i < frames.Count && state.ViewMarks > 0; i++)
        {
            if (frames.At(i)->State != FrameState.Empty && frames.At(i)->ViewMarks > 0)
                Regrade(frames.At(i));
        }
    }

    private void Regrade(SpaceFrame* frame)
    {
        ulong pageCut = frame->Header->Cut;
        Span<ushort> counts = frame->CountSpan;
        for (int i = 0; i < counts.Length; i++)
        {
            if (!IsViewMark(counts[i]))
                continue;
            ulong due = counts[i] == SpacePage.Released ? 0 : state.Ages.LimitOf(counts[i] - SpacePage.FirstAge);
            if (due > state.ReusableCut)
                counts[i] = MarkFor(due, pageCut);
            else
                counts[i] = pageCut <= state.ReusableCut ? SpacePage.FreedBefore : SpacePage.Released;
            if (counts[i] == SpacePage.FreedBefore)
                ForgetViewMark(frame, pageCut);
        }
    }

    /// <summary>The page is given away.</summary>
    public void ForgetViewMarks(SpaceFrame* frame)
    {
        ulong pageCut = frame->Header->Cut;
        for (int marks = frame->ViewMarks; marks > 0; marks--)
            ForgetViewMark(frame, pageCut);
    }

    private void ForgetViewMark(SpaceFrame* frame, ulong pageCut)
    {
        state.AddViewMarks(frame, -1);
        if (pageCut <= state.ReusableCut)
            state.FreeBlocks++;
        else
            state.WaitingFor(pageCut)++;
    }

    /// <summary>Whether a count, on a page of a cut, is that of a free block.</summary>
    public bool IsFree(ushort count, ulong markCut) => count switch
    {
        0 => true,
        SpacePage.Freed => state.ReusableCut > markCut || context.Has(SeededFaults.EarlyBlockReuse),
        SpacePage.FreedBefore => state.ReusableCut >= markCut,
        _ => false,
    };
}
