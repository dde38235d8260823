// The books of dirty tracking. Each changed object has one current ChangeSet, on the list of its group; the set holds the dirty list
// (pages to write) and the protect list (entries that were made writable since the last freeze: one per writable entry, so a second
// mapping of the same page is tracked too). Appending is split into Reserve, which may fail, and Append, which may not, so that a fault
// changes nothing before it is certain to finish. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The current change sets of all groups and the memory of the lists.</summary>
internal sealed unsafe partial class ChangeLog
{
    /// <summary>In a dirty entry before the freeze: write whatever the slot holds, although its dirty bit could not be set.</summary>
    public const ulong Forced = ulong.MaxValue;

    /// <summary>The list of current sets of one group.</summary>
    internal struct Group
    {
        public ChangeSet* First;
        public ChangeSet* Last;
        public ulong Count;

        /// <summary>Pages entered in dirty lists since the last freeze; those that went again are still counted.</summary>
        public ulong DirtyPages;

        /// <summary>Sets that have become clones or truncated since the last freeze; those that ended again are still counted.</summary>
        public ulong ClonesAndCuts;

        /// <summary>How many freezes there have been.</summary>
        public uint Freezes;

        /// <summary>The newest epoch that is frozen and neither released nor merged.</summary>
        public FrozenEpoch* Newest;
    }

    private readonly Slab<ChangeSet> _sets;
    private readonly Slab<DirtyChunk> _dirty;
    private readonly Slab<ProtectChunk> _protect;
    private readonly PageTables _tables;
    private readonly FramePool _frames;
    private readonly GroupTable<Group> _groups;
    private readonly ChangeTotals* _totals;
    private readonly SeededMemoryFaults _seeded;

    public ChangeLog(PageAllocator pages, TrackedObjects tracked, PageTables tables, FramePool frames, in MemoryOptions options)
    {
        _frames = frames;
        _tables = tables;
        _seeded = options.Seeded;
        _sets = new Slab<ChangeSet>(pages, options.MaxObjects * 2);
        // Every object may waste most of its last chunk.
        _dirty = new Slab<DirtyChunk>(pages, options.MaxObjects + (options.MaxDirtyPages / DirtyChunk.Capacity));
        _protect = new Slab<ProtectChunk>(pages, options.MaxObjects + (options.MaxDirtyPages / ProtectChunk.Capacity));
        _groups = new GroupTable<Group>(tracked);
        _totals = tracked.Totals;
    }

    public int SetCount => _sets.Count;
    public int ChunkCount => _dirty.Count + _protect.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Group* GroupAt(ushort index) => _groups.At(index);

    /// <summary>The object's current set, begun if need be; null when out of memory.</summary>
    public ChangeSet* Open(VmObject* target)
    {
        if (target->Changes != null)
            return target->Changes;
        ChangeSet* set = _sets.Allocate();
        if (set == null)
            return null;
        set->Object = target;
        set->Id = target->Header.Id;
        set->TruncateFrom = ChangeSet.NoTruncation;
        Attach(target, set);
        return set;
    }

    /// <summary>Makes a set that was taken off (or is new) the object's current one.</summary>
    public void Attach(VmObject* target, ChangeSet* set)
    {
        target->Changes = set;
        Group* group = GroupAt(target->Header.Group);
        set->Next = null;
        set->Previous = group->Last;
        if (group->Last != null)
            group->Last->Next = set;
        else
            group->First = set;
        group->Last = set;
        group->Count++;
        _totals->Count++;
        TrackedObjects.NoteChange(&target->Header);
    }

    /// <summary>Takes the object's current set off the group's list; the set keeps its contents.</summary>
    public void Detach(VmObject* target)
    {
        ChangeSet* set = target->Changes;
        Group* group = GroupAt(target->Header.Group);
        if (set->Previous != null)
            set->Previous->Next = set->Next;
        else
            group->First = set->Next;
        if (set->Next != null)
            set->Next->Previous = set->Previous;
        else
            group->Last = set->Previous;
        set->Next = set->Previous = null;
        target->Changes = null;
        group->Count--;
    }

    /// <summary>The object is about to be truncated in this set.</summary>
    public void CountCut(VmObject* target, ChangeSet* set)
    {
        if (!set->IsTruncated)
            CountOperation(target);
    }

    /// <summary>The object's set has become a clone.</summary>
    public void CountClone(VmObject* target) => CountOperation(target);

