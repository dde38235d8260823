// A failed epoch: everything it froze is dirty again. The present state of each page is at least as new as the frozen one, so a page is
// simply entered in its object's dirty list; the frozen frame lives on only if it is still the page's. Clones made after the freeze started
// from the state that has now not been stored, so they inherit the obligation. The set's own memory is reused where the object has no
// newer set; nothing here needs memory to be correct except books for clones, and there running out is a panic: the last durable
// checkpoint stands.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>The epoch failed or was discarded: what it froze is dirty again, newer versions winning. Newest epoch first.</summary>
    public void MergeEpoch(FrozenEpoch* epoch)
    {
        Panic.Unless(epoch->IsActive && epoch->Newer == null, "memory: merged an epoch before a newer one"u8);
        for (ChangeSet* set = epoch->First; set != null;)
        {
            ChangeSet* next = set->Next;
            ForgetFrozen(set);
            if (set->HasClones)
                MergeIntoClones(epoch, set);
            if (set->Object != null)
                MergeIntoObject(epoch, set);
            var cursor = new FrozenPageCursor(set);
            while (cursor.MoveNext())
                EndFlight(cursor.Current);
            _log.Free(set);
            set = next;
        }
        CloseEpoch(epoch);
    }

    private void MergeIntoObject(FrozenEpoch* epoch, ChangeSet* set)
    {
        VmObject* target = set->Object;
        ChangeSet* current = _log.Open(target);
        Panic.Unless(current != null, "memory: no room to merge a failed checkpoint"u8);
        if (set->IsNew)
        {
            current->IsNew = true;
            current->CloneSource = set->CloneSource;
            target->IsCaptured = false;
            if (epoch->IsSubmitted)
                MoveSource(target, set->CloneSource);
        }
        MergePages(target, current, set);
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
            current->TruncateFrom = set->TruncateFrom;
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
        if (slot != null && (*slot & Slot.Dirty) != 0)
            return;
        bool hasRoom = _log.ReserveDirty(target);
        Panic.Unless(hasRoom, "memory: no room to merge a failed checkpoint"u8);
        // Without memory to unshare the leaf the entry alone must do: it is forced.
        ChangeLog.AppendDirty(target, page, slot == null ? ChangeLog.Forced : 0);
        if (slot != null)
            *slot |= Slot.Dirty;
    }
}
