// A volume on its way to another store: a stream of frames, each a header, so many bytes, and padding to eight. The first frame says what
// is sent, the last that it was all. The sum of a frame is the XXH64 of header (with the sum as zero) and bytes, seeded with the number
// of the frame, so that a lost, repeated or strayed one is noticed. All numbers are little-endian.
//
// Frames between say what differs from the base: the checkpoint of the same volume that the receiver has already, or nothing. They take
// effect in the order in which they come. docs/disk-format.md describes them.
using System.Runtime.InteropServices;

namespace Aurora.Store;

internal enum StreamFrameKind : uint
{
    None = 0,

    /// <summary>A <see cref="StreamStart"/> follows.</summary>
    Start = 1,

    /// <summary>The record of Object follows.</summary>
    Record = 2,

    /// <summary>Object, its record and pages, is gone.</summary>
    Delete = 3,

    /// <summary>Page of Object follows.</summary>
    Page = 4,

    /// <summary>Page of Object is a hole.</summary>
    Hole = 5,

    /// <summary>The last frame.</summary>
    End = 6,
}

/// <summary>The head of a frame.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct StreamFrame
{
    public const int Bytes = 32;

    public StreamFrameKind Kind;

    /// <summary>Bytes that follow, before padding.</summary>
    public uint Length;
    public ulong Object;
    public ulong Page;
    public ulong Checksum;
}

/// <summary>Of what kind the volume is that is sent.</summary>
internal enum StreamContent : uint
{
    /// <summary>The state of a group.</summary>
    Group = 0,

    /// <summary>A region: one object.</summary>
    Region = 1,
}

/// <summary>What is sent.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct StreamStart
{
    public const int Bytes = 64;
    public const ulong ExpectedMagic = 0x31444E4553554100; // "\0AUSEND1"

    /// <summary>Of groups. Who knows no other version would take a region for a group.</summary>
    public const uint GroupVersion = 1;
    public const uint RegionVersion = 2;

    public ulong Magic;
    public uint Version;
    public StreamContent Content;

    /// <summary>The store that sends.</summary>
    public ulong UuidLow;
    public ulong UuidHigh;

    /// <summary>The checkpoint that is sent, and the one the receiver must have already; 0 for none.</summary>
    public ulong Sequence;
    public ulong BaseSequence;

    /// <summary>The checkpoint's commit.</summary>
    public ulong Epoch;
    public ulong RealtimeNanoseconds;

    /// <summary>The version in which this is sent.</summary>
    public static uint VersionOf(StreamContent content) => content == StreamContent.Region ? RegionVersion : GroupVersion;

    /// <summary>Its numbers may be.</summary>
    public readonly bool IsPlausible => Magic == ExpectedMagic && BaseSequence < Sequence
        && Sequence <= StoreFormat.MaxCounter && Epoch <= StoreFormat.MaxCounter;
}
