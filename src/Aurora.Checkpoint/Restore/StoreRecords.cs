// The records of a volume's present state, for a restore that goes through them several times. What fits a window is kept from the first
// pass, so that a session of ordinary size is read once; the rest is read again in every pass. So a restore needs no more memory than the
// objects it makes and the window: what fitted a machine while it ran fits it again.
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
    private VolumeId _volume;
    private RecordStage _window;
    private byte* _room;
    private RecordStage.Cursor _cursor;
    private ObjectId _last;
    private ObjectId _lastKept;
    private bool _isFull;
    private bool _isRepeated;

    /// <summary>A source that keeps at most <paramref name="windowBytes"/> of records.</summary>
    public StoreRecords(ObjectStore store, PageAllocator pages, long windowBytes)
    {
        _store = store;
        _pages = pages;
        _windowBytes = windowBytes;
    }

    /// <summary>
    /// Begins with a volume; false when there is no memory even for one record. <see cref="Clear"/> gives the memory back.
    /// </summary>
    public bool Open(VolumeId volume)
    {
        Panic.Unless(_room == null, "restore: two at once from one source"u8);
        _volume = volume;
        _cursor = default;
        _last = _lastKept = default;
        _isFull = _isRepeated = false;
        _room = (byte*)_pages.Allocate(1);
        return _room != null;
    }

    public override void Rewind()
    {
        _isRepeated = !_last.IsNone;
        _cursor = default;
        _last = _lastKept;
    }

    public override StoreStatus Next(out ObjectId id, out ReadOnlySpan<byte> record)
    {
        if (_isRepeated && _window.Next(ref _cursor, out id, out record))
            return StoreStatus.Ok;
        Span<byte> room = _isRepeated || _isFull ? default : _window.Reserve(_pages);
        bool isKept = !room.IsEmpty && _window.Bytes < _windowBytes;
        if (!isKept)
        {
            _isFull = true;
            room = new Span<byte>(_room, ObjectStore.MaxRecordBytes);
        }
        StoreStatus status = _store.NextRecord(_volume, ref _last, room, out int length);
        id = _last;
        record = status == StoreStatus.Ok ? room[..length] : default;
        if (isKept && status == StoreStatus.Ok)
        {
            _window.Append(id, length);
            _lastKept = id;
        }
        return status;
    }

    /// <summary>Ends the restore and gives the memory back.</summary>
    public void Clear()
    {
        _window.Clear(_pages);
        if (_room != null)
            _pages.Free(_room, 1);
        _room = null;
    }
}
