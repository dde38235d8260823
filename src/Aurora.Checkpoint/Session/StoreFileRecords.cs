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
    private readonly FiberScheduler _fibers;
    private readonly FiberQueue* _work;

    public StoreFileRecords(ObjectStore store, CheckpointEngine engine, FiberScheduler fibers, PageAllocator pages)
    {
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
    public override RecordRead Next(ObjectTracker group, ObjectId after, Span<byte> room, out StoredRecord record)
    {
        StoreStatus status = _store.NextRecord(_engine.VolumeOf(group.Index), ref after, room, out int length);
        return Describe(status, after, room, length, out record);
    }

    /// <inheritdoc/>
    public override RecordRead Read(ObjectTracker group, ObjectId id, Span<byte> room, out StoredRecord record)
    {
        StoreStatus status = _store.ReadRecord(_engine.VolumeOf(group.Index), id, room, out int length);
        return Describe(status, id, room, length, out record);
    }

    // A record that is none has no kind.
    private static RecordRead Describe(StoreStatus status, ObjectId id, ReadOnlySpan<byte> room, int length, out StoredRecord record)
    {
        record = new StoredRecord { Id = id };
        if (status == StoreStatus.NotFound)
            return RecordRead.End;
        if (status == StoreStatus.TooLong)
            return RecordRead.Ok;
        if (status != StoreStatus.Ok)
            return RecordRead.Failed;
        if (!RecordHeader.TryRead(room[..length], out RecordHeader header, out uint user, out ReadOnlySpan<byte> payload))
            return RecordRead.Ok;
        record.Kind = header.Kind;
        record.Version = header.Version;
        record.User = user;
        record.Start = length - payload.Length;
        record.Length = payload.Length;
        return RecordRead.Ok;
    }
}
