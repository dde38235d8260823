// Protect lists: the page-table entries of an object's pages that are writable now. Processing one is the only thing that takes write bits
// away in bulk. An entry may be stale (its page was unmapped, its slot reused): clearing the bit of something else costs a fault, never
// correctness, since that something is on a list of its own.
//
// A freeze does it in two steps, around the pages of the set (Epochs.Freeze): which pages stay writable is not known before it has looked
// at them, and what programs have stored it has to know then. The first step takes the write bits from all entries but the few that show a
// page which may stay hot; the second decides about those. Entries follow each other as their pages were written, so most share a table
// with the one before: the holds on it are given back together.
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

    /// <summary>Clears the write bit of every entry on the set's protect list and empties the list; how many there were.</summary>
    public ulong ProtectAll(ChangeSet* set)
    {
        ulong none = 0;
        return Protect(set, 0, ref none);
    }

    /// <summary>
    /// The first step of a freeze, whose number is given: clears the write bits and returns how many. The frames of opened pages know from
    /// here on whether programs have stored to them. Entries that show a page which may stay hot, as many as there is room for, stay on
    /// the list and as they are; their frames are marked (<see cref="FrameFlags.Warm"/>).
    /// </summary>
    public ulong Protect(ChangeSet* set, uint freeze, ref ulong room)
    {
        ulong count = 0;
        ProtectChunk* chunk = set->Protect;
        set->Protect = null;
        while (chunk != null)
        {
            ProtectChunk* next = chunk->Next;
            count += Protect(chunk, freeze, ref room);
            if (chunk->Count != 0)
            {
                chunk->Next = set->Protect;
                set->Protect = chunk;
            }
            else
            {
                _protect.Free(chunk);
            }
            chunk = next;
        }
        return count;
    }

    /// <summary>
    /// The second step of a freeze, for entries that the first has left: those that show a hot page of the object stay writable and go
    /// over to its present set, in the memory in which they are; the others lose the bit. How many did.
    /// </summary>
    public ulong ProtectLeft(ChangeSet* set, VmObject* target)
    {
        // Only a freeze that found a hot page has begun another set.
        ChangeSet* present = target->Changes;
        ulong count = 0;
        for (ProtectChunk* chunk = set->Protect; chunk != null;)
        {
            ProtectChunk* next = chunk->Next;
            count += ProtectAllButHot(chunk, present != null);
            if (chunk->Count != 0)
            {
                chunk->Next = present->Protect;
                present->Protect = chunk;
            }
            else
            {
                _protect.Free(chunk);
            }
            chunk = next;
        }
        set->Protect = null;
        return count;
    }

    private ulong ProtectAllButHot(ProtectChunk* chunk, bool hasHot)
    {
        int kept = 0;
        for (int index = 0; index < chunk->Count; index++)
        {
            ulong* entry = *ProtectChunk.At(chunk, index);
            if (hasHot && StaysHot(entry))
            {
                *ProtectChunk.At(chunk, kept++) = entry;
                continue;
            }
            _tables.Protect(entry);
            _tables.ReleaseTable(entry);
        }
        ulong count = (ulong)(chunk->Count - kept);
        chunk->Count = kept;
        return count;
    }

    private ulong Protect(ProtectChunk* chunk, uint freeze, ref ulong room)
    {
        int kept = 0;
        int held = 0;
        ulong* last = null;
        for (int index = 0; index < chunk->Count; index++)
        {
            ulong* entry = *ProtectChunk.At(chunk, index);
            if (room != 0 && MayStayHot(entry, freeze))
            {
                *ProtectChunk.At(chunk, kept++) = entry;
                room--;
                continue;
            }
            _tables.Protect(entry);
            if (held != 0 && !PageTables.IsSameTable(entry, last))
            {
                _tables.ReleaseTable(last, held);
                held = 0;
            }
            last = entry;
            held++;
        }
        if (held != 0)
            _tables.ReleaseTable(last, held);
        ulong count = (ulong)(chunk->Count - kept);
        chunk->Count = kept;
        return count;
    }

    // An opened page counts only if somebody has stored to it, of which its frame learns here.
    private bool MayStayHot(ulong* entry, uint freeze)
    {
        const ulong Needed = PageEntry.Present | PageEntry.Writable | PageEntry.Dirty;
        if ((*entry & Needed) != Needed)
            return false;
        FrameInfo* info = _frames.InfoOf(PageEntry.FrameOf(*entry));
        if (!HotPages.IsWarm(info, freeze))
            return false;
        info->Flags |= FrameFlags.Warm;
        _tables.NoteStores(entry);
        return true;
    }

    // A stale entry may show anything, or nothing; only one that is writable and shows a hot frame stays so. Whether the page is stored to
    // again is for the CPU to tell.
    private bool StaysHot(ulong* entry)
    {
        const ulong Needed = PageEntry.Present | PageEntry.Writable;
        bool isHot = (*entry & Needed) == Needed && (_frames.InfoOf(PageEntry.FrameOf(*entry))->Flags & FrameFlags.Hot) != 0;
        if (isHot)
            *entry = (*entry & ~PageEntry.Dirty) | PageEntry.Opened;
        return isHot;
    }
}
