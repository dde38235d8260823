// x86-64 four-level page tables as plain memory in frames. The user half (entries 0-255 of the top level) belongs to the address
// space; the kernel half is copied once from a template, whose own entries never change after boot.
// A table's frame carries in its FrameInfo: Tag = live entries (user half only), References = 1 for the parent entry plus one for each
// protect-list entry that names one of its slots. An empty table is unhooked at once but its frame lives until the protect lists that
// point into it have been frozen: a stale pointer then clears a bit in a dead table and hurts nobody. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Makes, walks and takes down page tables. Invalidation is the caller's.</summary>
public sealed unsafe class PageTables
{
    private const int TopLevel = 4;
    private const int IndexBits = 9;
    private const ulong IndexMask = (1 << IndexBits) - 1;
    private const int EntryShift = 3;
    private const int UserTopEntries = 256;
    private const int Entries = 512;

    /// <summary>Of an opened page to which a program has stored.</summary>
    private const ulong Stored = PageEntry.Opened | PageEntry.Dirty;

    private readonly FramePool _frames;
    private readonly FrameNumber _template;

    /// <summary>Tables over <paramref name="frames"/>; a template of frame 0 leaves the kernel half empty (host).</summary>
    public PageTables(FramePool frames, FrameNumber template)
    {
        _frames = frames;
        _template = template;
    }

    internal SeededMemoryFaults Seeded { get; init; }

    /// <summary>A top-level table with an empty user half; frame 0 when out of memory.</summary>
    public FrameNumber CreateRoot()
    {
        FrameNumber root = _frames.AllocateZeroed(FrameFlags.PageTable);
        if (root.Value == 0 || _template.Value == 0)
            return root;
        ulong* from = (ulong*)_frames.AddressOf(_template);
        ulong* to = (ulong*)_frames.AddressOf(root);
        for (int index = UserTopEntries; index < Entries; index++)
            to[index] = from[index];
        return root;
    }

    /// <summary>Frees a top-level table whose user half has been cleared.</summary>
    public void DestroyRoot(FrameNumber root)
    {
        Panic.Unless(_frames.InfoOf(root)->Tag == 0, "page tables: destroyed a root that still maps something"u8);
        _frames.Release(root);
    }

    /// <summary>The lowest-level entry for a user address, or null when its table does not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* Find(FrameNumber root, VirtualAddress address)
    {
        if (address.Value >= AddressSpace.UserEnd)
            return null;
        // Level by level without a loop: every page that the kernel copies from or to a program comes through here.
        ulong entry = *At(_frames.AddressOf(root), address.Value, TopLevel);
        if (entry == 0)
            return null;
        entry = *At(_frames.AddressBehind(entry), address.Value, TopLevel - 1);
        if (entry == 0)
            return null;
        entry = *At(_frames.AddressBehind(entry), address.Value, TopLevel - 2);
        return entry == 0 ? null : At(_frames.AddressBehind(entry), address.Value, 1);
    }

    // The entry of a table for an address: the index in bytes is its bits in place, with room for the entry's size below.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong* At(byte* table, ulong address, int level)
        => (ulong*)(table + ((address >> (PageSize.Shift + (IndexBits * (level - 1)) - EntryShift)) & (IndexMask << EntryShift)));

    /// <summary>
    /// The first lowest-level table that exists for an address in [address, end), which goes on to the first it translates; null at the
    /// end. What has no tables is passed over at the level where it has none.
    /// </summary>
    public ulong* NextTable(FrameNumber root, ref ulong address, ulong end)
    {
        while (address < end)
        {
            ulong* table = (ulong*)_frames.AddressOf(root);
            int level = TopLevel;
            for (; level > 1; level--)
            {
                ulong entry = table[IndexAt(address, level)];
                if (entry == 0)
                    break;
                table = (ulong*)_frames.AddressOf(PageEntry.FrameOf(entry));
            }
            if (level == 1)
                return table;
            ulong span = 1UL << (PageSize.Shift + (IndexBits * (level - 1)));
            address = (address & ~(span - 1)) + span;
        }
        return null;
    }

    /// <summary>Like <see cref="Find"/>, making missing tables; null when out of memory.</summary>
    public ulong* FindOrCreate(FrameNumber root, VirtualAddress address)
    {
        ulong* table = (ulong*)_frames.AddressOf(root);
        for (int level = TopLevel; level > 1; level--)
        {
            ulong* entry = table + IndexAt(address.Value, level);
            if (*entry == 0)
            {
                FrameNumber child = _frames.AllocateZeroed(FrameFlags.PageTable);
                if (child.Value == 0)
                    return null;
                Set(entry, child.Address.Value | PageEntry.TableBits);
            }
            table = (ulong*)_frames.AddressOf(PageEntry.FrameOf(*entry));
        }
        return table + IndexAt(address.Value, 1);
    }

    /// <summary>Stores an entry and keeps its table's count of live entries; what the old one knew of stores is kept too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(ulong* entry, ulong value)
    {
        if ((*entry & PageEntry.Opened) != 0 && (Seeded & SeededMemoryFaults.LostStoreMark) == 0)
            NoteStores(entry);
        if (*entry == 0 != (value == 0))
        {
            FrameInfo* info = _frames.InfoOf(_frames.FrameOf(entry));
            info->Tag += value == 0 ? uint.MaxValue : 1;
        }
        *entry = value;
    }

