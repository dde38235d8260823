// Rebuilds a group's kernel objects from their records in three passes: Create all, Link all, Finish all (see StateCodec). The records
// are read from the store once and staged in memory, so no pass waits for the device. Records are input: an unknown kind, a short record
// or a codec's refusal ends the restore with the object named.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Restores staged records through the codecs.</summary>
public sealed unsafe class ObjectRestorer(CodecTable codecs, ObjectTracker tracker)
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

    /// <summary>Runs all passes; on failure <paramref name="fault"/> names the object.</summary>
    public RestoreStatus Restore(RecordStage records, out RestoreFault fault)
    {
        RestoreStatus status = Run(Phase.Create, records, out fault);
        if (status == RestoreStatus.Ok)
            status = Run(Phase.Link, records, out fault);
        if (status == RestoreStatus.Ok)
            status = Run(Phase.Finish, records, out fault);
        return status;
    }

    private RestoreStatus Run(Phase phase, RecordStage records, out RestoreFault fault)
    {
        RecordStage.Cursor cursor = default;
        while (records.Next(ref cursor, out ObjectId id, out ReadOnlySpan<byte> record))
        {
            fault = new RestoreFault { Id = id, Status = Apply(phase, id, record, out ObjectKind kind), Kind = kind };
            if (fault.Status != RestoreStatus.Ok)
                return fault.Status;
        }
        fault = default;
        return RestoreStatus.Ok;
    }

    private RestoreStatus Apply(Phase phase, ObjectId id, ReadOnlySpan<byte> record, out ObjectKind kind)
    {
        kind = ObjectKind.None;
        if (record.Length < RecordHeader.Size || id.IsNone)
            return RestoreStatus.BadRecord;
        var header = MemoryMarshal.Read<RecordHeader>(record);
        kind = header.Kind;
        StateCodec? codec = codecs.Find(kind);
        if (SkipsUnknownKinds && (codec is null || IsOwnedByProcesses(kind)))
            return RestoreStatus.Ok;
        if (codec is null)
            return RestoreStatus.UnknownVersion;
        ReadOnlySpan<byte> payload = record[RecordHeader.Size..];
        if (phase == Phase.Create)
            return tracker.Find(id) == null ? codec.Create(tracker, id, header.Version, payload) : RestoreStatus.BadRecord;
        ObjectHeader* live = tracker.Find(id, kind);
        if (live == null)
            return RestoreStatus.MissingReference;
        return phase == Phase.Link ? codec.Link(tracker, live, payload) : codec.Finish(tracker, live);
    }

    private static bool IsOwnedByProcesses(ObjectKind kind)
        => kind is ObjectKind.OpenFile or ObjectKind.DescriptorTable or ObjectKind.DescriptorChunk or ObjectKind.FileContext or ObjectKind.FileLock
            or ObjectKind.AddressSpace or ObjectKind.Mapping;
}
