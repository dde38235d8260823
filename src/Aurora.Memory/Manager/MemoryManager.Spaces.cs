// Address spaces: creation, fork and end. A fork clones each object the parent owns, once however many mappings show it, and shares the
// others; the child's page tables start empty. Only the parent's writable pages need protecting, and the protect lists name exactly them.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>The highest address the search for free ranges uses unless told otherwise: leaves room for a stack above.</summary>
    public const ulong DefaultMapTop = 0x0000_7FF0_0000_0000;

    /// <summary>An empty address space with one reference, or null when out of memory.</summary>
    public AddressSpace* CreateSpace(ObjectTracker tracker, in SpaceLimits limits)
    {
        AddressSpace* space = NewSpace();
        if (space == null)
            return null;
        tracker.Register(&space->Header, ObjectKind.AddressSpace);
        space->Header.References = 1;
        space->MapTop = new VirtualAddress(DefaultMapTop);
        space->Limits = limits;
        return space;
    }

    public void Retain(AddressSpace* space) => space->Header.References++;

    /// <summary>Drops a reference; with the last one the space ends: at once, or in steps when it has many mappings.</summary>
    public void Release(AddressSpace* space)
    {
        Panic.Unless(space->Header.References > 0, "memory: released an address space nobody refers to"u8);
        if (--space->Header.References == 0)
            BeginEnd(space);
    }

    /// <summary>Ends what was restored and nothing that was restored uses. Spaces first: they hold memory objects.</summary>
    public void EndUnreferenced()
    {
        for (uint index = 0; index < _spaces.IndexBound; index++)
        {
            AddressSpace* space = _spaces.LiveAt(index);
            if (space != null && space->Header.References == 0)
                BeginEnd(space);
        }
        for (uint index = 0; index < _objects.IndexBound; index++)
        {
            VmObject* target = _objects.LiveAt(index);
            if (target != null && target->Header.References == 0)
                EndObject(target);
        }
    }

    /// <summary>A copy of an address space as fork(2) makes it, with one reference. Ok or OutOfMemory (nothing is left behind).</summary>
    public MemoryStatus ForkSpace(AddressSpace* parent, out AddressSpace* child)
    {
        child = CreateSpace(TrackerOf(&parent->Header), parent->Limits);
        if (child == null)
            return MemoryStatus.OutOfMemory;
        child->BreakStart = parent->BreakStart;
        child->BreakEnd = parent->BreakEnd;
        child->MapTop = parent->MapTop;
        child->Barriers = parent->Barriers;
        bool mustFlush = false;
        bool isComplete = MappingTable.Reserve(child, _pages, parent->Count, _maxMappingsPerSpace, _seeded);
        for (int index = 0; isComplete && index < parent->Count; index++)
            isComplete = ForkMapping(parent->Table[index], child, ref mustFlush);
        for (int index = 0; index < parent->Count; index++)
            parent->Table[index]->Object->ForkTwin = null;
        if (mustFlush)
            _tlb.InvalidateSpace(parent->Root);
        if (isComplete)
            return MemoryStatus.Ok;
        Release(child);
        child = null;
        return MemoryStatus.OutOfMemory;
    }

    public int MappingCount(AddressSpace* space) => space->Count;

    /// <summary>The mappings in the order of their addresses.</summary>
    public Mapping* MappingAt(AddressSpace* space, int index) => index >= 0 && index < space->Count ? space->Table[index] : null;

    /// <summary>The index of the first mapping that ends after an address; the number of mappings if there is none.</summary>
    public int FirstMappingFrom(AddressSpace* space, VirtualAddress address) => MappingTable.FirstEndingAfter(space, address.Value);

    /// <summary>The mapping that contains an address, or null.</summary>
    public Mapping* FindMapping(AddressSpace* space, VirtualAddress address) => MappingTable.Find(space, address);

    /// <summary>True when mappings cover every page of the range.</summary>
    public bool IsRangeMapped(AddressSpace* space, VirtualAddress address, ulong length)
    {
        if (!TryGetRange(address, length, out ulong start, out ulong end))
            return false;
        int index = MappingTable.FirstEndingAfter(space, start);
        for (; start < end; index++)
        {
            if (index == space->Count || space->Table[index]->Start.Value > start)
                return false;
            start = space->Table[index]->End.Value;
        }
        return true;
    }

    private bool ForkMapping(Mapping* source, AddressSpace* child, ref bool mustFlush)
    {
        if ((source->Flags & MappingFlags.DontFork) != 0)
            return true;
        if ((source->Flags & MappingFlags.WipeOnFork) != 0)
            return ForkWiped(source, child);
        VmObject* target = source->Object;
        bool isOwned = (source->Flags & MappingFlags.OwnsObject) != 0;
        bool isFirst = isOwned && target->ForkTwin == null;
        if (isFirst)
        {
            target->ForkTwin = CloneUnflushed(target, out bool protectedSome);
            mustFlush |= protectedSome;
            if (target->ForkTwin == null)
                return false;
        }
        if (isOwned)
            target = target->ForkTwin;
        Mapping* copy = NewMapping(child, target, source);
        if (isFirst)
            Release(target);
        if (copy != null)
            copy->Flags &= ~MappingFlags.Locked;
        return copy != null;
    }

    // The child has the mapping, but nothing of what is in it.
    private bool ForkWiped(Mapping* source, AddressSpace* child)
    {
        VmObject* empty = CreateObject(TrackerOf(&child->Header), source->Object->SizePages, source->Object->Flags);
        if (empty == null)
            return false;
        Mapping* copy = NewMapping(child, empty, source);
        Release(empty);
        if (copy != null)
            copy->Flags &= ~MappingFlags.Locked;
        return copy != null;
    }

    private AddressSpace* NewSpace()
    {
        AddressSpace* space = _spaces.Allocate();
        if (space == null)
            return null;
        space->Root = _tables.CreateRoot();
        if (space->Root.Value != 0)
            return space;
        _spaces.Free(space);
        return null;
    }

    // A mapping with the attributes of a model in a space with room for it; it takes a reference on the object. Null when out of memory.
    private Mapping* NewMapping(AddressSpace* space, VmObject* target, Mapping* model)
    {
        Mapping* mapping = _mappings.Allocate();
        if (mapping == null)
            return null;
        mapping->Space = space;
        mapping->Object = target;
        mapping->Start = model->Start;
        mapping->Pages = model->Pages;
        mapping->PageOffset = model->PageOffset;
        mapping->File = model->File;
        mapping->Protection = model->Protection;
        mapping->MaxProtection = model->MaxProtection;
        mapping->Flags = model->Flags;
        TrackerOf(&space->Header).Register(&mapping->Header, ObjectKind.Mapping);
        Retain(target);
        LinkMapping(mapping);
        MappingTable.Insert(space, mapping);
        space->MappedPages += mapping->Pages;
        return mapping;
    }

    // Takes a mapping out of its space and ends it; its page-table entries have been cleared.
    private void EndMapping(Mapping* mapping)
    {
        MappingTable.RemoveAt(mapping->Space, MappingTable.IndexOf(mapping->Space, mapping));
        EndUnlisted(mapping);
    }

    // The same for a mapping that is not in the table any more, or about to be taken out.
    private void EndUnlisted(Mapping* mapping)
    {
        mapping->Space->MappedPages -= mapping->Pages;
        UnlinkMapping(mapping);
        VmObject* target = mapping->Object;
        TrackerOf(&mapping->Header).Remove(&mapping->Header);
        _mappings.Free(mapping);
        Release(target);
    }
}
