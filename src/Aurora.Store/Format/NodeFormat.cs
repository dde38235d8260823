// Tree nodes: 4 KiB, a 64-byte header and sorted entries. Map nodes (the leaves of page trees and all inner nodes) hold 24-byte
// entries: key, block, checksum. Record leaves (objects, history, volumes) hold entries of variable length. A node's checksum is kept in
// the pointer to it.
using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>Which tree a node belongs to.</summary>
internal enum TreeKind : byte
{
    Objects = 1,
    Pages = 2,
    History = 3,
    Volumes = 4,
}

[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct NodeHeader
{
    public const int Bytes = 64;

    public uint Magic;
    public TreeKind Kind;
    public byte Level;
    public ushort Count;

    /// <summary>Bytes of entries after the header.</summary>
    public uint UsedBytes;
    public uint Reserved;

    /// <summary>The cut that wrote the node.</summary>
    public ulong Cut;
    public ulong FirstKey;
    public ulong Block;
}

/// <summary>Key → block: a page's data, or a child whose keys start at Key.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct MapEntry
{
    public const int Bytes = 24;
    public const int PerNode = (4096 - NodeHeader.Bytes) / Bytes;

    public ulong Key;
    public ulong Block;
    public ulong Checksum;
}

/// <summary>
/// An object (or a kept checkpoint or a volume, whose Root is an object tree): followed by InlinePages map entries, then the record, padded
/// to 8 bytes. Objects of up to six pages keep their page map here; others have a page tree.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct RecordEntry
{
    public const int Bytes = 40;
    public const int MaxInlinePages = 6;
    public const byte HasRecord = 1;

    public ulong Key;
    public ulong RootBlock;
    public ulong RootChecksum;
    public ushort RecordLength;
    public byte RootLevel;
    public byte InlinePages;
    public byte Flags;
    public byte Reserved0;
    public ushort Reserved1;
    public ulong Reserved2;

    public readonly int TotalBytes => Bytes + (InlinePages * MapEntry.Bytes) + ((RecordLength + 7) & ~7);

    public readonly NodePointer Root => new() { Block = RootBlock, Checksum = RootChecksum, Level = RootLevel };
}
