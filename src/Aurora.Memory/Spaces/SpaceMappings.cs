// The mappings in a space: adding and ending, splitting and joining, moving. The table, the reverse map, the reference on the object and
// the count of mapped pages change together; who takes a range out of the table (munmap) ends its mappings here.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Puts mappings into address spaces and takes them out.</summary>
internal sealed unsafe class SpaceMappings
{
    private readonly MemoryState _state;
    private readonly Slab<Mapping> _slab;
    private readonly PageAllocator _pages;
    private readonly VmObjects _objects;
    private readonly ReverseMap _reverse;
    private readonly SegmentKeeper? _segments;
    private readonly SeededMemoryFaults _seeded;

    public SpaceMappings(
        MemoryState state, PageAllocator pages, VmObjects objects, ReverseMap reverse, SegmentKeeper? segments, in MemoryOptions options)
    {
        _segments = segments;
        _state = state;
        _slab = state.Mappings;
        _pages = pages;
        _objects = objects;
        _reverse = reverse;
        _seeded = state.Seeded;
        Most = options.MaxMappingsPerSpace > 0 ? options.MaxMappingsPerSpace : MappingTable.MaxMappings;
    }

    /// <summary>The most mappings of an address space.</summary>
    public int Most { get; }

    /// <summary>Makes room in a space for more mappings; false when out of memory or over the limit.</summary>
    public bool Reserve(AddressSpace* space, int more) => MappingTable.Reserve(space, _pages, more, Most, _seeded);

    /// <summary>The same for a mapping that is restored: what there once could be may be again, whatever the limit is now.</summary>
    public bool ReserveRestored(AddressSpace* space) => MappingTable.Reserve(space, _pages, 1, MappingTable.MaxMappings, _seeded);

    /// <summary>Gives back the table of a space that has no mappings any more.</summary>
    public void FreeTable(AddressSpace* space) => MappingTable.Free(space, _pages);

    /// <summary>
    /// A mapping with the attributes of a model in a space with room for it; it takes a reference on the object. Null when out of memory.
    /// </summary>
    public Mapping* Add(AddressSpace* space, VmObject* target, Mapping* model)
    {
        Mapping* mapping = _slab.Allocate();
        if (mapping == null)
            return null;
        mapping->Start = model->Start;
        mapping->Pages = model->Pages;
        mapping->PageOffset = model->PageOffset;
        mapping->File = model->File;
        mapping->Protection = model->Protection;
        mapping->MaxProtection = model->MaxProtection;
        mapping->Flags = model->Flags;
        _state.TrackerOf(&space->Header).Register(&mapping->Header, ObjectKind.Mapping);
        Place(mapping, space, target);
        if (mapping->IsOfSegment && target->Segment != null)
            _segments!.Attached(target);
        return mapping;
    }

    /// <summary>Puts a mapping that has its attributes into a space with room for it; it takes a reference on the object.</summary>
    public void Place(Mapping* mapping, AddressSpace* space, VmObject* target)
    {
        mapping->Space = space;
        mapping->Object = target;
        _objects.Retain(target);
        ReverseMap.Link(mapping);
        MappingTable.Insert(space, mapping);
        space->MappedPages += mapping->Pages;
        if (!mapping->IsOfSegment)
            return;
        space->Segments++;
        target->Attaches++;
    }

    /// <summary>
    /// The mappings of segments in a space that nobody uses any more count for them no longer, as if they had ended, on behalf of a
    /// process.
    /// </summary>
    public void DetachAll(AddressSpace* space, int process)
    {
        for (int index = 0; space->Segments > 0; index++)
        {
            Mapping* mapping = space->Table[index];
            if (mapping->IsOfSegment)
                Detach(mapping, process);
        }
    }

    // The mapping counts for its segment no longer, which may end with that.
    private void Detach(Mapping* mapping, int process)
    {
        VmObject* target = mapping->Object;
        mapping->IsDetached = true;
        mapping->Space->Segments--;
        target->Attaches--;
        if (target->Segment == null || !_segments!.Detached(target, process))
            return;
        target->Segment = null;
        _objects.Release(target);
    }

