// One object's changes, frozen without those of the rest of its group. What is committed is the object as it is now over a state in which
// all else is older. That is whole as long as nothing but pages says so: the mapping and the object must be as the last freeze of the group
// has them, and no object that the store has not heard of may be going to begin with what the store has of this one. Otherwise the whole
// group has to be frozen. Nothing here needs memory or can fail.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>What of a mapping's memory can be frozen by itself.</summary>
public enum AloneStatus
{
    /// <summary>The last freeze has it as it is.</summary>
    Unchanged,

    /// <summary>Pages have changed, and nothing else.</summary>
    Pages,

    /// <summary>Only with the whole group: mapping or object is not as the last freeze knows it, or a clone depends on it.</summary>
    Entangled,
}

public sealed unsafe partial class Epochs
{
    /// <summary>Whether what a mapping shows can be frozen by itself (<see cref="FreezeAlone"/>).</summary>
    public AloneStatus AloneStatusOf(Mapping* mapping)
    {
        VmObject* target = mapping->Object;
        if (!IsKnown(&mapping->Header) || !IsKnown(&target->Header) || !target->IsCaptured)
            return AloneStatus.Entangled;
        ChangeSet* set = target->Changes;
        if (set == null)
            return AloneStatus.Unchanged;
        bool isPagesOnly = !set->IsNew && !set->IsClone && !set->IsTruncated;
        return isPagesOnly && !IsCloned(target) && IsWithin(set, mapping) ? AloneStatus.Pages : AloneStatus.Entangled;
    }

    /// <summary>
    /// Takes what has changed of one object; <see cref="AloneStatusOf"/> has said that it can be. Pages are protected and none is copied:
    /// how hot they are, checkpoints of the group tell. The epoch is the caller's, as with <see cref="Freeze"/>.
    /// </summary>
    public void FreezeAlone(VmObject* target, FrozenEpoch* epoch)
    {
        Panic.Unless(!epoch->IsActive, "memory: froze into an epoch that is in use"u8);
        ChangeSet* set = target->Changes;
        Panic.Unless(set != null && !set->IsNew && !set->IsTruncated, "memory: froze an object alone that is not"u8);
        ChangeLog.Group* group = _log.GroupAt(target->Header.Group);
        _log.Detach(target);
        group->DirtyPages -= set->PageCount < group->DirtyPages ? set->PageCount : group->DirtyPages;
        *epoch = default;
        epoch->Group = target->Header.Group;
        epoch->IsActive = true;
        epoch->IsAlone = true;
        epoch->First = set;
        epoch->Objects = 1;
        epoch->Freeze = group->Freezes;
        LinkEpoch(group, epoch);
        FreezeSet(set, epoch);
        if (epoch->ProtectedEntries != 0)
            _tlb.InvalidateAll();
        if (_verify)
            _verifier.VerifyAll();
    }

    private static bool IsKnown(ObjectHeader* header)
        => (header->Flags & (ObjectFlags.Stored | ObjectFlags.Changed)) == ObjectFlags.Stored;

    // A clone that no freeze has taken begins with what the store has of its source when it is taken: that must stay what it was when the
    // clone was made.
    private bool IsCloned(VmObject* target)
    {
        ChangeLog.Group* group = _log.GroupAt(target->Header.Group);
        if (_seeded.Has(SeededMemoryFaults.ForgottenCloneOfAlone) || group->ClonesAndCuts == 0)
            return false;
        ChangeSet* set = group->First;
        while (set != null && !(set->IsNew && set->CloneSource == target->Header.Id))
            set = set->Next;
        return set != null;
    }

    // Pages of other pieces of the object may be what somebody has unmapped since.
    private static bool IsWithin(ChangeSet* set, Mapping* mapping)
    {
        for (DirtyChunk* chunk = set->FirstDirty; chunk != null; chunk = chunk->Next)
        {
            for (int index = 0; index < chunk->Count; index++)
            {
                if (DirtyChunk.At(chunk, index)->Page - mapping->PageOffset >= mapping->Pages)
                    return false;
            }
        }
        return true;
    }
}
