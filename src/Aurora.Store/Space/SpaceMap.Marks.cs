// Marks: when a freed block is free. A page's own marks (Freed, FreedBefore) belong to the last cut that touched it. When a later cut does,
// free ones become zero; of the others the page would forget which cut freed them, so that with views of several ages open they would wait
// for the youngest. In memory they get the mark of the age they wait for instead. When that is the oldest, they are released, and become
// zero with the next cut, which writes their page; only then do they count as free, because a page may be given away before, and on the
// disk they are FreedBefore. A page that was given away and comes back only knows that: safe, and no worse than late.
using System;
using Aurora.Base;

namespace Aurora.Store;

internal sealed unsafe partial class SpaceMap
{
    private readonly ViewAges _ages = new();

    /// <summary>The cut being made, or the last one made.</summary>
    private ulong _cut;
    private ulong _durableCut;

    /// <summary>Marks that are due at this cut, or before, are free blocks.</summary>
    private ulong _reusableCut;

    // Blocks that are not free, by the cut they are due at: behind the one being made, at it, and before (in _ages). Those with marks of an
    // age, or released, are in _viewMarks instead.
    private ulong _freedByCut;
    private ulong _freedByLast;
    private ulong _viewMarks;

    /// <summary>A view of this cut is opened.</summary>
    public void OpenView(ulong cut) => _ages.Open(cut + 1);

    /// <summary>A view of this cut is closed: what only it could read is free, at the latest with the next cut.</summary>
    public void CloseView(ulong cut)
    {
        _ages.Close(cut + 1);
        UpdateReusable(_durableCut, isViewClosed: true);
    }

    /// <summary>What the cuts before the last durable one have freed becomes free, unless a view is open that may read it.</summary>
    public void UpdateReusable(ulong durableCut, bool isViewClosed = false)
    {
        _durableCut = durableCut;
        if (durableCut >= _cut)
        {
            _ages.WaitingFor(_ages.First(_cut)) += _freedByLast;
            _freedByLast = 0;
        }
        ulong oldest = _ages.Oldest;
        bool isHeldBack = oldest < durableCut;
        ulong reusable = isHeldBack ? oldest : durableCut;
        bool hasMoved = reusable != _reusableCut;
        _reusableCut = reusable;
        FreeBlocks += _ages.Release(reusable, isHeldBack);
        if (hasMoved || isViewClosed)
            Regrade();
    }

    /// <summary>In a cut: brings the pages up to date that have released blocks. Blocks.</summary>
    public void TakeReleased()
    {
        for (int i = 0; i < _frameCount && _viewMarks > 0; i++)
        {
            SpaceFrame* frame = &_frames[i];
            if (frame->State != FrameState.Ready || frame->ViewMarks == 0 || !Counts(frame).Contains(SpacePage.Released))
                continue;
            Touch(frame);
            _context.Fibers.Yield();
        }
    }

    private static Span<ushort> Counts(SpaceFrame* frame) => new(CountsOf(frame), SpacePage.BlocksPerGroup);

    private static bool IsViewMark(ushort count) => count is >= SpacePage.FirstAge and <= SpacePage.Released;

    private void AddViewMarks(SpaceFrame* frame, int marks)
    {
        frame->ViewMarks += marks;
        _viewMarks += (ulong)(long)marks;
    }

    private ref ulong WaitingFor(ulong due)
    {
        if (due > _cut)
            return ref _freedByCut;
        if (due == _cut && _durableCut < _cut)
            return ref _freedByLast;
        return ref _ages.WaitingFor(_ages.First(due));
    }

    // The mark of a block on a page of a cut. That of an age says no more than FreedBefore when its limit is the page's cut.
    private ushort MarkFor(ulong due, ulong pageCut)
    {
        int age = _ages.First(_context.Has(SeededFaults.MisjudgedAge) ? due - 1 : due);
        return age != ViewAges.None && _ages.LimitOf(age) < pageCut ? (ushort)(SpacePage.FirstAge + age) : SpacePage.FreedBefore;
    }

    // The cut being made touches a page for the first time.
    private void UpdateMarks(SpaceFrame* frame)
    {
        ulong pageCut = ((SpacePageHeader*)frame->Data)->Cut;
        Span<ushort> counts = Counts(frame);
        for (int i = 0; i < counts.Length; i++)
        {
            ushort count = counts[i];
            if (count == SpacePage.Released)
            {
                counts[i] = 0;
                AddViewMarks(frame, -1);
                FreeBlocks++;
            }
            else if (count >= SpacePage.FreedBefore)
            {
                counts[i] = IsFree(count, pageCut) ? (ushort)0 : Aged(frame, count == SpacePage.Freed ? pageCut + 1 : pageCut);
            }
        }
    }

    private ushort Aged(SpaceFrame* frame, ulong due)
    {
        ushort mark = MarkFor(due, _cut);
        WaitingFor(due)--;
        if (mark == SpacePage.FreedBefore)
            WaitingFor(_cut)++;
        else
            AddViewMarks(frame, 1);
        return mark;
    }

    // Views have been opened or closed, or a cut is durable: no mark is that of an age that has gone, or has been reached.
    private void Regrade()
    {
        for (int i = 0; i < _frameCount && _viewMarks > 0; i++)
        {
            if (_frames[i].State != FrameState.Empty && _frames[i].ViewMarks > 0)
                Regrade(&_frames[i]);
        }
    }

    private void Regrade(SpaceFrame* frame)
    {
        ulong pageCut = ((SpacePageHeader*)frame->Data)->Cut;
        Span<ushort> counts = Counts(frame);
        for (int i = 0; i < counts.Length; i++)
        {
            if (!IsViewMark(counts[i]))
                continue;
            ulong due = counts[i] == SpacePage.Released ? 0 : _ages.LimitOf(counts[i] - SpacePage.FirstAge);
            if (due > _reusableCut)
                counts[i] = MarkFor(due, pageCut);
            else
                counts[i] = pageCut <= _reusableCut ? SpacePage.FreedBefore : SpacePage.Released;
            if (counts[i] == SpacePage.FreedBefore)
                ForgetViewMark(frame, pageCut);
        }
    }

    // The page is given away.
    private void ForgetViewMarks(SpaceFrame* frame)
    {
        ulong pageCut = ((SpacePageHeader*)frame->Data)->Cut;
        for (int marks = frame->ViewMarks; marks > 0; marks--)
            ForgetViewMark(frame, pageCut);
    }

    private void ForgetViewMark(SpaceFrame* frame, ulong pageCut)
    {
        AddViewMarks(frame, -1);
        if (pageCut <= _reusableCut)
            FreeBlocks++;
        else
            WaitingFor(pageCut)++;
    }

    private bool IsFree(ushort count, ulong markCut) => count switch
    {
        0 => true,
        SpacePage.Freed => _reusableCut > markCut || _context.Has(SeededFaults.EarlyBlockReuse),
        SpacePage.FreedBefore => _reusableCut >= markCut,
        _ => false,
    };
}
