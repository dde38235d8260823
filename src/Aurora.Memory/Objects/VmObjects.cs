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
    private readonly OpenedPages _opened;
    private readonly TlbControl _tlb;
    private readonly FileKeeper? _keeper;
    private readonly RegionBooks _books;
    private readonly SeededMemoryFaults _seeded;

    internal VmObjects(
        MemoryState state, Overlays overlays, ReverseMap reverse, TlbControl tlb, FileKeeper? keeper, RegionBooks books)
    {
        _books = books;
        _state = state;
        _slab = state.Objects;
        _tree = state.Tree;
        _log = state.Log;
        _overlays = overlays;
        _reverse = reverse;
        _opened = new OpenedPages(state);
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

    /// <summary>As above, for the pages of a file, whose id says so.</summary>
    public VmObject* CreateFor(ObjectTracker tracker, ObjectId id, ulong sizePages, VmObjectFlags flags)
    {
        VmObject* created = sizePages <= VmObject.MaxPages ? NewObject(tracker, sizePages, flags, id) : null;
        if (created != null)
            created->Header.References = 1;
        return created;
    }

    /// <summary>
    /// Gives a restored object that has not changed another id: to the store it is a clone whose source ends. False when out of memory.
    /// </summary>
    public bool Rename(VmObject* target, ObjectId id)
    {
        Panic.Unless(target->Changes == null && target->Frozen == null && target->StoreBase.IsNone, "memory: renamed a changed object"u8);
        ObjectId old = target->Header.Id;
        bool isEphemeral = TrackedObjects.IsEphemeral(&target->Header);
        if (!isEphemeral && _log.Open(target) == null)
            return false;
        _state.TrackerOf(&target->Header).Rename(&target->Header, id);
        target->StoreBase = old;
        target->IsCaptured = false;
        if (!isEphemeral)
            BecomeClone(target, old);
        return true;
    }

    private void BecomeClone(VmObject* target, ObjectId source)
    {
        target->Changes->Id = target->Header.Id;
        target->Changes->IsNew = true;
        target->Changes->CloneSource = source;
        _log.GroupAt(target->Header.Group)->ClonesAndCuts++;
    }

    /// <summary>
    /// True when the store has an object and its pages exactly as they are, and nobody but its file uses it. One with much in memory goes
    /// when its pages have gone.
    /// </summary>
    public bool MayForget(VmObject* target)
        => IsIdle(target) && target->Height <= 1 && target->Header.References == 1 && target->IsCaptured && target->StoreBase.IsNone
            && _state.TrackerOf(&target->Header).IsDurable(&target->Header);

    // Nothing of it is on its way in or out.
    private static bool IsIdle(VmObject* target)
        => !target->IsMapped && target->PageIns == 0 && target->Backing == null && target->Changes == null && target->Frozen == null;

    /// <summary>Takes an object that the store has as it is, and that nothing uses, out of memory: it stays in the store.</summary>
    public void Forget(VmObject* target)
    {
        Panic.Unless(IsIdle(target), "memory: forgot an object in use"u8);
        _tree.Clear(target);
        _state.TrackerOf(&target->Header).Forget(&target->Header);
        _slab.Free(target);
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
        else if (target->Header.References == 1 && target->Region != null)
            _books.NoteUnmapped();
    }

    // An empty overlay over a file's object with one reference, or null when out of memory.
    internal VmObject* CreateOverlay(VmObject* file, ulong sizePages)
    {
        VmObject* overlay = Create(_state.TrackerOf(&file->Header), sizePages, VmObjectFlags.None);
        if (overlay != null)
            Overlays.Attach(overlay, file);
        return overlay;
    }

    // Allocates and registers an object; it enters the books of a group that is captured at once, because the store must learn of it.
    private VmObject* NewObject(ObjectTracker tracker, ulong sizePages, VmObjectFlags flags, ObjectId id = default)
    {
        VmObject* created = _slab.Allocate();
        if (created == null)
            return null;
        created->SizePages = sizePages;
        created->Flags = flags;
        if (id.IsNone)
            tracker.Register(&created->Header, ObjectKind.MemoryObject);
        else
            tracker.RegisterAs(&created->Header, ObjectKind.MemoryObject, id);
        if (tracker.IsEphemeral)
            return created;
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
        ClockPlace* place = target->IsClock ? _state.ClockObjects.At(target->Header.Group) : null;
        if (place != null && place->Object == target)
            place->Object = null;
        _state.TrackerOf(&target->Header).Remove(&target->Header);
        _slab.Free(target);
        if (backing != null)
            Release(backing);
    }
}
