// The life of memory objects. References are counted in the header: mappings, inodes, pipes and whoever created the object. Cloning
// shares the tree: constant time, plus one copied path for each leaf that has dirty pages. The clone owes the store what the source owes:
// it inherits the source's pending truncation and dirty entries, on top of a clone of the stored object both started from.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>The largest size an object may have, in pages.</summary>
    public const ulong MaxObjectPages = RadixTree.MaxPages;

    /// <summary>An object of zero pages' worth of holes with one reference, or null when out of memory.</summary>
    public VmObject* CreateObject(ObjectTracker tracker, ulong sizePages, VmObjectFlags flags)
    {
        VmObject* created = sizePages <= MaxObjectPages ? NewObject(tracker, sizePages, flags) : null;
        if (created != null)
            created->Header.References = 1;
        return created;
    }

    /// <summary>
    /// An object with the source's present contents and size and one reference, or null when out of memory. The source's dirty pages
    /// become copy-on-write, so this write-protects them.
    /// </summary>
    public VmObject* CloneObject(VmObject* source)
    {
        VmObject* clone = CloneUnflushed(source, out bool mustFlush);
        if (mustFlush)
            _tlb.InvalidateAll();
        return clone;
    }

    public void Retain(VmObject* target) => target->Header.References++;

    /// <summary>
    /// Drops a reference; the last one ends the object and frees its pages. With the last but one of a file's, its keeper may do so.
    /// </summary>
    public void Release(VmObject* target)
    {
        Panic.Unless(target->Header.References > 0, "memory: released an object nobody refers to"u8);
        if (--target->Header.References == 0)
            EndObject(target);
        else if (target->Header.References == 1 && target->Keeper != null)
            Keeper!.Unmapped(target->Keeper);
    }

    /// <summary>
    /// Sets the size. Growing adds holes; shrinking cuts pages and unmaps them everywhere. Ok, OutOfMemory (nothing changed) or
    /// InvalidArgument. The bytes after a file's end inside its last page are the caller's (<see cref="ZeroTail"/>).
    /// </summary>
    public MemoryStatus Resize(VmObject* target, ulong sizePages)
    {
        if (sizePages > MaxObjectPages)
            return MemoryStatus.InvalidArgument;
        if (sizePages < target->SizePages)
            return Shrink(target, sizePages, mayBeShown: true);
        SetSize(target, sizePages);
        return MemoryStatus.Ok;
    }

    private MemoryStatus Shrink(VmObject* target, ulong sizePages, bool mayBeShown)
    {
        if (!PrepareCut(target, sizePages) || !PrepareCutOverlays(target, sizePages))
            return MemoryStatus.OutOfMemory;
        if (mayBeShown)
            UnmapPages(target, sizePages, target->SizePages - sizePages);
        Cut(target, sizePages);
        CutOverlays(target, sizePages);
        SetSize(target, sizePages);
        return MemoryStatus.Ok;
    }

    // Makes everything a cut needs that could fail.
    private bool PrepareCut(VmObject* target, ulong first) => _log.Open(target) != null && _tree.UnsharePath(target, first);

    // Nothing is left of an object's pages from one on; nothing shows them. Its size stays.
    private void Cut(VmObject* target, ulong first)
    {
        if (first >= target->SizePages)
            return;
        ChangeSet* set = target->Changes;
        _log.CutDirty(set, first);
        _tree.Cut(target, first);
        CountCut(target, set);
        if (first < set->TruncateFrom)
            set->TruncateFrom = first;
    }

    private void CountCut(VmObject* target, ChangeSet* set)
    {
        if (!set->IsTruncated)
            _log.GroupAt(target->Header.Group)->ClonesAndCuts++;
    }

    private void SetSize(VmObject* target, ulong sizePages)
    {
        if (sizePages == target->SizePages)
            return;
        target->SizePages = sizePages;
        target->CountedPages = 0;
        TrackerOf(&target->Header).MarkChanged(&target->Header);
    }

    /// <summary>Allocates and registers an object; it enters the group's books at once, because the store must learn of it.</summary>
    private VmObject* NewObject(ObjectTracker tracker, ulong sizePages, VmObjectFlags flags)
    {
        VmObject* created = _objects.Allocate();
        if (created == null)
            return null;
        created->SizePages = sizePages;
        created->Flags = flags;
        tracker.Register(&created->Header, ObjectKind.MemoryObject);
        ChangeSet* set = _log.Open(created);
        if (set == null)
        {
            tracker.Remove(&created->Header);
            _objects.Free(created);
            return null;
        }
        set->IsNew = true;
        return created;
    }

    // Clones without the shootdown, so that a fork of many objects needs only one.
    private VmObject* CloneUnflushed(VmObject* source, out bool mustFlush)
    {
        mustFlush = false;
        bool hasRoom = source->Backing == null || HasRoomForOverlay(source->Backing);
        VmObject* clone = hasRoom ? NewObject(TrackerOf(&source->Header), source->SizePages, source->Flags) : null;
        if (clone == null)
            return null;
        clone->Header.References = 1;
        AttachBacking(clone, source->Backing);
        InheritStored(source, clone);
        if (source->Changes != null)
        {
            mustFlush = _log.ProtectAll(source->Changes) != 0;
            if (!_log.CopyDirty(source, clone))
            {
                EndObject(clone);
                return null;
            }
        }
        _tree.Share(source, clone);
        if (UnshareDirtyLeaves(clone))
            return clone;
        EndObject(clone);
        return null;
    }

    // What of the clone's contents the store has, and under which id.
    private void InheritStored(VmObject* source, VmObject* clone)
    {
        ChangeSet* set = clone->Changes;
        ChangeSet* pending = source->Changes;
        clone->StoreBase = source->StoreBase;
        if (source->IsCaptured)
        {
            // Until the source's own clone operation has been submitted its pages are still read from its base, and so are ours.
            set->CloneSource = source->Header.Id;
            if (source->StoreBase.IsNone)
                clone->StoreBase = source->Header.Id;
            for (ChangeSet* frozen = source->Frozen; frozen != null; frozen = frozen->NextOfObject)
                frozen->HasClones = true;
        }
        else if (pending != null)
        {
            set->CloneSource = pending->CloneSource;
        }
        if (pending != null && pending->IsTruncated)
        {
            CountCut(clone, set);
            set->TruncateFrom = pending->TruncateFrom;
        }
        if (set->IsClone)
            _log.GroupAt(clone->Header.Group)->ClonesAndCuts++;
    }

    // Keeps the rule that a leaf with a dirty slot is never shared.
    private bool UnshareDirtyLeaves(VmObject* clone)
    {
        for (DirtyChunk* chunk = clone->Changes->FirstDirty; chunk != null; chunk = chunk->Next)
        {
            for (int index = 0; index < chunk->Count; index++)
            {
                FrozenPage* entry = DirtyChunk.At(chunk, index);
                if (entry->Frame.Value != ChangeLog.Forced && _tree.PrivateSlot(clone, entry->Page) == null)
                    return false;
            }
        }
        return true;
    }

    private void EndObject(VmObject* target)
    {
        Panic.Unless(!target->IsMapped, "memory: ended an object that is still mapped"u8);
        if (target->PageIns > 0)
            _pageIns.Cancel(target);
        if (target->Changes != null)
        {
            ChangeSet* set = target->Changes;
            _log.Detach(target);
            _log.Free(set);
        }
        for (ChangeSet* frozen = target->Frozen; frozen != null; frozen = frozen->NextOfObject)
            frozen->Object = null;
        _tree.Clear(target);
        VmObject* backing = DetachBacking(target);
        TrackerOf(&target->Header).Remove(&target->Header);
        _objects.Free(target);
        if (backing != null)
            Release(backing);
    }
}
