using Aurora.Base;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>Keeps the undo lists of threads, and the blocks in them.</summary>
public sealed unsafe class UndoLists(IpcState state)
{
    /// <summary>The list of a thread, made if it has none; null without memory.</summary>
    public UndoList* Make(Thread* thread)
    {
        if (thread->UndoList != null)
            return thread->UndoList;
        ObjectTracker group = state.Tracked.Of(&thread->Header);
        UndoList* first = state.FirstUndoList(group);
        bool hasNumber = first == null || first->Number < uint.MaxValue;
        UndoList* list = hasNumber ? New(group, first == null ? 1 : first->Number + 1) : null;
        if (list == null)
            return null;
        Attach(thread, list);
        group.MarkChanged(&thread->Header);
        return list;
    }

    /// <summary>A new thread shares the list of another one, which has one.</summary>
    public void Share(Thread* thread, Thread* child)
    {
        Attach(child, thread->UndoList);
        state.Tracked.MarkChanged(&child->Header);
    }

    /// <summary>A thread has a list from here on, with others.</summary>
    internal static void Attach(Thread* thread, UndoList* list)
    {
        thread->UndoList = list;
        list->References++;
    }

    /// <summary>The list with a number in a group, made if there is none (restore); null without memory.</summary>
    internal UndoList* Restore(ObjectTracker group, uint number)
    {
        UndoList* list = state.FirstUndoList(group);
        while (list != null && list->Number != number)
            list = list->Next;
        return list != null ? list : New(group, number);
    }

    /// <summary>The block of a list for some semaphores of a set, or null.</summary>
    internal static SemaphoreUndo* Find(UndoList* list, SemaphoreSet* set, int number)
    {
        SemaphoreUndo* undo = list == null ? null : list->First;
        while (undo != null && (undo->Set != set || undo->Number != number))
            undo = undo->NextOfList;
        return undo;
    }

    /// <summary>As above, made if there is none; null without memory, or when the list is full.</summary>
    internal SemaphoreUndo* MakeBlock(UndoList* list, SemaphoreSet* set, int number)
    {
        SemaphoreUndo* undo = Find(list, set, number);
        if (undo != null || list->Count >= UndoList.MostBlocks)
            return undo;
        undo = state.Undos.Allocate();
        if (undo == null)
            return null;
        undo->Number = number;
        undo->ListNumber = list->Number;
        Link(list, set, undo);
        state.Tracked.Of(&set->Header).Register(&undo->Header, ObjectKind.SemaphoreUndo);
        return undo;
    }

    internal static void Link(UndoList* list, SemaphoreSet* set, SemaphoreUndo* undo)
    {
        undo->List = list;
        undo->Set = set;
        undo->NextOfList = list->First;
        if (list->First != null)
            list->First->PreviousOfList = undo;
        list->First = undo;
        list->Count++;
        undo->NextOfSet = set->FirstUndo;
        if (set->FirstUndo != null)
            set->FirstUndo->PreviousOfSet = undo;
        set->FirstUndo = undo;
    }

    /// <summary>A block ends.</summary>
    internal void End(SemaphoreUndo* undo)
    {
        if (undo->PreviousOfList != null)
            undo->PreviousOfList->NextOfList = undo->NextOfList;
        else
            undo->List->First = undo->NextOfList;
        if (undo->NextOfList != null)
            undo->NextOfList->PreviousOfList = undo->PreviousOfList;
        if (undo->PreviousOfSet != null)
            undo->PreviousOfSet->NextOfSet = undo->NextOfSet;
        else
            undo->Set->FirstUndo = undo->NextOfSet;
        if (undo->NextOfSet != null)
            undo->NextOfSet->PreviousOfSet = undo->PreviousOfSet;
        undo->List->Count--;
        state.Tracked.Remove(&undo->Header);
        state.Undos.Free(undo);
    }

    /// <summary>A list without threads and blocks ends.</summary>
    internal void End(ObjectTracker group, UndoList* list)
    {
        fixed (UndoList** first = &state.FirstUndoList(group))
        {
            UndoList** link = first;
            while (*link != list)
                link = &(*link)->Next;
            *link = list->Next;
        }
        state.UndoLists.Free(list);
    }

    private UndoList* New(ObjectTracker group, uint number)
    {
        UndoList* list = state.UndoLists.Allocate();
        if (list == null)
            return null;
        list->Number = number;
        fixed (UndoList** first = &state.FirstUndoList(group))
        {
            UndoList** link = first;
            while (*link != null && (*link)->Number > number)
                link = &(*link)->Next;
            list->Next = *link;
            *link = list;
        }
        return list;
    }
}