    /// <summary>
    /// Tells the frame of an opened entry whether a program has stored through it, and clears the entry's dirty bit, with the
    /// invalidation that the caller makes.
    /// </summary>
    public void NoteStores(ulong* entry)
    {
        if ((*entry & Stored) != Stored)
            return;
        _frames.InfoOf(PageEntry.FrameOf(*entry))->Flags |= FrameFlags.Written;
        *entry &= ~PageEntry.Dirty;
    }

    /// <summary>Takes the write bit from an entry; the frame of an opened one learns whether a program has stored through it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Protect(ulong* entry)
    {
        ulong value = *entry;
        if ((value & Stored) == Stored && (Seeded & SeededMemoryFaults.UnaskedStores) == 0)
            _frames.InfoOf(PageEntry.FrameOf(value))->Flags |= FrameFlags.Written;
        *entry = value & ~(PageEntry.Writable | PageEntry.Opened);
    }

    /// <summary>True if two entries are in the same table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSameTable(ulong* entry, ulong* other) => ((ulong)entry ^ (ulong)other) < PageSize.Bytes;

    /// <summary>Clears all entries in [start, end), unhooks tables that become empty, and returns how many pages were mapped.</summary>
    public ulong ClearRange(FrameNumber root, VirtualAddress start, VirtualAddress end) =>
        start.Value >= end.Value ? 0 : ClearLevel(root, TopLevel, start.Value, end.Value - 1);

    /// <summary>Takes the write bits away from all entries in [start, end); how many had one.</summary>
    public ulong ProtectRange(FrameNumber root, VirtualAddress start, VirtualAddress end)
    {
        ulong count = 0;
        ulong address = start.Value;
        for (ulong* table; (table = NextTable(root, ref address, end.Value)) != null;)
        {
            ulong index = IndexAt(address, 1);
            ulong entries = Math.Min((ulong)Entries - index, (end.Value - address) >> PageSize.Shift);
            for (ulong* entry = table + index; entry < table + index + entries; entry++)
            {
                count += (*entry & PageEntry.Writable) != 0 ? 1UL : 0;
                *entry &= ~PageEntry.Writable;
            }
            address += entries << PageSize.Shift;
        }
        return count;
    }

    /// <summary>The tables of the user half, the top one left out; walks all but the lowest.</summary>
    public ulong CountTables(FrameNumber root) => CountTables(root, TopLevel, UserTopEntries);

    private ulong CountTables(FrameNumber frame, int level, int entries)
    {
        ulong* table = (ulong*)_frames.AddressOf(frame);
        ulong count = 0;
        for (int index = 0; index < entries; index++)
        {
            if (table[index] != 0)
                count += level == 2 ? 1 : 1 + CountTables(PageEntry.FrameOf(table[index]), level - 1, Entries);
        }
        return count;
    }

    /// <summary>Keeps the table of an entry alive while a protect list names the entry.</summary>
    public void HoldTable(ulong* entry)
    {
        if ((Seeded & SeededMemoryFaults.StaleEntryPointer) == 0)
            _frames.AddReference(_frames.FrameOf(entry));
    }

    public void ReleaseTable(ulong* entry)
    {
        if ((Seeded & SeededMemoryFaults.StaleEntryPointer) == 0)
            _frames.Release(_frames.FrameOf(entry));
    }

    /// <summary>Ends the holds of several entries of one table.</summary>
    public void ReleaseTable(ulong* entry, int holds)
    {
        if ((Seeded & SeededMemoryFaults.StaleEntryPointer) == 0)
            _frames.Release(_frames.FrameOf(entry), holds);
    }

    // Clears the part of one table that translates [first, last].
    private ulong ClearLevel(FrameNumber frame, int level, ulong first, ulong last)
    {
        ulong* table = (ulong*)_frames.AddressOf(frame);
        ulong cleared = 0;
        ulong span = 1UL << (PageSize.Shift + (IndexBits * (level - 1)));
        ulong firstIndex = IndexAt(first, level);
        ulong lastIndex = IndexAt(last, level);
        for (ulong index = NextUsed(table, firstIndex, lastIndex); index <= lastIndex; index = NextUsed(table, index + 1, lastIndex))
        {
            ulong entry = table[index];
            if (level == 1)
            {
                Set(table + index, 0);
                cleared++;
                continue;
            }
            FrameNumber child = PageEntry.FrameOf(entry);
            ulong from = index == firstIndex ? first : 0;
            ulong to = index == lastIndex ? last : span - 1;
            cleared += ClearLevel(child, level - 1, from, to);
            if (_frames.InfoOf(child)->Tag == 0)
            {
                Set(table + index, 0);
                _frames.Release(child);
            }
        }
        return cleared;
    }

    // The first entry from one on that is not empty, one more than the last when all are. Most of most tables is empty: four entries are
    // looked at at once.
    private static ulong NextUsed(ulong* table, ulong index, ulong last)
    {
        while (index <= last && table[index] == 0)
        {
            index++;
            while (index + 3 <= last && (table[index] | table[index + 1] | table[index + 2] | table[index + 3]) == 0)
                index += 4;
        }
        return index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong IndexAt(ulong address, int level) => (address >> (PageSize.Shift + (IndexBits * (level - 1)))) & IndexMask;
}
