// What a freeze takes of one object: its pages in the order in which they were first written, each with the frame that the epoch writes.
// Nothing here needs memory or can fail; a hot page for whose copy there is no memory goes the ordinary way.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class Epochs
{
    private void FreezeSet(ChangeSet* set, FrozenEpoch* epoch)
    {
        VmObject* target = set->Object;
        target->Changes = null;
        set->PageCount = 0;
        set->IsOverlay = target->Backing != null && !_seeded.Has(SeededMemoryFaults.ElidedZeroes);
        // The store has nothing of a new object that is not a clone: nothing to cut, no page to turn into a hole.
        bool isUnknown = set->IsNew && !set->IsClone;
        if (isUnknown)
            set->TruncateFrom = ChangeSet.NoTruncation;
        if (set->HasOpened)
            _log.NoteStores(set);
        for (DirtyChunk* chunk = set->FirstDirty; chunk != null; chunk = chunk->Next)
            set->PageCount += FreezeChunk(target, chunk, epoch, keepHoles: !isUnknown);
        // After the pages: a page that stays hot takes its entries along into the new set.
        epoch->ProtectedEntries += _log.ProtectAll(set, target);
        epoch->Pages += set->PageCount;
        epoch->Clones += set->IsClone ? 1UL : 0;
        epoch->Truncations += set->IsTruncated ? 1UL : 0;
        target->IsCaptured = true;
        set->NextOfObject = target->Frozen;
        target->Frozen = set;
    }

    // Resolves the pages of a chunk to frames, drops entries that an earlier one covers, and returns how many are left.
    private ulong FreezeChunk(VmObject* target, DirtyChunk* chunk, FrozenEpoch* epoch, bool keepHoles)
    {
        int kept = 0;
        for (int index = 0; index < chunk->Count; index++)
        {
            FrozenPage* entry = DirtyChunk.At(chunk, index);
            bool isForced = entry->Frame.Value == ChangeLog.Forced;
            ulong* slot = _tree.FindSlot(target, entry->Page);
            ulong value = slot != null ? *slot : _tree.Lookup(target, entry->Page);
            // A forced entry gives way to a regular one for the same page.
            bool isOurs = isForced != ((value & Slot.Dirty) != 0) && (value & (Slot.InStore | Slot.Bad)) == 0;
            if (!isOurs)
                continue;
            bool isResident = Slot.IsResident(value);
            bool isUnwritten = isResident && !isForced && _opened.EndUnwritten(Slot.FrameOf(value));
            // An epoch in flight may have the page in another frame: only what the store has for certain can be clean.
            if (isUnwritten && epoch->Older == null)
            {
                *slot = value & ~Slot.Dirty;
                continue;
            }
            FrozenPage* frozen = DirtyChunk.At(chunk, kept);
            frozen->Page = entry->Page;
            frozen->Frame = default;
            kept += isResident || keepHoles ? 1 : 0;
            if (isResident && !isForced && !isUnwritten && _hot.Freeze(target, frozen, Slot.FrameOf(value), epoch))
                continue;
            if (slot != null)
                *slot = value & ~Slot.Dirty;
            if (isResident)
                BeginFlight(frozen, Slot.FrameOf(value));
        }
        chunk->Count = kept;
        return (ulong)kept;
    }

    private void BeginFlight(FrozenPage* frozen, FrameNumber frame)
    {
        frozen->Frame = frame;
        _frames.BeginFlight(frame);
        _frames.InfoOf(frame)->Flags &= ~FrameFlags.Unsaved;
    }
}
