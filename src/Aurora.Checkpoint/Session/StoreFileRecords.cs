using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>What files read of the store: the records of the volumes that the groups are.</summary>
public sealed unsafe class StoreFileRecords : FileRecords
{
    private readonly ObjectStore _store;
    private readonly CheckpointEngine _engine;
    private readonly StagedStates _staged;
    private readonly FiberScheduler _fibers;
    private readonly FiberQueue* _work;

    public StoreFileRecords(ObjectStore store, CheckpointEngine engine, StagedStates staged, FiberScheduler fibers, PageAllocator pages)
    {
        _staged = staged;
        _store = store;
        _engine = engine;
        _fibers = fibers;
        _work = (FiberQueue*)pages.Allocate(1);
        Panic.Unless(_work != null, "files: no memory for the queue of readers"u8);
    }

    /// <summary>Where fibers sleep that serve requests for names, while there are none.</summary>
    public FiberQueue* Work => _work;

    /// <summary>Where the fiber sleeps that makes room for names.</summary>
    public FiberQueue* RoomWork => _work + 1;

    /// <inheritdoc/>
    public override void Asked() => _fibers.WakeOne(_work);

    /// <inheritdoc/>
    public override void AskedForRoom() => _fibers.WakeOne(RoomWork);

    /// <inheritdoc/>
    public override bool MayForget(ObjectTracker group) => _store.Health == StoreStatus.Ok && _engine.IsReadable(group.Index);

    /// <inheritdoc/>
    public override RecordRead ReadRange(
        ObjectTracker group, ObjectId after, ObjectId last, Span<byte> room, Span<StoredRecord> records, out int count)
    {
        count = 0;
        fixed (byte* start = room)
        {
            var run = new RecordRun(start, room.Length, records.Length);
            if (!_staged.TryRead(group, after, last, ref run, out StoreStatus status))
            {
                ObjectId before = after;
                status = _store.NextRecords(_engine.VolumeOf(group.Index), ref after, last, ref run);
                _staged.NoteRead(group, before, last, in run, status);
            }
            for (int at = 0; at < run.Used; count++)
            {
                int next = at + RecordRunEntry.Read(start + at, out ObjectId id, out ReadOnlySpan<byte> record);
                records[count] = Describe(id, record);
                records[count].Start += at + RecordRunEntry.Bytes;
                at = next;
            }
            return status switch { StoreStatus.Ok => RecordRead.Ok, StoreStatus.NotFound => RecordRead.End, _ => RecordRead.Failed };
        }
    }

    /// <inheritdoc/>
    public override RecordRead Read(ObjectTracker group, ObjectId id, Span<byte> room, out StoredRecord record)
    {
        StoreStatus status = _store.ReadRecord(_engine.VolumeOf(group.Index), id, room, out int length);
        record = status == StoreStatus.Ok ? Describe(id, room[..length]) : new StoredRecord { Id = id };
        return status switch
        {
            StoreStatus.Ok or StoreStatus.TooLong => RecordRead.Ok,
            StoreStatus.NotFound => RecordRead.End,
            _ => RecordRead.Failed,
        };
    }

    // A record that is none has no kind.
    private static StoredRecord Describe(ObjectId id, ReadOnlySpan<byte> record)
    {
        var described = new StoredRecord { Id = id };
        if (!RecordHeader.TryRead(record, out RecordHeader header, out uint user, out ReadOnlySpan<byte> payload))
            return described;
        described.Kind = header.Kind;
        described.Version = header.Version;
        described.User = user;
        described.Start = record.Length - payload.Length;
        described.Length = payload.Length;
        return described;
    }
}
