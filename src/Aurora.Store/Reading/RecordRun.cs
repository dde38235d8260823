// Records of a volume one behind another in memory, in the order of their ids: each is a RecordRunEntry, the record, and padding to eight
// bytes. Filled by RecordScan; who keeps records for longer keeps them as they lie here.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>What precedes a record in a run.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct RecordRunEntry
{
    public const int Bytes = 16;

    public ulong Id;
    public int Length;
    public int Padding;

    /// <summary>What a record of so many bytes takes with all that belongs to it.</summary>
    public static int BytesFor(int length) => Bytes + ((length + 7) & ~7);

    /// <summary>What is in a run at a place; how far behind that the next one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(byte* at, out ObjectId id, out ReadOnlySpan<byte> record)
    {
        var entry = (RecordRunEntry*)at;
        id = new ObjectId(entry->Id);
        record = new ReadOnlySpan<byte>(entry + 1, entry->Length);
        return BytesFor(entry->Length);
    }
}

/// <summary>Room for records, at most so many, and how much of it is used.</summary>
public unsafe struct RecordRun(byte* room, int bytes, int most = int.MaxValue)
{
    public readonly byte* Room = room;

    /// <summary>Records in the run, the bytes of the records alone, and those used of the room.</summary>
    public int Count;
    public int RecordBytes;
    public int Used;

    /// <summary>The size of the room, and how many records there may be in it.</summary>
    public readonly int Bytes = bytes;
    public readonly int Most = most;

    /// <summary>Adds a record; false when it does not fit any more.</summary>
    public bool Add(ObjectId id, byte* record, int length)
    {
        int total = RecordRunEntry.BytesFor(length);
        if (Count == Most || total > Bytes - Used)
            return false;
        var entry = (RecordRunEntry*)(Room + Used);
        *entry = new RecordRunEntry { Id = id.Value, Length = length };
        new ReadOnlySpan<byte>(record, length).CopyTo(new Span<byte>(entry + 1, length));
        Count++;
        RecordBytes += length;
        Used += total;
        return true;
    }

    /// <summary>Puts so many records, as they lie in another run, into this one, which is empty and has room for them.</summary>
    public void Take(ReadOnlySpan<byte> entries, int count)
    {
        entries.CopyTo(new Span<byte>(Room, Bytes));
        Count = count;
        Used = entries.Length;
        for (int at = 0; at < Used;)
        {
            at += RecordRunEntry.Read(Room + at, out _, out ReadOnlySpan<byte> record);
            RecordBytes += record.Length;
        }
    }
}
