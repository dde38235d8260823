// Persists that wait for a fiber: first to be submitted, in the order in which they were taken, one of a region behind the other; then
// to become durable, in the order of the log. Two bounds keep fibers free for the small ones of other regions: of the slow ones, whose data
// is waited for before they are in the log, only so many are submitted at a time, and only so many fibers wait for what has been submitted.
// A third leaves commits of the store to others. Who is passed over is still before those of his region. Persists of several regions that
// are one stand side by side and are taken together, when the first of each region may be. Protected by the kernel lock.
using System;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Which persist is next.</summary>
internal sealed unsafe class RegionQueue
{
    /// <summary>Fibers that persist: as many as the bounds keep busy, and two for what is quick.</summary>
    public const int Fibers = MostSlow + MostAwaiting + 2;

    private const int MostSlow = 4;
    private const int MostAwaiting = 2;

    // Half of the commits that the store has.
    private const int MostUnderWay = 16;

    private const ulong MostQuickPages = 256;

    private RegionPersist* _first;
    private RegionPersist* _last;
    private RegionPersist* _firstSubmitted;
    private RegionPersist* _lastSubmitted;
    private int _underWay;
    private int _slow;
    private int _slowCommits;
    private int _awaiting;
    private ulong _look;

    /// <summary>Deliberate bugs, for tests.</summary>
    public SeededRegionFaults Seeded { get; init; }

    /// <summary>Something has been submitted that a fiber may wait for.</summary>
    public bool MayAwait => _firstSubmitted != null && _awaiting < MostAwaiting;

    /// <summary>
    /// Somebody else may begin with one in the queue: the first is not behind one that has been taken, or that one takes so long that
    /// those further behind do not wait for it.
    /// </summary>
    public bool HasMoreThan(RegionPersist* taken) => _first != null && (taken->IsSlow || _first->Entry != taken->Entry);

    /// <summary>Puts a persist behind the others.</summary>
    public void Enqueue(RegionPersist* persist) => Append(ref _first, ref _last, persist);

    /// <summary>
    /// Takes the first persist whose region has none on its way into the log, to be submitted, with those that are one with it; null for
    /// none. Until <see cref="NoteTaken"/>.
    /// </summary>
    public RegionPersist* TakeNext()
    {
        _look++;
        bool isSlowHeld = false;
        RegionPersist* previous = null;
        for (RegionPersist* first = _first, next; first != null; first = next)
        {
            RegionPersist* last = first;
            int count = 1;
            for (; first->Together != 0 && last->Next != null && last->Next->Together == first->Together; last = last->Next)
                count++;
            next = last->Next;
            bool isInTurn = IsInTurn(first, next);
            bool isSlow = IsSlowUntil(first, next);
            if (isInTurn && (!isSlow || (!isSlowHeld && HasPlaceForSlow(count))))
            {
                // For as many as that those that are quick are waited for.
                if (_underWay + count > MostUnderWay)
                    return null;
                Unlink(previous, first, last);
                NoteBegun(first, count, isSlow);
                return first;
            }
            // The slow one that waits for a place is passed by no other slow one, or many that are one might never have theirs.
            isSlowHeld |= isInTurn && isSlow;
            for (RegionPersist* persist = first; persist != next; persist = persist->Next)
                persist->Entry->PassedOver = _look;
            previous = last;
        }
        return null;
    }

    /// <summary>Persists, slow or not, that were taken together, have been submitted, or have ended.</summary>
    public void NoteTaken(RegionPersist* first, bool isSubmitted, bool wasSlow, int count)
    {
        _slow -= wasSlow ? 1 : 0;
        _slowCommits -= wasSlow ? count : 0;
        if (isSubmitted)
            Append(ref _firstSubmitted, ref _lastSubmitted, first);
        else
            _underWay -= count;
    }

    /// <summary>Takes the first persist that was submitted; null when nobody is to wait for one. Until <see cref="NoteLanded"/>.</summary>
    public RegionPersist* TakeSubmitted()
    {
        if (!MayAwait)
            return null;
        RegionPersist* persist = _firstSubmitted;
        _firstSubmitted = persist->Next;
        if (_firstSubmitted == null)
            _lastSubmitted = null;
        _awaiting++;
        return persist;
    }

    /// <summary>So many that have been submitted together have ended.</summary>
    public void NoteLanded(int count)
    {
        _awaiting--;
        _underWay -= count;
    }

    /// <summary>
    /// Takes a region's next persist that has not been submitted, to be refused, or null. What is one with it is refused in its turn.
    /// </summary>
    public RegionPersist* TakeOf(RegionEntry* entry, StoreStatus status)
    {
        RegionPersist* previous = null;
        RegionPersist* firstTogether = null;
        for (RegionPersist* persist = _first; persist != null; previous = persist, persist = persist->Next)
        {
            if (firstTogether == null || firstTogether->Together != persist->Together)
                firstTogether = persist;
            if (persist->Entry != entry)
                continue;
            RegionPersist* other = firstTogether;
            for (; other != null && other->Together == persist->Together && persist->Together != 0; other = other->Next)
            {
                if (other != persist)
                    Doom(other, status);
            }
            Unlink(previous, persist, persist);
            return persist;
        }
        return null;
    }

    /// <summary>Another of those that a persist is one with is refused.</summary>
    public static void Doom(RegionPersist* persist, StoreStatus status)
    {
        if (persist->RefusedWith != StoreStatus.Ok)
            return;
        persist->RefusedWith = status;
        persist->Entry->Doomed++;
    }

    private bool IsInTurn(RegionPersist* first, RegionPersist* end)
    {
        for (RegionPersist* persist = first; persist != end; persist = persist->Next)
        {
            bool isBehind = persist->Entry->IsSubmitting && !Seeded.Has(SeededRegionFaults.UnorderedPersists);
            if (isBehind || persist->Entry->PassedOver == _look)
                return false;
        }
        return true;
    }

    // Whoever submits them waits for the device: one of them is more than its share of what the store writes without waiting for its data.
    private static bool IsSlowUntil(RegionPersist* first, RegionPersist* end)
    {
        ulong most = 0;
        ulong count = 0;
        bool opens = false;
        for (RegionPersist* persist = first; persist != end; persist = persist->Next, count++)
        {
            most = Math.Max(most, persist->Flight.Pages);
            opens |= persist->IsOpening;
        }
        return opens || most * count > MostQuickPages;
    }

    // Many that are one take many commits of the store, and half of them are left to others.
    private bool HasPlaceForSlow(int count) => _slow == 0 || (_slow < MostSlow && _slowCommits + count <= MostUnderWay / 2);

    private void NoteBegun(RegionPersist* first, int count, bool isSlow)
    {
        first->Joined = count;
        first->IsSlow = isSlow;
        _underWay += count;
        _slow += isSlow ? 1 : 0;
        _slowCommits += isSlow ? count : 0;
    }

    private static void Append(ref RegionPersist* first, ref RegionPersist* last, RegionPersist* persist)
    {
        persist->Next = null;
        if (last == null)
            first = persist;
        else
            last->Next = persist;
        last = persist;
    }

    // Those from one to another, which are taken together.
    private void Unlink(RegionPersist* previous, RegionPersist* first, RegionPersist* last)
    {
        if (previous == null)
            _first = last->Next;
        else
            previous->Next = last->Next;
        if (_last == last)
            _last = previous;
        last->Next = null;
        for (RegionPersist* persist = first; persist != null; persist = persist->Next)
            persist->NextJoined = persist->Next;
        for (RegionPersist* persist = first; persist != null; persist = persist->NextJoined)
            persist->Next = null;
    }
}
