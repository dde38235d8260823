using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Checkpoint.Tests;

/// <summary>Records that a test has made, as files read them.</summary>
internal sealed class ListedFileRecords(IReadOnlyList<(ObjectId Id, byte[] Record)> records) : FileRecords
{
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
        int found = -1;
        for (int i = 0; i < records.Count; i++)
        {
            if (records[i].Id > after && (found < 0 || records[i].Id < records[found].Id))
                found = i;
        }
        return Describe(found, room, out record);
    }

    public override RecordRead Read(ObjectTracker group, ObjectId id, Span<byte> room, out StoredRecord record)
    {
        int found = -1;
        for (int i = 0; i < records.Count; i++)
            found = records[i].Id == id ? i : found;
        return Describe(found, room, out record);
    }

    private RecordRead Describe(int found, Span<byte> room, out StoredRecord record)
    {
        record = default;
        if (found < 0)
            return RecordRead.End;
        record.Id = records[found].Id;
        if (!RecordHeader.TryRead(records[found].Record, out RecordHeader header, out uint user, out ReadOnlySpan<byte> payload))
            return RecordRead.Ok;
        payload.CopyTo(room);
        record.Kind = header.Kind;
        record.Version = header.Version;
        record.User = user;
        record.Length = payload.Length;
        return RecordRead.Ok;
    }

    public override void Asked()
    {
    }
}
