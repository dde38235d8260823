// The record of the one object of a region's volume, behind a RecordHeader of kind Region. On-disk format:
//
//   0  where the region is mapped, the same for ever     16  its length in pages     28  zero               48  the commit that opened
//   8  pages that are kept for it there                  24  the user it belongs to  32  identity (random)  56  the persist before that
//                                                                                    64  of numbers above, none was refused
//
// A commit that opens (RegionNumbers) changes no page: while it is the newest of the volume, the region is as after the persist before it.
//
// Addresses lie in a window that nothing else is given: 0x6000_0000_0000 up to 0x7000_0000_0000. A clone has the address of its source.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;

namespace Aurora.Checkpoint;

/// <summary>What is stored of a region beside its pages.</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal struct RegionRecord
{
    public const int Size = 72;
    public const byte CurrentVersion = 1;

    /// <summary>The id of the object.</summary>
    public static readonly ObjectId Object = new(1);

    public const ulong WindowStart = 0x6000_0000_0000;
    public const ulong WindowEnd = 0x7000_0000_0000;
    public const ulong WindowPages = (WindowEnd - WindowStart) >> PageSize.Shift;

    public ulong Address;
    public ulong SpanPages;
    public ulong SizePages;
    public uint User;
    public uint Reserved;
    public RegionIdentity Identity;
    public ulong Opened;
    public ulong Before;
    public ulong Sound;

    /// <summary>Every field may be.</summary>
    public readonly bool IsValid =>
        (Address & PageSize.OffsetMask) == 0 && Address >= WindowStart && Address < WindowEnd
        && SpanPages > 0 && SpanPages <= (WindowEnd - Address) >> PageSize.Shift
        && SizePages > 0 && SizePages <= SpanPages && Reserved == 0
        && !Identity.IsNone && Before > 0 && Before <= Opened && Opened <= Sound && IsNumber(Sound);

    /// <summary>A record can name it: nobody gets to the end of these.</summary>
    public static bool IsNumber(ulong number) => number is > 0 and < 1UL << 63;

    /// <summary>A region that comes into memory can go on from it.</summary>
    public static bool IsStart(ulong number) => number is > 0 and < 1UL << 62;

    /// <summary>What the region is as after, when the newest commit of its volume has this number.</summary>
    public readonly ulong StateOf(ulong last) => last == Opened ? Before : last;

    /// <summary>The record of a new region, of which the commit with a number is the first.</summary>
    public static RegionRecord New(RandomSource random, uint user, ulong number)
    {
        var record = new RegionRecord { User = user, Opened = number, Before = number, Sound = number };
        Span<ulong> identity = stackalloc ulong[2];
        while ((identity[0] | identity[1]) == 0)
            random.Fill(MemoryMarshal.AsBytes(identity));
        record.Identity = new RegionIdentity { Low = identity[0], High = identity[1] };
        return record;
    }

    /// <summary>Writes it with its header; returns the length.</summary>
    public readonly int Write(Span<byte> record)
    {
        Panic.Unless(IsValid, "regions: a record that none may have"u8);
        int header = RecordHeader.Write(record, ObjectKind.Region, CurrentVersion, user: 0);
        MemoryMarshal.Write(record[header..], in this);
        return header + Size;
    }

    /// <summary>Takes a record apart; false when it is none of a region.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RegionRecord record)
    {
        record = default;
        if (!RecordHeader.TryRead(bytes, out RecordHeader header, out _, out ReadOnlySpan<byte> payload)
            || header.Kind != ObjectKind.Region || header.Version != CurrentVersion || payload.Length != Size)
            return false;
        record = MemoryMarshal.Read<RegionRecord>(payload);
        return record.IsValid;
    }
}