    /// <summary>Takes a mapping out of its space and ends it; its page-table entries have been cleared.</summary>
    public void End(Mapping* mapping)
    {
        MappingTable.RemoveAt(mapping->Space, MappingTable.IndexOf(mapping->Space, mapping));
        EndUnlisted(mapping);
    }

    /// <summary>The same for a mapping that is not in the table any more, or about to be taken out.</summary>
    public void EndUnlisted(Mapping* mapping)
    {
        if (mapping->IsOfSegment && !mapping->IsDetached)
            Detach(mapping, 0);
        mapping->Space->MappedPages -= mapping->Pages;
        ReverseMap.Unlink(mapping);
        VmObject* target = mapping->Object;
        _state.TrackerOf(&mapping->Header).Remove(&mapping->Header);
        _slab.Free(mapping);
        _objects.Release(target);
    }

    /// <summary>Makes a mapping boundary at an address, if a mapping spans it. False when out of memory.</summary>
    public bool SplitAt(AddressSpace* space, ulong address)
    {
        Mapping* lower = MappingTable.Find(space, new VirtualAddress(address));
        if (lower == null || lower->Start.Value == address)
            return true;
        if (!Reserve(space, 1))
            return false;
        Mapping upper = *lower;
        ulong lowerPages = (address - lower->Start.Value) >> PageSize.Shift;
        upper.Start = new VirtualAddress(address);
        upper.Pages = lower->Pages - lowerPages;
        upper.PageOffset = lower->PageOffset + lowerPages;
        ulong oldPages = lower->Pages;
        lower->Pages = lowerPages;
        space->MappedPages -= upper.Pages;
        if (Add(space, lower->Object, &upper) == null)
        {
            lower->Pages = oldPages;
            space->MappedPages += upper.Pages;
            return false;
        }
        _state.TrackerOf(&lower->Header).MarkChanged(&lower->Header);
        return true;
    }

    /// <summary>Joins neighbours in and around a range that differ in nothing but their place.</summary>
    public void MergeAround(AddressSpace* space, ulong start, ulong end)
    {
        int index = MappingTable.FirstEndingAfter(space, start);
        if (index > 0)
            index--;
        while (index + 1 < space->Count && space->Table[index]->Start.Value <= end)
        {
            Mapping* lower = space->Table[index];
            Mapping* upper = space->Table[index + 1];
            if (!AreJoinable(lower, upper))
            {
                index++;
                continue;
            }
            ulong pages = upper->Pages;
            End(upper);
            lower->Pages += pages;
            space->MappedPages += pages;
            _state.TrackerOf(&lower->Header).MarkChanged(&lower->Header);
        }
    }

    private static bool AreJoinable(Mapping* lower, Mapping* upper) =>
        lower->Object == upper->Object
        && lower->End == upper->Start
        && lower->PageOffset + lower->Pages == upper->PageOffset
        && lower->Protection == upper->Protection
        && lower->MaxProtection == upper->MaxProtection
        && lower->Flags == upper->Flags
        && !lower->IsOfSegment
        && lower->File == upper->File;

    /// <summary>Gives a mapping another place and size; its object already has the pages.</summary>
    public void Move(Mapping* mapping, ulong newStart, ulong newPages)
    {
        AddressSpace* space = mapping->Space;
        if (newStart != mapping->Start.Value)
        {
            _reverse.ClearEntries(space, mapping->Start, mapping->End);
            MappingTable.RemoveAt(space, MappingTable.IndexOf(space, mapping));
            space->MappedPages += newPages - mapping->Pages;
            mapping->Start = new VirtualAddress(newStart);
            mapping->Pages = newPages;
            MappingTable.Insert(space, mapping);
        }
        else
        {
            space->MappedPages += newPages - mapping->Pages;
            mapping->Pages = newPages;
            FreeRanges.NoteFreed(space, MappingTable.IndexOf(space, mapping) + 1);
        }
        _state.TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
    }

    /// <summary>A mapping has been moved by a program: to a segment it is a new one, and the old one ended.</summary>
    public void NoteMoved(Mapping* mapping)
    {
        if (!mapping->IsOfSegment || mapping->Object->Segment == null)
            return;
        _segments!.Attached(mapping->Object);
        _ = _segments.Detached(mapping->Object, 0);
    }
}
