// What programs say about ranges of their memory: whether a fork copies them, whether they are locked.
using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Marks on mappings and address spaces: madvise, mlock, membarrier.</summary>
public sealed unsafe class MappingMarks
{
    private readonly MemoryState _state;
    private readonly SpaceMappings _list;

    internal MappingMarks(MemoryState state, SpaceMappings list)
    {
        _state = state;
        _list = list;
    }

    /// <summary>
    /// Sets or clears a mark on the mappings of a range (madvise, mlock). Ok; NotMapped when there are gaps, over which it goes;
    /// OutOfMemory; or InvalidArgument at a mapping that cannot have it, where it stops.
    /// </summary>
    public MemoryStatus Mark(AddressSpace* space, VirtualAddress address, ulong length, MappingFlags mark, bool isSet)
    {
        if (!AddressRanges.TryGet(address, length, out ulong start, out ulong end))
            return MemoryStatus.NotMapped;
        bool isWhole = AddressRanges.IsMapped(space, address, length);
        if (!_list.SplitAt(space, start) || !_list.SplitAt(space, end))
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
            _state.TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        }
        _list.MergeAround(space, start, end);
        return status;
    }

    /// <summary>Marks everything there is (mlockall, munlockall), and says whether what is mapped later is locked as well.</summary>
    public void MarkLocked(AddressSpace* space, bool isSet, bool locksFuture)
    {
        space->LocksFuture = locksFuture;
        _state.TrackerOf(&space->Header).MarkChanged(&space->Header);
        for (int index = 0; index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            mapping->Flags = isSet ? mapping->Flags | MappingFlags.Locked : mapping->Flags & ~MappingFlags.Locked;
            _state.TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        }
    }

    /// <summary>What is mapped from now on is locked.</summary>
    public void LockFuture(AddressSpace* space)
    {
        space->LocksFuture = true;
        _state.TrackerOf(&space->Header).MarkChanged(&space->Header);
    }

    /// <summary>Notes that a program uses a kind of barrier.</summary>
    public void RegisterBarrier(AddressSpace* space, BarrierKinds kind)
    {
        space->Barriers |= kind;
        _state.TrackerOf(&space->Header).MarkChanged(&space->Header);
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

    private static bool IsOwnMemory(Mapping* mapping)
        => (mapping->Flags & (MappingFlags.Anonymous | MappingFlags.Shared)) == MappingFlags.Anonymous;
}
