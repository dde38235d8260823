// What a freeze takes of one object: its pages in the order in which they were first written, each with the frame that the epoch writes.
// Nothing here needs memory or can fail; a hot page for whose copy there is no memory goes the ordinary way.
// Pages follow each other as they were written, so most are in the same leaf of the tree as the one before.
using System.Runtime.CompilerServices;
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
        ulong room = epoch->IsAlone ? 0 : _hot.RoomIn(epoch);
        epoch->ProtectedEntries += _log.Protect(set, epoch->Freeze, ref room);
        for (DirtyChunk* chunk = set->FirstDirty; chunk != null; chunk = chunk->Next)
            set->PageCount += FreezeChunk(target, chunk, epoch, keepHoles: !isUnknown);
        // After the pages: a page that stays hot takes its entries along into the new set.
        if (set->Protect != null)
            epoch->ProtectedEntries += _log.ProtectLeft(set, target);
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
        ulong* slot = null;
        ulong last = 0;
        for (int index = 0; index < chunk->Count; index++)
        {
            FrozenPage entry = *DirtyChunk.At(chunk, index);
            slot = _tree.FindSlot(target, entry.Page, slot, last);
            last = entry.Page;
            ulong value = slot != null ? *slot : _tree.Lookup(target, entry.Page);
            // A forced entry gives way to a regular one for the same page.
            bool isForced = entry.Frame.Value == ChangeLog.Forced;
            if (isForced == ((value & Slot.Dirty) != 0) || (value & (Slot.InStore | Slot.Bad)) != 0)
                continue;
            FrozenPage* frozen = DirtyChunk.At(chunk, kept);
            frozen->Page = last;
            if (Slot.IsResident(value))
            {
                frozen->Frame = Slot.FrameOf(value);
                kept += isForced || FreezeFrame(target, frozen, slot, epoch) ? 1 : 0;
                if (isForced)
                    BeginFlight(frozen->Frame);
                continue;
            }
            frozen->Frame = default;
            kept += keepHoles ? 1 : 0;
            if (slot != null)
                *slot = value & ~Slot.Dirty;
        }
        chunk->Count = kept;
        return (ulong)kept;
    }

    // False for a page that has not changed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool FreezeFrame(VmObject* target, FrozenPage* frozen, ulong* slot, FrozenEpoch* epoch)
    {
        FrameInfo* info = _frames.InfoOf(frozen->Frame);
        bool isUnwritten = OpenedPages.EndUnwritten(info);
        if (!isUnwritten && !epoch->IsAlone && _hot.Freeze(target, frozen, info, epoch))
            return true;
        *slot &= ~Slot.Dirty;
        // An epoch in flight may have the page in another frame: only what the store has for certain can be clean.
        if (isUnwritten && epoch->Older == null)
            return false;
        BeginFlight(frozen->Frame);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void BeginFlight(FrameNumber frame)
    {
        _frames.BeginFlight(frame);
        _frames.InfoOf(frame)->Flags &= ~FrameFlags.Unsaved;
    }
}
