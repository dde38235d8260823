// The space map: a tree of fixed places. A page of level 0 holds a 16-bit reference count for each block of a group; pages of level 1 and
// 2 hold entries about the pages below; the superblock holds the entries for level 2. Each page has three slots: a cut that changes it writes
// slot + 1 (modulo 3), so that neither the current nor the previous superblock's version is ever overwritten.
using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>What a parent knows about a page of the space map.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct SpaceEntry
{
    public const int Bytes = 16;

    public ulong Checksum;

    /// <summary>Blocks without a reference below this entry.</summary>
    public uint Free;

    /// <summary>0, 1 or 2.</summary>
    public byte Slot;

    /// <summary>Zero when the page has never been written: everything below is free.</summary>
    public byte IsPresent;
    public ushort Reserved;
}

/// <summary>The header of a page of the space map, followed by counts (level 0) or entries.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct SpacePageHeader
{
    public const int Bytes = 32;

    public uint Magic;
    public uint Level;
    public ulong Index;

    /// <summary>The cut that wrote the page; the Freed marks belong to it.</summary>
    public ulong Cut;
    public ulong Reserved;
}

/// <summary>Sizes and special counts of the space map.</summary>
internal static class SpacePage
{
    public const int BlocksPerGroup = (4096 - SpacePageHeader.Bytes) / 2;
    public const int EntriesPerPage = (4096 - SpacePageHeader.Bytes) / SpaceEntry.Bytes;
    public const int Slots = 3;
    public const int Levels = 3;

    /// <summary>Freed by the cut in the page's header: reusable when the next cut is durable.</summary>
    public const ushort Freed = 0xFFFF;

    /// <summary>Freed before that cut: reusable when that cut is durable.</summary>
    public const ushort FreedBefore = 0xFFFE;

    /// <summary>
    /// In memory only, FreedBefore on the disk: freed, and waiting for the first age of open views; the next values are the others'.
    /// </summary>
    public const ushort FirstAge = Released - StoreMemory.Views;

    /// <summary>
    /// In memory only, FreedBefore on the disk: no open view needs the block any more. Free when the next cut has brought its page up to
    /// date.
    /// </summary>
    public const ushort Released = 0xFFFC;

    /// <summary>In memory only: allocated by a commit or a cut whose trees are not written yet. Zero on the disk.</summary>
    public const ushort New = 0xFFFD;

    /// <summary>A count that reaches this stays for ever: the block is never freed.</summary>
    public const ushort Saturated = 0xFFF0;
}
