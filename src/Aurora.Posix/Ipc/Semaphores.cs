// What semop does to a set: all of its operations or none, and then whoever waits is served in the order of coming, as Linux does: those
// who wait for zeros first, then those who change something, and each time one has been served those for zeros again.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>Operates on semaphores, and serves those who wait for them.</summary>
public sealed unsafe class Semaphores(IpcState state, IpcWaiters waiters, UndoLists undos, GroupClocks clocks)
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>
    /// Does all operations for a thread, or none: Ok, ERANGE, or EAGAIN with the operation that would have to wait. What is to be undone
    /// has its blocks (<see cref="PrepareUndo"/>).
    /// </summary>
    public Errno TryOperate(SemaphoreSet* set, ReadOnlySpan<SemaphoreOperation> operations, Thread* thread, out int blocking)
    {
        int done = 0;
        Errno result = Errno.Ok;
        for (; done < operations.Length && result == Errno.Ok; done++)
            result = Step(set, in operations[done], thread->UndoList);
        blocking = done - 1;
        if (result != Errno.Ok)
        {
            for (done -= 2; done >= 0; done--)
                TakeBack(set, in operations[done], thread->UndoList);
            return result;
        }
        foreach (ref readonly SemaphoreOperation operation in operations)
            Note(set, in operation, thread);
        return Errno.Ok;
    }

    private static Errno Step(SemaphoreSet* set, in SemaphoreOperation operation, UndoList* list)
    {
        ref short value = ref ValueOf(set, operation.Semaphore);
        int result = value + operation.Change;
        if ((operation.Change == 0 && value != 0) || result < 0)
            return Errno.EAGAIN;
        if (result > SemaphoreBlock.MostValue)
            return Errno.ERANGE;
        if ((operation.Flags & SemaphoreFlags.Undo) != 0)
        {
            ref short change = ref ChangeOf(set, operation.Semaphore, list);
            int undone = change - operation.Change;
            if (undone is < short.MinValue or > short.MaxValue)
                return Errno.ERANGE;
            change = (short)undone;
        }
        value = (short)result;
        return Errno.Ok;
    }

    private static void TakeBack(SemaphoreSet* set, in SemaphoreOperation operation, UndoList* list)
    {
        ValueOf(set, operation.Semaphore) -= operation.Change;
        if ((operation.Flags & SemaphoreFlags.Undo) != 0)
            ChangeOf(set, operation.Semaphore, list) += operation.Change;
    }

    private void Note(SemaphoreSet* set, in SemaphoreOperation operation, Thread* thread)
    {
        SemaphoreBlock* block = set->BlockOf(operation.Semaphore);
        block->Processes[operation.Semaphore % SemaphoreBlock.Semaphores] = thread->Process->Id;
        state.Tracked.MarkChanged(&block->Header);
        if ((operation.Flags & SemaphoreFlags.Undo) != 0 && operation.Change != 0)
            state.Tracked.MarkChanged(&UndoLists.Find(
                thread->UndoList, set, operation.Semaphore / SemaphoreBlock.Semaphores)->Header);
    }

    public static ref short ValueOf(SemaphoreSet* set, int semaphore)
        => ref set->BlockOf(semaphore)->Values[semaphore % SemaphoreBlock.Semaphores];

    /// <summary>The process that has changed or seen a semaphore last.</summary>
    public static int ProcessOf(SemaphoreSet* set, int semaphore)
        => set->BlockOf(semaphore)->Processes[semaphore % SemaphoreBlock.Semaphores];

    private static ref short ChangeOf(SemaphoreSet* set, int semaphore, UndoList* list)
    {
        SemaphoreUndo* undo = UndoLists.Find(list, set, semaphore / SemaphoreBlock.Semaphores);
        Panic.Unless(undo != null, "ipc: an operation has no place for what is to be undone"u8);
        return ref undo->Changes[semaphore % SemaphoreBlock.Semaphores];
    }

    /// <summary>Makes sure that what the operations change can be undone; false without memory.</summary>
    public bool PrepareUndo(SemaphoreSet* set, ReadOnlySpan<SemaphoreOperation> operations, Thread* thread)
    {
        foreach (ref readonly SemaphoreOperation operation in operations)
        {
            if ((operation.Flags & SemaphoreFlags.Undo) == 0 || operation.Semaphore >= set->Count)
                continue;
            UndoList* list = undos.Make(thread);
            if (list == null || undos.MakeBlock(list, set, operation.Semaphore / SemaphoreBlock.Semaphores) == null)
                return false;
        }
        return true;
    }

    /// <summary>Semaphores have changed: serves whoever can be. Somebody has operated, or only set values.</summary>
    public void Update(SemaphoreSet* set, bool hasOperated)
    {
        hasOperated |= ServeObservers(set);
        for (IpcWaiter* waiter = set->Changers.First; waiter != null;)
        {
            IpcWaiter* next = waiter->Next;
            bool isComplex = waiter->OperationCount > 1;
            Errno? result = TryServe(set, waiter);
            waiter = next;
            if (result != Errno.Ok)
                continue;
            hasOperated = true;
            ServeObservers(set);
            // A single operation that went on has only taken away: nobody before it can go on for that.
            if (isComplex || set->ComplexChangers > 0)
                waiter = set->Changers.First;
        }
        if (!hasOperated)
            return;
        set->OperationSeconds = Now(set);
        state.Tracked.MarkChanged(&set->Header);
    }

    /// <summary>Somebody has operated on a set; if he has changed something, others may go on.</summary>
    public void NoteOperated(SemaphoreSet* set, bool hasChanged)
    {
        if (hasChanged)
        {
            Update(set, hasOperated: true);
            return;
        }
        set->OperationSeconds = Now(set);
        state.Tracked.MarkChanged(&set->Header);
    }

    private bool ServeObservers(SemaphoreSet* set)
    {
        bool hasServed = false;
        for (IpcWaiter* waiter = set->Observers.First; waiter != null;)
        {
            IpcWaiter* next = waiter->Next;
            hasServed |= TryServe(set, waiter) == Errno.Ok;
            waiter = next;
        }
        return hasServed;
    }

    // What has come of a waiter's operations; null: it waits on.
    private Errno? TryServe(SemaphoreSet* set, IpcWaiter* waiter)
    {
        if (waiter->IsEnding)
            return null;
        Errno result = TryOperate(set, waiter->Operations, waiter->Thread, out int blocking);
        if (result == Errno.EAGAIN && (waiter->Operations[blocking].Flags & SemaphoreFlags.NoWait) == 0)
        {
            NoteBlocking(waiter, blocking);
            return null;
        }
        waiters.Serve(waiter, result);
        return result;
    }

    private void NoteBlocking(IpcWaiter* waiter, int blocking)
    {
        if (waiter->Blocking == blocking)
            return;
        waiter->Blocking = blocking;
        state.Tracked.MarkChanged(&waiter->Header);
    }

    /// <summary>Sets values from a semaphore on, on behalf of a process: nothing that was done to them before is undone any more.</summary>
    public void SetValues(SemaphoreSet* set, int first, ReadOnlySpan<ushort> values, int process)
    {
        for (int i = 0; i < values.Length; i++)
        {
            SemaphoreBlock* block = set->BlockOf(first + i);
            block->Values[(first + i) % SemaphoreBlock.Semaphores] = (short)values[i];
            block->Processes[(first + i) % SemaphoreBlock.Semaphores] = process;
            state.Tracked.MarkChanged(&block->Header);
        }
        for (SemaphoreUndo* undo = set->FirstUndo; undo != null; undo = undo->NextOfSet)
        {
            int from = Math.Max(first, undo->Number * SemaphoreBlock.Semaphores);
            int to = Math.Min(first + values.Length, (undo->Number + 1) * SemaphoreBlock.Semaphores);
            if (from >= to)
                continue;
            for (int semaphore = from; semaphore < to; semaphore++)
                undo->Changes[semaphore % SemaphoreBlock.Semaphores] = 0;
            state.Tracked.MarkChanged(&undo->Header);
        }
    }

    /// <summary>Values have been set: that is a change of the set.</summary>
    public void NoteSet(SemaphoreSet* set)
    {
        set->ChangeSeconds = Now(set);
        state.Tracked.MarkChanged(&set->Header);
        Update(set, hasOperated: false);
    }

    /// <summary>How many wait for a semaphore to be zero, or to grow.</summary>
    public static int CountWaiters(SemaphoreSet* set, int semaphore, bool forZero)
    {
        int count = 0;
        for (IpcWaiter* waiter = set->Changers.First; waiter != null; waiter = waiter->Next)
            count += IsBlockedBy(waiter, semaphore, forZero) ? 1 : 0;
        for (IpcWaiter* waiter = set->Observers.First; waiter != null; waiter = waiter->Next)
            count += IsBlockedBy(waiter, semaphore, forZero) ? 1 : 0;
        return count;
    }

    private static bool IsBlockedBy(IpcWaiter* waiter, int semaphore, bool forZero)
    {
        SemaphoreOperation operation = waiter->Operations[waiter->Blocking];
        return operation.Semaphore == semaphore && (forZero ? operation.Change == 0 : operation.Change < 0);
    }

    /// <summary>A thread has no undo list any more; with the last one what is in it is undone, on behalf of its process.</summary>
    public void LeaveUndo(Thread* thread)
    {
        UndoList* list = thread->UndoList;
        if (list == null)
            return;
        ObjectTracker group = state.Tracked.Of(&thread->Header);
        thread->UndoList = null;
        group.MarkChanged(&thread->Header);
        if (--list->References > 0)
            return;
        while (list->First != null)
            UndoAll(list, list->First->Set, thread->Process->Id);
        undos.End(group, list);
    }

    // All that is to be undone to a set, before anybody who waits for it sees one of the values.
    private void UndoAll(UndoList* list, SemaphoreSet* set, int process)
    {
        for (SemaphoreUndo* undo = set->FirstUndo; undo != null;)
        {
            SemaphoreUndo* next = undo->NextOfSet;
            if (undo->List == list)
            {
                if (!set->IsRemoved)
                    Undo(set, undo, process);
                undos.End(undo);
            }
            undo = next;
        }
        if (!set->IsRemoved)
            Update(set, hasOperated: true);
    }

    private void Undo(SemaphoreSet* set, SemaphoreUndo* undo, int process)
    {
        SemaphoreBlock* block = set->BlockOf(undo->Number * SemaphoreBlock.Semaphores);
        for (int i = 0; i < SemaphoreBlock.Semaphores; i++)
        {
            if (undo->Changes[i] == 0)
                continue;
            block->Values[i] = (short)Math.Clamp(block->Values[i] + undo->Changes[i], 0, SemaphoreBlock.MostValue);
            block->Processes[i] = process;
            state.Tracked.MarkChanged(&block->Header);
        }
    }

    private ulong Now(SemaphoreSet* set) => clocks.Of(&set->Header).RealtimeNanoseconds / NanosecondsPerSecond;
}
