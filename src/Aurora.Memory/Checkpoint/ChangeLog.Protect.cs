// Protect lists: the page-table entries of an object's pages that are writable now. Processing one is the only thing that takes write bits
// away in bulk. An entry may be stale (its page was unmapped, its slot reused): clearing the bit of something else costs a fault, never
// correctness, since that something is on a list of its own.
using Aurora.Base;

namespace Aurora.Memory;

internal sealed unsafe partial class ChangeLog
{
    /// <summary>Makes room for one more writable entry; false when out of memory.</summary>
    public bool ReserveProtect(VmObject* target)
    {
        ChangeSet* set = Open(target);
        if (set == null)
            return false;
        if (set->Protect != null && set->Protect->Count < ProtectChunk.Capacity)
            return true;
        ProtectChunk* chunk = _protect.Allocate();
        if (chunk == null)
            return false;
        chunk->Next = set->Protect;
        set->Protect = chunk;
        return true;
    }

    /// <summary>Appends an entry after <see cref="ReserveProtect"/>; its table stays until the list has been processed.</summary>
    public void AppendProtect(VmObject* target, ulong* entry)
    {
        if ((_seeded & SeededMemoryFaults.LostProtectEntry) != 0)
            return;
        ProtectChunk* chunk = target->Changes->Protect;
        *ProtectChunk.At(chunk, chunk->Count++) = entry;
        _tables.HoldTable(entry);
    }

    /// <summary>
    /// Clears the write bit of every entry on the set's protect list and empties the list; returns the number of entries cleared. With
    /// <paramref name="keepHot"/>, entries that show one of its hot pages stay writable and move to its present set.
    /// </summary>
    public ulong ProtectAll(ChangeSet* set, VmObject* keepHot = null)
    {
        // Only a freeze that found a hot page has begun another set.
        bool hasHot = keepHot != null && keepHot->Changes != null;
        ulong count = 0;
        ProtectChunk* chunk = set->Protect;
        while (chunk != null)
        {
            for (int index = 0; index < chunk->Count; index++)
            {
                ulong* entry = *ProtectChunk.At(chunk, index);
                if (hasHot && KeepHot(keepHot, entry))
                    continue;
                _tables.NoteStores(entry);
                *entry &= ~(PageEntry.Writable | PageEntry.Opened);
                _tables.ReleaseTable(entry);
                count++;
            }
            ProtectChunk* next = chunk->Next;
            _protect.Free(chunk);
            chunk = next;
        }
        set->Protect = null;
        return count;
    }

    /// <summary>The frames of opened pages learn whether programs have stored to them.</summary>
    public void NoteStores(ChangeSet* set)
    {
        for (ProtectChunk* chunk = set->Protect; chunk != null; chunk = chunk->Next)
        {
            for (int index = 0; index < chunk->Count; index++)
                _tables.NoteStores(*ProtectChunk.At(chunk, index));
        }
    }

    // A stale entry may show anything, or nothing; only one that is writable and shows a hot frame moves on. The hold on its table too.
    private bool KeepHot(VmObject* target, ulong* entry)
    {
        const ulong Needed = PageEntry.Present | PageEntry.Writable;
        bool isHot = (*entry & Needed) == Needed
            && (_frames.InfoOf(PageEntry.FrameOf(*entry))->Flags & FrameFlags.Hot) != 0
            && ReserveProtect(target);
        if (isHot)
        {
            AppendProtect(target, entry);
            _tables.ReleaseTable(entry);
            // Whether the page is stored to again is for the CPU to tell.
            _tables.NoteStores(entry);
            *entry = (*entry & ~PageEntry.Dirty) | PageEntry.Opened;
        }
        return isHot;
    }
}
