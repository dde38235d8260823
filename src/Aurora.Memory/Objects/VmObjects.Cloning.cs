// Cloning shares the tree: constant time, plus one copied path for each leaf that has dirty pages. The clone owes the store what the source
// owes: it inherits the source's pending truncation and dirty entries, on top of a clone of the stored object both started from. In an
// ephemeral group nobody owes anything: leaves are shared with their dirty slots, and the mappings lead to what has to be protected.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class VmObjects
{
    /// <summary>
    /// An object with the source's present contents and size and one reference, or null when out of memory. The source's dirty pages
    /// become copy-on-write, so this write-protects them.
    /// </summary>
    public VmObject* Clone(VmObject* source)
    {
        VmObject* clone = CloneUnflushed(source, out bool mustFlush);
        if (mustFlush)
            _tlb.InvalidateAll();
        return clone;
    }

    // Clones without the shootdown, so that a fork of many objects needs only one.
    internal VmObject* CloneUnflushed(VmObject* source, out bool mustFlush)
    {
        mustFlush = false;
        VmObject* clone = NewObject(_state.TrackerOf(&source->Header), source->SizePages, source->Flags);
        if (clone == null)
            return null;
        clone->Header.References = 1;
        Overlays.Attach(clone, source->Backing);
        InheritStored(source, clone);
        if (clone->Changes == null)
        {
            mustFlush = _reverse.ProtectAll(source) != 0;
            _tree.Share(source, clone);
            return clone;
        }
        if (source->Changes != null)
        {
            if (source->Changes->HasOpened)
                _opened.Settle(source->Changes);
            mustFlush = _log.ProtectAll(source->Changes) != 0;
            if (!_log.CopyDirty(source, clone))
            {
                End(clone);
                return null;
            }
        }
        _tree.Share(source, clone);
        if (UnshareDirtyLeaves(clone))
            return clone;
        End(clone);
        return null;
    }

    // What of the clone's contents the store has, and under which id.
    private void InheritStored(VmObject* source, VmObject* clone)
    {
        ChangeSet* set = clone->Changes;
        ChangeSet* pending = source->Changes;
        clone->StoreBase = source->StoreBase;
        if (set == null)
        {
            if (source->IsCaptured && source->StoreBase.IsNone)
                clone->StoreBase = source->Header.Id;
            return;
        }
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
            _log.CountCut(clone, set);
            set->TruncateFrom = pending->TruncateFrom;
        }
        if (set->IsClone)
            _log.CountClone(clone);
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
}
