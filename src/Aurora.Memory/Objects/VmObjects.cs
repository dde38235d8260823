// The life of memory objects. References are counted in the header: mappings, inodes, pipes and whoever created the object. An overlay
// holds a reference on the file behind it.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Objects: creation, cloning, size and end.</summary>
public sealed unsafe partial class VmObjects
{
    private readonly MemoryState _state;
    private readonly Slab<VmObject> _slab;
    private readonly RadixTree _tree;
    private readonly ChangeLog _log;
    private readonly Overlays _overlays;
    private readonly ReverseMap _reverse;
    private readonly TlbControl _tlb;
    private readonly FileKeeper? _keeper;
    private readonly SeededMemoryFaults _seeded;

    internal VmObjects(MemoryState state, Overlays overlays, ReverseMap reverse, TlbControl tlb, FileKeeper? keeper)
    {
        _state = state;
        _slab = state.Objects;
        _tree = state.Tree;
        _log = state.Log;
        _overlays = overlays;
        _reverse = reverse;
        _tlb = tlb;
        _keeper = keeper;
        _seeded = state.Seeded;
    }

    /// <summary>An object of zero pages' worth of holes with one reference, or null when out of memory.</summary>
    public VmObject* Create(ObjectTracker tracker, ulong sizePages, VmObjectFlags flags)
    {
        VmObject* created = sizePages <= VmObject.MaxPages ? NewObject(tracker, sizePages, flags) : null;
        if (created != null)
            created->Header.References = 1;
        return created;
    }

    public void Retain(VmObject* target) => target->Header.References++;

    /// <summary>
    /// Drops a reference; the last one ends the object and frees its pages. With the last but one of a file's, its keeper may do so.
    /// </summary>
    public void Release(VmObject* target)
    {
        Panic.Unless(target->Header.References > 0, "memory: released an object nobody refers to"u8);
        if (--target->Header.References == 0)
            End(target);
        else if (target->Header.References == 1 && target->Keeper != null)
            _keeper!.Unmapped(target->Keeper);
    }

    // An empty overlay over a file's object with one reference, or null when out of memory.
    internal VmObject* CreateOverlay(VmObject* file, ulong sizePages)
    {
        VmObject* overlay = Create(_state.TrackerOf(&file->Header), sizePages, VmObjectFlags.None);
        if (overlay != null)
            Overlays.Attach(overlay, file);
        return overlay;
    }

    /// <summary>Allocates and registers an object; it enters the group's books at once, because the store must learn of it.</summary>
    private VmObject* NewObject(ObjectTracker tracker, ulong sizePages, VmObjectFlags flags)
    {
        VmObject* created = _slab.Allocate();
        if (created == null)
            return null;
        created->SizePages = sizePages;
        created->Flags = flags;
        tracker.Register(&created->Header, ObjectKind.MemoryObject);
        ChangeSet* set = _log.Open(created);
        if (set == null)
        {
            tracker.Remove(&created->Header);
            _slab.Free(created);
            return null;
        }
        set->IsNew = true;
        return created;
    }

    internal void End(VmObject* target)
    {
        Panic.Unless(!target->IsMapped, "memory: ended an object that is still mapped"u8);
        if (target->PageIns > 0)
            _state.Requests.Cancel(target);
        if (target->Changes != null)
        {
            ChangeSet* set = target->Changes;
            _log.Detach(target);
            _log.Free(set);
        }
        for (ChangeSet* frozen = target->Frozen; frozen != null; frozen = frozen->NextOfObject)
            frozen->Object = null;
        _tree.Clear(target);
        VmObject* backing = Overlays.Detach(target);
        _state.TrackerOf(&target->Header).Remove(&target->Header);
        _slab.Free(target);
        if (backing != null)
            Release(backing);
    }
}
