// A fork clones each object the parent owns, once however many mappings show it, and shares the others; the child's page tables start
// empty. Only the parent's writable pages need protecting, and the protect lists name exactly them.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class AddressSpaces
{
    /// <summary>A copy of an address space as fork(2) makes it, with one reference. Ok or OutOfMemory (nothing is left behind).</summary>
    public MemoryStatus Fork(AddressSpace* parent, out AddressSpace* child)
    {
        child = Create(_state.TrackerOf(&parent->Header), parent->Limits);
        if (child == null)
            return MemoryStatus.OutOfMemory;
        child->BreakStart = parent->BreakStart;
        child->BreakEnd = parent->BreakEnd;
        child->MapTop = parent->MapTop;
        child->Barriers = parent->Barriers;
        child->RegionSignal = parent->RegionSignal;
        bool mustFlush = false;
        bool isComplete = _list.Reserve(child, parent->Count);
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
            target->ForkTwin = _objects.CloneUnflushed(target, out bool protectedSome);
            mustFlush |= protectedSome;
            if (target->ForkTwin == null)
                return false;
        }
        if (isOwned)
            target = target->ForkTwin;
        Mapping* copy = _list.Add(child, target, source);
        if (isFirst)
            _objects.Release(target);
        if (copy != null)
            copy->Flags &= ~MappingFlags.Locked;
        return copy != null;
    }

    // The child has the mapping, but nothing of what is in it.
    private bool ForkWiped(Mapping* source, AddressSpace* child)
    {
        VmObject* empty = _objects.Create(_state.TrackerOf(&child->Header), source->Object->SizePages, source->Object->Flags);
        if (empty == null)
            return false;
        Mapping* copy = _list.Add(child, empty, source);
        _objects.Release(empty);
        if (copy != null)
            copy->Flags &= ~MappingFlags.Locked;
        return copy != null;
    }
}
