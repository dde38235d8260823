// The program break: one anonymous mapping that grows and shrinks at its upper end.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>brk.</summary>
public sealed unsafe class ProgramBreak
{
    private readonly MemoryState _state;
    private readonly Mappings _mappings;
    private readonly SpaceMappings _list;
    private readonly Windows _windows;

    internal ProgramBreak(MemoryState state, Mappings mappings, SpaceMappings list, Windows windows)
    {
        _state = state;
        _mappings = mappings;
        _list = list;
        _windows = windows;
    }

    /// <summary>Says where the break area begins (exec: after the program's last segment). It is empty at first.</summary>
    public void Start(AddressSpace* space, VirtualAddress start)
    {
        space->BreakStart = start;
        space->BreakEnd = start;
        _state.TrackerOf(&space->Header).MarkChanged(&space->Header);
    }

    /// <summary>brk(2): moves the break if it can, and returns where it is afterwards.</summary>
    public VirtualAddress Set(AddressSpace* space, VirtualAddress requested)
    {
        ulong start = space->BreakStart.Value;
        if (requested.Value < start || requested.Value > AddressSpace.UserEnd || requested.Value - start > space->Limits.BreakBytes)
            return space->BreakEnd;
        ulong oldEnd = PageUp(space->BreakEnd.Value);
        ulong newEnd = PageUp(requested.Value);
        MemoryStatus status = MemoryStatus.Ok;
        if (newEnd < oldEnd)
            status = _mappings.Unmap(space, new VirtualAddress(newEnd), oldEnd - newEnd);
        else if (newEnd > oldEnd)
            status = Grow(space, oldEnd, newEnd);
        if (status == MemoryStatus.Ok && requested != space->BreakEnd)
        {
            space->BreakEnd = requested;
            _state.TrackerOf(&space->Header).MarkChanged(&space->Header);
        }
        return space->BreakEnd;
    }

    private MemoryStatus Grow(AddressSpace* space, ulong oldEnd, ulong newEnd)
    {
        ulong pages = (newEnd - oldEnd) >> PageSize.Shift;
        if (!AddressRanges.IsFree(space, oldEnd, newEnd) || !AddressRanges.IsWithinLimit(space, pages))
            return MemoryStatus.OverLimit;
        Mapping* last = MappingTable.Find(space, new VirtualAddress(oldEnd - 1));
        const Protection ReadWrite = Protection.Read | Protection.Write;
        const MappingFlags OfAnybody = MappingFlags.OwnsObject | MappingFlags.Anonymous;
        MappingFlags flags = MappingFlags.Break | (space->LocksFuture ? MappingFlags.Locked : MappingFlags.None);
        bool extends = last != null && (last->Flags & ~OfAnybody) == flags && last->Protection == ReadWrite;
        if (extends)
        {
            if (!_windows.GrowUp(last, pages))
                return MemoryStatus.OutOfMemory;
            _list.Move(last, last->Start.Value, last->Pages + pages);
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
        return _mappings.Map(space, request, out _);
    }

    private static ulong PageUp(ulong address) => (address + PageSize.OffsetMask) & ~PageSize.OffsetMask;
}
