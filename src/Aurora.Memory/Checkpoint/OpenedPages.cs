// Opened pages: pages that the kernel has made writable before anybody stored to them, because somebody is likely to: the neighbours of
// one that was written (WriteAround), and hot pages, which a freeze copies (HotPages). Such a page is on its object's dirty list like
// any other dirty page, so nothing can be missed; what is not known is whether it has changed at all. The next freeze finds out, and
// leaves it out of the epoch if nobody has stored to it and no epoch is in flight: then the store has it as it is. (An epoch in flight may
// have the same contents in another frame, whose count does not keep this one from being evicted.)
//
//  - FrameFlags.Opened is on the frame of such a page from when it is opened until a freeze, or until it counts as changed whatever
//    happens: a fault or a kernel access for writing (ObjectPages.MakeWritable), a clone, the merge of an epoch that was to store it.
//  - An entry through which a program may store to such a frame carries PageEntry.Opened, and no dirty bit until the CPU sets it.
//    Whatever changes the entry first tells the frame (PageTables.NoteStores): FrameFlags.Written. The kernel sets the dirty bit of an
//    entry through which it stores (UserMemory).
//  - A dirty bit is cleared only where every translation is invalidated before the program runs again.
//
// A frame without the flag has changed if its slot is dirty: who forgets an opened page costs a page of the commit, never a store.
// Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Tells opened pages that have changed from those that have not.</summary>
internal sealed unsafe class OpenedPages(MemoryState state)
{
    private readonly FramePool _frames = state.Frames;
    private readonly RadixTree _tree = state.Tree;

    /// <summary>A page on the set's dirty list is an opened one from now on. Its entries have to be made so too.</summary>
    public static void Begin(ChangeSet* set, FrameInfo* info)
    {
        set->HasOpened = true;
        info->Flags = (info->Flags & ~(FrameFlags.Written | FrameFlags.Idle)) | FrameFlags.Opened;
    }

    /// <summary>Ends it for a freeze; true when nobody has stored to the page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool EndUnwritten(FrameInfo* info)
    {
        FrameFlags flags = info->Flags;
        info->Flags = flags & ~(FrameFlags.Opened | FrameFlags.Written | FrameFlags.Hot);
        return (flags & (FrameFlags.Opened | FrameFlags.Written)) == FrameFlags.Opened;
    }

    /// <summary>What a slot shows counts as changed if the slot is dirty, whether somebody stores to it or not.</summary>
    public void Settle(ulong slot)
    {
        if (Slot.IsResident(slot))
            _frames.InfoOf(Slot.FrameOf(slot))->Flags &= ~FrameFlags.Opened;
    }

    /// <summary>All pages of an object's current set count as changed.</summary>
    public void Settle(ChangeSet* set)
    {
        for (DirtyChunk* chunk = set->FirstDirty; chunk != null; chunk = chunk->Next)
        {
            for (int index = 0; index < chunk->Count; index++)
                Settle(_tree.Lookup(set->Object, DirtyChunk.At(chunk, index)->Page));
        }
        set->HasOpened = false;
    }
}
