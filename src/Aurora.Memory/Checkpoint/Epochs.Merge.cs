// A failed epoch: everything it froze is dirty again. The present state of each page is at least as new as the frozen one, so a page is
// simply entered in its object's dirty list; the frozen frame lives on only if it is still the page's. Clones made after the freeze started
// from the state that has now not been stored, so they inherit the obligation. A freeze is undone for lack of memory, so the frozen lists
// become dirty lists where they are; only the books of clones made since need memory: they may take the last frames, and should even those not
// do it is a panic: the last durable checkpoint stands.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class Epochs
{
    /// <summary>The epoch failed or was discarded: what it froze is dirty again, newer versions winning. Newest epoch first.</summary>
    public void Merge(FrozenEpoch* epoch)
    {
        Panic.Unless(epoch->IsActive && epoch->Newer == null, "memory: merged an epoch before a newer one"u8);
        _log.GroupAt(epoch->Group)->DirtyPages += epoch->Pages;
        _log.GroupAt(epoch->Group)->ClonesAndCuts += epoch->Clones + epoch->Truncations;
        _frames.IsUrgent = true;
        // Before any set becomes current again: a clone that this epoch captured started from the state before it, like its source's set, and
        // takes nothing over. New sets last: clones of theirs become clones of what they started from.
        MergeIntoClones(epoch, ofNew: false);
        MergeIntoClones(epoch, ofNew: true);
        for (ChangeSet* set = epoch->First; set != null;)
        {
            ChangeSet* next = set->Next;
            ForgetFrozen(set);
            if (set->Object == null || _seeded.Has(SeededMemoryFaults.LostMerge) || !MergeIntoObject(epoch, set))
                FreeFrozen(set);
            set = next;
        }
        _frames.IsUrgent = false;
        CloseEpoch(epoch);
    }

    // True when the set has become the object's current one.
    private bool MergeIntoObject(FrozenEpoch* epoch, ChangeSet* set)
    {
        VmObject* target = set->Object;
        if (set->IsNew)
        {
            target->IsCaptured = false;
            if (epoch->IsSubmitted)
                MoveSource(target, set->CloneSource);
        }
        MakeDirtyAgain(target, set);
        ChangeSet* current = target->Changes;
        if (current == null)
        {
            set->HasClones = false;
            set->NextOfObject = null;
            _log.Attach(target, set);
            return true;
        }
        if (set->IsNew)
        {
            current->IsNew = true;
            current->CloneSource = set->CloneSource;
        }
        if (set->TruncateFrom < current->TruncateFrom)
            current->TruncateFrom = set->TruncateFrom;
        ChangeLog.Splice(current, set);
        return false;
    }

    // Turns the frozen list back into a dirty list in its own memory, dropping pages that a newer list has and pages that have been cut off.
    private void MakeDirtyAgain(VmObject* target, ChangeSet* set)
    {
        set->PageCount = 0;
        for (DirtyChunk* chunk = set->FirstDirty; chunk != null; chunk = chunk->Next)
        {
            int kept = 0;
            for (int index = 0; index < chunk->Count; index++)
            {
                FrozenPage entry = *DirtyChunk.At(chunk, index);
                EndFlight(&entry);
                if (entry.Page >= target->SizePages)
                    continue;
                ulong* slot = _tree.PrivateSlot(target, entry.Page);
                if (slot != null)
                    SettleMerged(*slot);
                if (slot != null && (*slot & Slot.Dirty) != 0)
                    continue;
                // Without memory to unshare the leaf the entry alone must do: it is forced.
                entry.Frame = new FrameNumber(slot == null ? ChangeLog.Forced : 0);
                if (slot != null)
                    *slot |= Slot.Dirty;
                else
                    KeepForced(target, entry.Page);
                *DirtyChunk.At(chunk, kept++) = entry;
            }
            chunk->Count = kept;
            set->PageCount += (ulong)kept;
        }
    }

    private void FreeFrozen(ChangeSet* set)
    {
        var cursor = new FrozenPageCursor(set);
        while (cursor.MoveNext())
            EndFlight(cursor.Current);
        _log.Free(set);
    }

    private void MergeIntoClones(FrozenEpoch* epoch, bool ofNew)
    {
        for (ChangeSet* set = epoch->First; set != null; set = set->Next)
        {
            if (set->HasClones && set->IsNew == ofNew && !_seeded.Has(SeededMemoryFaults.ForgottenCloneOfMerge))
                MergeIntoClones(epoch, set);
        }
    }

    // Clones of the object that no freeze has taken: their clone operation would start from a state the store does not have.
    private void MergeIntoClones(FrozenEpoch* epoch, ChangeSet* set)
    {
        for (ChangeSet* clone = _log.GroupAt(epoch->Group)->First; clone != null; clone = clone->Next)
        {
            if (!clone->IsNew || clone->CloneSource != set->Id)
                continue;
            if (set->IsNew)
            {
                clone->CloneSource = set->CloneSource;
                MoveSource(clone->Object, set->CloneSource);
            }
            MergePages(clone->Object, clone, set);
        }
    }

    private void MergePages(VmObject* target, ChangeSet* current, ChangeSet* set)
    {
        if (set->TruncateFrom < current->TruncateFrom)
        {
            _log.CountCut(target, current);
            current->TruncateFrom = set->TruncateFrom;
        }
        var cursor = new FrozenPageCursor(set);
        while (cursor.MoveNext())
        {
            ulong page = cursor.Current->Page;
            if (page < target->SizePages)
                MakeDirtyAgain(target, page);
        }
    }

    private void MakeDirtyAgain(VmObject* target, ulong page)
    {
        ulong* slot = _tree.PrivateSlot(target, page);
        if (slot != null)
            SettleMerged(*slot);
        if (slot != null && (*slot & Slot.Dirty) != 0)
            return;
        bool hasRoom = _log.ReserveDirty(target);
        Panic.Unless(hasRoom, "memory: no room to merge a failed checkpoint"u8);
        // Without memory to unshare the leaf the entry alone must do: it is forced.
        ChangeLog.AppendDirty(target, page, slot == null ? ChangeLog.Forced : 0);
        if (slot != null)
            *slot |= Slot.Dirty;
        else
            KeepForced(target, page);
    }

    // What an opened page shows is owed to the store again, whether somebody stores to it or not.
    private void SettleMerged(ulong slot)
    {
        if (!_seeded.Has(SeededMemoryFaults.TrustedOpenedPage))
            _opened.Settle(slot);
    }

    // No dirty bit tells that the page is owed to the store: its frame does.
    private void KeepForced(VmObject* target, ulong page)
    {
        ulong value = _tree.Lookup(target, page);
        if (Slot.IsResident(value))
            _frames.InfoOf(Slot.FrameOf(value))->Flags |= FrameFlags.Unsaved;
    }
}
