// Persists that wait for a fiber: first to be submitted, in the order in which they were taken, one of a region behind the other; then
// to become durable, in the order of the log. Two bounds keep fibers free for the small ones of other regions: of the slow ones, whose data
// is waited for before they are in the log, only so many are submitted at a time, and only so many fibers wait for what has been submitted.
// A third leaves commits of the store to others. Who is passed over is still before those of his region. Protected by the kernel lock.
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

    private RegionPersist* _first;
    private RegionPersist* _last;
    private RegionPersist* _firstSubmitted;
    private RegionPersist* _lastSubmitted;
    private int _underWay;
    private int _slow;
    private int _awaiting;
    private ulong _look;

    /// <summary>Something has been submitted that a fiber may wait for.</summary>
    public bool MayAwait => _firstSubmitted != null && _awaiting < MostAwaiting;

    /// <summary>Puts a persist behind the others.</summary>
    public void Enqueue(RegionPersist* persist) => Append(ref _first, ref _last, persist);

    /// <summary>
    /// Takes the first persist whose region has none on its way into the log, to be submitted; null for none. Until
    /// <see cref="NoteTaken"/>.
    /// </summary>
    public RegionPersist* TakeNext()
    {
        if (_underWay == MostUnderWay)
            return null;
        _look++;
        RegionPersist* previous = null;
        for (RegionPersist* persist = _first; persist != null; previous = persist, persist = persist->Next)
        {
            if (persist->Entry->IsSubmitting || persist->Entry->PassedOver == _look)
                continue;
            if (persist->IsSlow && _slow == MostSlow)
            {
                persist->Entry->PassedOver = _look;
                continue;
            }
            Unlink(previous, persist);
            _underWay++;
            _slow += persist->IsSlow ? 1 : 0;
            return persist;
        }
        return null;
    }

    /// <summary>A persist, slow or not, has been submitted, or has ended.</summary>
    public void NoteTaken(RegionPersist* persist, bool isSubmitted, bool wasSlow)
    {
        _slow -= wasSlow ? 1 : 0;
        if (isSubmitted)
            Append(ref _firstSubmitted, ref _lastSubmitted, persist);
        else
            _underWay--;
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

    /// <summary>One that has been submitted has ended.</summary>
    public void NoteLanded()
    {
        _awaiting--;
        _underWay--;
    }

    /// <summary>Takes a region's next persist that has not been submitted, or null.</summary>
    public RegionPersist* TakeOf(RegionEntry* entry)
    {
        RegionPersist* previous = null;
        for (RegionPersist* persist = _first; persist != null; previous = persist, persist = persist->Next)
        {
            if (persist->Entry != entry)
                continue;
            Unlink(previous, persist);
            return persist;
        }
        return null;
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

    private void Unlink(RegionPersist* previous, RegionPersist* persist)
    {
        if (previous == null)
            _first = persist->Next;
        else
            previous->Next = persist->Next;
        if (_last == persist)
            _last = previous;
    }
}
