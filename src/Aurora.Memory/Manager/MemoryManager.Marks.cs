// What programs say about ranges of their memory: whether a fork copies them, whether they are locked; and what they ask about them: which
// pages are in memory.
using System;
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>
    /// Sets or clears a mark on the mappings of a range (madvise, mlock). Ok; NotMapped when there are gaps, over which it goes;
    /// OutOfMemory; or InvalidArgument at a mapping that cannot have it, where it stops.
    /// </summary>
    public MemoryStatus Mark(AddressSpace* space, VirtualAddress address, ulong length, MappingFlags mark, bool isSet)
    {
        if (!TryGetRange(address, length, out ulong start, out ulong end))
            return MemoryStatus.NotMapped;
        bool isWhole = IsRangeMapped(space, address, length);
        if (!SplitAt(space, start) || !SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        MemoryStatus status = isWhole ? MemoryStatus.Ok : MemoryStatus.NotMapped;
        for (int index = MappingTable.FirstEndingAfter(space, start); index < space->Count
            && space->Table[index]->Start.Value < end; index++)
        {
            Mapping* mapping = space->Table[index];
            MappingFlags flags = isSet ? mapping->Flags | mark : mapping->Flags & ~mark;
            if (isSet && mark == MappingFlags.WipeOnFork && !IsOwnMemory(mapping))
            {
                status = MemoryStatus.InvalidArgument;
                break;
            }
            if (flags == mapping->Flags)
                continue;
            mapping->Flags = flags;
            TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        }
        MergeAround(space, start, end);
        return status;
    }

    /// <summary>Marks everything there is (mlockall, munlockall), and says whether what is mapped later is locked as well.</summary>
    public void MarkLocked(AddressSpace* space, bool isSet, bool locksFuture)
    {
        space->LocksFuture = locksFuture;
        TrackerOf(&space->Header).MarkChanged(&space->Header);
        for (int index = 0; index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            mapping->Flags = isSet ? mapping->Flags | MappingFlags.Locked : mapping->Flags & ~MappingFlags.Locked;
            TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        }
    }

    /// <summary>What is mapped from now on is locked.</summary>
    public void LockFuture(AddressSpace* space)
    {
        space->LocksFuture = true;
        TrackerOf(&space->Header).MarkChanged(&space->Header);
    }

    /// <summary>Notes that a program uses a kind of barrier.</summary>
    public void RegisterBarrier(AddressSpace* space, BarrierKinds kind)
    {
        space->Barriers |= kind;
        TrackerOf(&space->Header).MarkChanged(&space->Header);
    }

    /// <summary>How many pages of a range are locked.</summary>
    public static ulong LockedPages(AddressSpace* space, ulong start = 0, ulong end = AddressSpace.UserEnd)
    {
        ulong pages = 0;
        for (int index = MappingTable.FirstEndingAfter(space, start); index < space->Count
            && space->Table[index]->Start.Value < end; index++)
        {
            Mapping* mapping = space->Table[index];
            if ((mapping->Flags & MappingFlags.Locked) != 0)
                pages += (Math.Min(mapping->End.Value, end) - Math.Max(mapping->Start.Value, start)) >> PageSize.Shift;
        }
        return pages;
    }

    /// <summary>
    /// Which pages from an address on are in memory: 1 for those that the program sees without waiting and that somebody has touched;
    /// locked ones count always. NotMapped at a gap.
    /// </summary>
    public MemoryStatus ShowResident(AddressSpace* space, VirtualAddress address, Span<byte> pages)
    {
        for (int i = 0; i < pages.Length; i++, address += PageSize.Bytes)
        {
            Mapping* mapping = MappingTable.Find(space, address);
            if (mapping == null)
                return MemoryStatus.NotMapped;
            pages[i] = IsResident(mapping, address) ? (byte)1 : (byte)0;
        }
        return MemoryStatus.Ok;
    }

    private bool IsResident(Mapping* mapping, VirtualAddress address)
    {
        ulong page = mapping->PageAt(address);
        if ((mapping->Flags & MappingFlags.Locked) != 0)
            return true;
        ulong* entry = _tables.Find(mapping->Space->Root, address);
        if (entry != null && *entry != 0)
            return true;
        if (page >= EndOf(mapping->Object))
            return false;
        Shown(mapping->Object, page, out ulong slot);
        return Slot.IsResident(slot);
    }

    private static bool IsOwnMemory(Mapping* mapping)
        => (mapping->Flags & (MappingFlags.Anonymous | MappingFlags.Shared)) == MappingFlags.Anonymous;
}
