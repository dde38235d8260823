// The records of a volume's present state, for a restore that goes through them several times; those of files, which are read on demand,
// are not among them. What fits a window is kept from the first pass, so that a session of ordinary size is read once; the rest is read
// again in every pass. So a restore needs no more memory than the objects it makes and the window: what fitted a machine while it ran fits
// it again. A window that holds all of them may stay for the next restore of the same state (StagedStates).
using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Reads records from a store, for one restore at a time.</summary>
public sealed unsafe class StoreRecords : RecordSource
{
    private readonly ObjectStore _store;
    private readonly PageAllocator _pages;
    private readonly long _windowBytes;
    private readonly StagedStates _staged;
    private VolumeId _volume;
    private StagedState* _window;
    private RecordStage.Cursor _cursor;

    // Behind the window: a few records at a time, in a page.
    private byte* _room;
    private RecordRun _run;
    private int _next;

    // Up to here records are in the window, and have been read in this pass.
    private ObjectId _lastKept;
    private ObjectId _last;
    private bool _isFull;
    private bool _isAtEnd;

    private static ObjectId LastOfAll => new(FileIds.FirstOnDemand - 1);

    /// <summary>A source that keeps at most <paramref name="windowBytes"/> of records, and what is read with the last of them.</summary>
    public StoreRecords(ObjectStore store, PageAllocator pages, long windowBytes, StagedStates staged)
    {
        _staged = staged;
        _store = store;
        _pages = pages;
        _windowBytes = windowBytes;
    }

    /// <summary>
    /// Begins with the volume of a group, to which nothing is written meanwhile; false when there is no memory even for one record. What is
    /// read may stay for the next one that begins with the same state. <see cref="Clear"/> gives the memory back. Blocks.
    /// </summary>
    public bool Open(ObjectTracker group, VolumeId volume, bool mayStay)
    {
        Panic.Unless(_room == null, "restore: two at once from one source"u8);
        _room = (byte*)_pages.Allocate(1);
        if (_room == null)
            return false;
        // When it cannot be found the records cannot be read either, and who reads them is told why.
        StoredState state = default;
        // Nobody will ask again for what has no better name than that of a volume which was just made.
        if (mayStay && (_store.FindState(volume, out state) != StoreStatus.Ok || state.Sequence == 0))
            state = default;
        _volume = volume;
        _window = _staged.Begin(group, in state);
        _lastKept = default;
        _isFull = false;
        Rewind();
        return true;
    }

    public override bool TryCount(Span<int> counts)
    {
        new ReadOnlySpan<int>(_window->Counts, StagedState.KindCount).CopyTo(counts);
        return _window->IsCounted;
    }

    public override void NoteCount(ReadOnlySpan<int> counts)
    {
        counts.CopyTo(new Span<int>(_window->Counts, StagedState.KindCount));
        _window->IsCounted = true;
    }

    public override void Rewind()
    {
        _cursor = default;
        _run = default;
        _next = 0;
        _last = _lastKept;
        _isAtEnd = _window->IsWhole;
    }

    public override StoreStatus Next(out ObjectId id, out ReadOnlySpan<byte> record)
    {
        StoreStatus status = StoreStatus.Ok;
        while (status == StoreStatus.Ok)
        {
            if (_window->Records.Next(ref _cursor, out id, out record))
                return StoreStatus.Ok;
            if (_next < _run.Used)
            {
                _next += RecordRunEntry.Read(_run.Room + _next, out id, out record);
                return StoreStatus.Ok;
            }
            status = _isAtEnd ? StoreStatus.NotFound : ReadOn();
        }
        id = default;
        record = default;
        return status;
    }

    // Reads some more, into the window as long as that has room.
    private StoreStatus ReadOn()
    {
        RecordRun run = default;
        bool isKept = !_isFull && _window->Records.Bytes < _windowBytes && _window->Records.TryReserve(_pages, out run);
        _isFull = !isKept;
        if (!isKept)
            run = new RecordRun(_room, PageSize.Bytes);
        ObjectId last = _last;
        StoreStatus status = _store.NextRecords(_volume, ref last, LastOfAll, ref run);
        if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
            return status;
        _last = last;
        _isAtEnd = status == StoreStatus.NotFound;
        _next = 0;
        _run = isKept ? default : run;
        if (!isKept)
            return StoreStatus.Ok;
        _window->Records.Append(in run);
        _lastKept = last;
        _window->IsWhole = _isAtEnd;
        return StoreStatus.Ok;
    }

    /// <summary>Ends the restore and gives the memory back, unless what was read stays. Without one nothing happens.</summary>
    public void Clear(bool isRestored)
    {
        if (_room == null)
            return;
        _staged.End(isRestored);
        _window = null;
        _pages.Free(_room, 1);
        _room = null;
    }
}
