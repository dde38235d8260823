// The program break: one anonymous mapping that grows and shrinks at its upper end.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>Says where the break area begins (exec: after the program's last segment). It is empty at first.</summary>
    public void StartBreak(AddressSpace* space, VirtualAddress start)
    {
        space->BreakStart = start;
        space->BreakEnd = start;
        TrackerOf(&space->Header).MarkChanged(&space->Header);
    }

    /// <summary>brk(2): moves the break if it can, and returns where it is afterwards.</summary>
    public VirtualAddress SetBreak(AddressSpace* space, VirtualAddress requested)
    {
        ulong start = space->BreakStart.Value;
        if (requested.Value < start || requested.Value > AddressSpace.UserEnd || requested.Value - start > space->Limits.BreakBytes)
            return space->BreakEnd;
        ulong oldEnd = PageUp(space->BreakEnd.Value);
        ulong newEnd = PageUp(requested.Value);
        MemoryStatus status = MemoryStatus.Ok;
        if (newEnd < oldEnd)
            status = Unmap(space, new VirtualAddress(newEnd), oldEnd - newEnd);
        else if (newEnd > oldEnd)
            status = GrowBreak(space, oldEnd, newEnd);
        if (status == MemoryStatus.Ok && requested != space->BreakEnd)
        {
            space->BreakEnd = requested;
            TrackerOf(&space->Header).MarkChanged(&space->Header);
        }
        return space->BreakEnd;
    }

    private MemoryStatus GrowBreak(AddressSpace* space, ulong oldEnd, ulong newEnd)
    {
        ulong pages = (newEnd - oldEnd) >> PageSize.Shift;
        if (!IsRangeFree(space, oldEnd, newEnd) || !IsWithinLimit(space, pages))
            return MemoryStatus.OverLimit;
        Mapping* last = MappingTable.Find(space, new VirtualAddress(oldEnd - 1));
        const Protection ReadWrite = Protection.Read | Protection.Write;
        const MappingFlags OfAnybody = MappingFlags.OwnsObject | MappingFlags.Anonymous;
        MappingFlags flags = MappingFlags.Break | (space->LocksFuture ? MappingFlags.Locked : MappingFlags.None);
        bool extends = last != null && (last->Flags & ~OfAnybody) == flags && last->Protection == ReadWrite;
        if (extends)
        {
            if (!GrowUp(last, pages))
                return MemoryStatus.OutOfMemory;
            Move(last, last->Start.Value, last->Pages + pages);
            return MemoryStatus.Ok;
        }
        var request = new MapRequest
        {
            Address = new VirtualAddress(oldEnd),
            Length = newEnd - oldEnd,
            Placement = MapPlacement.FixedNoReplace,
            Protection = ReadWrite,
            Flags = flags,
        };
        return Map(space, request, out _);
    }

    private static ulong PageUp(ulong address) => (address + PageSize.OffsetMask) & ~PageSize.OffsetMask;
}