    /// <summary>Makes room for one more dirty page; false when out of memory.</summary>
    public bool ReserveDirty(VmObject* target)
    {
        ChangeSet* set = Open(target);
        if (set == null)
            return false;
        GroupAt(target->Header.Group)->DirtyPages++;
        _totals->Count++;
        if (set->LastDirty != null && set->LastDirty->Count < DirtyChunk.Capacity)
            return true;
        DirtyChunk* chunk = _dirty.Allocate();
        if (chunk == null)
            return false;
        if (set->LastDirty != null)
            set->LastDirty->Next = chunk;
        else
            set->FirstDirty = chunk;
        set->LastDirty = chunk;
        return true;
    }

    /// <summary>Appends a page after <see cref="ReserveDirty"/>.</summary>
    public static void AppendDirty(VmObject* target, ulong page, ulong mark = 0)
    {
        ChangeSet* set = target->Changes;
        DirtyChunk* chunk = set->LastDirty;
        FrozenPage* entry = DirtyChunk.At(chunk, chunk->Count++);
        entry->Page = page;
        entry->Frame = new FrameNumber(mark);
        set->PageCount++;
    }

    /// <summary>Moves the dirty list of one set in front of another's.</summary>
    public static void Splice(ChangeSet* to, ChangeSet* from)
    {
        if (from->LastDirty == null)
            return;
        from->LastDirty->Next = to->FirstDirty;
        to->FirstDirty = from->FirstDirty;
        if (to->LastDirty == null)
            to->LastDirty = from->LastDirty;
        to->PageCount += from->PageCount;
        from->FirstDirty = from->LastDirty = null;
    }

    /// <summary>Copies the dirty entries of one object to another; false when out of memory (the copy is then partial).</summary>
    public bool CopyDirty(VmObject* source, VmObject* target)
    {
        for (DirtyChunk* chunk = source->Changes->FirstDirty; chunk != null; chunk = chunk->Next)
        {
            for (int index = 0; index < chunk->Count; index++)
            {
                if (!ReserveDirty(target))
                    return false;
                FrozenPage* entry = DirtyChunk.At(chunk, index);
                AppendDirty(target, entry->Page, entry->Frame.Value);
            }
        }
        return true;
    }

    /// <summary>Removes the entries of pages from <paramref name="first"/> on, keeping the order of the others.</summary>
    public void CutDirty(ChangeSet* set, ulong first)
    {
        DirtyChunk* to = set->FirstDirty;
        int kept = 0;
        set->PageCount = 0;
        for (DirtyChunk* from = set->FirstDirty; from != null; from = from->Next)
        {
            int count = from->Count;
            for (int index = 0; index < count; index++)
            {
                FrozenPage entry = *DirtyChunk.At(from, index);
                if (entry.Page >= first)
                    continue;
                if (kept == DirtyChunk.Capacity)
                {
                    to->Count = kept;
                    to = to->Next;
                    kept = 0;
                }
                *DirtyChunk.At(to, kept++) = entry;
                set->PageCount++;
            }
        }
        if (to == null)
            return;
        to->Count = kept;
        FreeDirty(to->Next);
        to->Next = null;
        set->LastDirty = to;
    }

    /// <summary>Frees a detached set and its lists without acting on them.</summary>
    public void Free(ChangeSet* set)
    {
        FreeDirty(set->FirstDirty);
        for (ProtectChunk* chunk = set->Protect; chunk != null;)
        {
            for (int index = 0; index < chunk->Count; index++)
                _tables.ReleaseTable(*ProtectChunk.At(chunk, index));
            ProtectChunk* next = chunk->Next;
            _protect.Free(chunk);
            chunk = next;
        }
        _sets.Free(set);
    }

    private void CountOperation(VmObject* target)
    {
        GroupAt(target->Header.Group)->ClonesAndCuts++;
        _totals->Count++;
    }

    /// <summary>Frees the first piece of a frozen set's list of pages.</summary>
    public void FreeFirstDirty(ChangeSet* set)
    {
        DirtyChunk* chunk = set->FirstDirty;
        set->FirstDirty = chunk->Next;
        if (set->FirstDirty == null)
            set->LastDirty = null;
        _dirty.Free(chunk);
    }

    private void FreeDirty(DirtyChunk* chunk)
    {
        while (chunk != null)
        {
            DirtyChunk* next = chunk->Next;
            _dirty.Free(chunk);
            chunk = next;
        }
    }
}
