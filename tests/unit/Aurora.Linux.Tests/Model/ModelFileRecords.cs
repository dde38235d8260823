using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Posix.Tests.Files;

/// <summary>Records of a model store as files read them; each is looked for anew.</summary>
internal sealed class ModelFileRecords(
    Func<ObjectTracker, IReadOnlyDictionary<ulong, (ObjectKind Kind, byte[] Payload)>> records, Func<ObjectKind, byte> versionOf,
    Func<ObjectTracker, ulong, uint> userOf)
    : FileRecords
{
    /// <summary>How many records were read.</summary>
    public int Reads { get; private set; }

    /// <summary>Ids whose records cannot be read.</summary>
    public HashSet<ulong> Unreadable { get; } = [];

    public override RecordRead ReadRange(
        ObjectTracker group, ObjectId after, ObjectId last, Span<byte> room, Span<StoredRecord> records, out int count)
    {
        int used = 0;
        for (count = 0; count < records.Length && room.Length - used >= LargestRecord; count++)
        {
            RecordRead read = Next(group, after, room[used..], out records[count]);
            if (read != RecordRead.Ok || records[count].Id > last)
                return read == RecordRead.Failed ? read : RecordRead.End;
            records[count].Start += used;
            used = records[count].Start + records[count].Length;
            after = records[count].Id;
        }
        return RecordRead.Ok;
    }

    private RecordRead Next(ObjectTracker group, ObjectId after, Span<byte> room, out StoredRecord record)
    {
        Reads++;
        record = default;
        ulong next = ulong.MaxValue;
        foreach (ulong id in records(group).Keys)
            next = id > after.Value && id < next ? id : next;
        return next == ulong.MaxValue ? RecordRead.End : Read(group, new ObjectId(next), room, out record);
    }

    public override RecordRead Read(ObjectTracker group, ObjectId id, Span<byte> room, out StoredRecord record)
    {
        record = default;
        ulong next = id.Value;
        if (!records(group).ContainsKey(next))
            return RecordRead.End;
        if (Unreadable.Contains(next))
            return RecordRead.Failed;
        (ObjectKind kind, byte[] payload) = records(group)[next];
        payload.CopyTo(room);
        record.Id = new ObjectId(next);
        record.Kind = kind;
        record.Version = versionOf(kind);
        record.User = userOf(group, next);
        record.Length = payload.Length;
        return RecordRead.Ok;
    }

    public override void Asked()
    {
    }
}
