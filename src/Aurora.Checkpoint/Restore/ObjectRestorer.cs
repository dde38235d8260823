// Rebuilds a group's kernel objects from their records in three passes: Create all, Link all, Finish all (see StateCodec). Each pass goes through
// the records anew, so that they need not all be in memory beside the objects. Records are input: an unknown kind, a short record or a codec's
// refusal ends the restore with the object named.
using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Restores records through the codecs.</summary>
public sealed unsafe class ObjectRestorer(CodecTable codecs, ObjectTracker tracker, UserAccounts accounts)
{
    private enum Phase
    {
        Create,
        Link,
        Finish,
    }

    /// <summary>
    /// Leave objects alone whose kind has no codec, instead of refusing them, and those that only processes own: they may refer to what was left alone.
    /// </summary>
    public bool SkipsUnknownKinds { get; init; }

    /// <summary>Runs all passes; on failure the result names the object, or says why the store could not be read.</summary>
    public RestoreResult Restore(RecordSource records)
    {
        RestoreResult result = Run(Phase.Create, records);
        if (result.IsOk)
            result = Run(Phase.Link, records);
        if (result.IsOk)
            result = Run(Phase.Finish, records);
        accounts.Leave();
        return result;
    }

    private RestoreResult Run(Phase phase, RecordSource records)
    {
        records.Rewind();
        for (;;)
        {
            StoreStatus read = records.Next(out ObjectId id, out ReadOnlySpan<byte> record);
            if (read == StoreStatus.NotFound)
                return default;
            if (read == StoreStatus.TooLong)
                return new RestoreResult { Fault = new RestoreFault { Id = id, Status = RestoreStatus.BadRecord } };
            if (read != StoreStatus.Ok)
                return new RestoreResult { Store = read };
            RestoreStatus status = Apply(phase, id, record, out ObjectKind kind);
            if (status != RestoreStatus.Ok)
                return new RestoreResult { Fault = new RestoreFault { Id = id, Status = status, Kind = kind } };
        }
    }

    private RestoreStatus Apply(Phase phase, ObjectId id, ReadOnlySpan<byte> record, out ObjectKind kind)
    {
        kind = ObjectKind.None;
        bool isWhole = RecordHeader.TryRead(record, out RecordHeader header, out uint user, out ReadOnlySpan<byte> payload);
        kind = header.Kind;
        if (!isWhole || id.IsNone)
            return RestoreStatus.BadRecord;
        StateCodec? codec = codecs.Find(kind);
        if (SkipsUnknownKinds && (codec is null || IsOwnedByProcesses(kind)))
            return RestoreStatus.Ok;
        if (codec is null)
            return RestoreStatus.UnknownVersion;
        accounts.Enter(user, isPrivileged: true);
        if (phase == Phase.Create)
            return Create(codec, id, header.Version, payload);
        ObjectHeader* live = tracker.Find(id, kind);
        if (live == null)
            return RestoreStatus.MissingReference;
        return phase == Phase.Link ? codec.Link(tracker, live, payload) : codec.Finish(tracker, live);
    }

    private RestoreStatus Create(StateCodec codec, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (tracker.Find(id) != null)
            return RestoreStatus.BadRecord;
        RestoreStatus status = codec.Create(tracker, id, version, payload);
        return status == RestoreStatus.Ok && !tracker.HasRoomToEnd ? RestoreStatus.OutOfMemory : status;
    }

    private static bool IsOwnedByProcesses(ObjectKind kind)
        => kind is ObjectKind.OpenFile or ObjectKind.DescriptorTable or ObjectKind.DescriptorChunk or ObjectKind.FileContext or ObjectKind.FileLock
            or ObjectKind.AddressSpace or ObjectKind.Mapping;
}
