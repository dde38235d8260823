// Sleeping and waking. A dispatch that must wait calls BlockOn for each queue and BlockUntil for its deadline, then returns "blocked";
// the executive then calls Sleep. Between the two no other thread runs, so no wake-up is lost. Waking takes the thread off all its queues.
using Aurora.Base;
using Aurora.Posix.Time;

namespace Aurora.Posix.Threads;

public sealed unsafe partial class ThreadScheduler
{
    private const int MaxWaitEntries = 1 << 18;

    // A thread that finds no room for a wait entry polls at this period instead of waiting for ever.
    private const ulong RetryNanoseconds = 2_000_000;

    private readonly Slab<WaitEntry> _waitEntries;
    private readonly DeadlineHeap _deadlines = new();

    /// <summary>When the next deadline is due in machine time; all ones when none is armed.</summary>
    public ulong NextDeadlineNanoseconds => _deadlines.First == null ? ulong.MaxValue : _deadlines.First->MachineNanoseconds;

    /// <inheritdoc/>
    public override void BlockOn(void* thread, WaitQueue* queue)
    {
        _lock.AssertHeld();
        Thread* sleeper = (Thread*)thread;
        WaitEntry* entry = _waitEntries.Allocate();
        if (entry == null)
        {
            BlockUntil(sleeper, NowOf(sleeper) + RetryNanoseconds);
            return;
        }
        entry->Thread = thread;
        entry->NextOfThread = sleeper->Waits;
        sleeper->Waits = entry;
        Append(entry, queue);
    }

    /// <summary>Bounds the coming sleep: the thread is woken at this time of its group at the latest. The earliest bound counts.</summary>
    public void BlockUntil(Thread* thread, ulong nanoseconds)
    {
        if (thread->Deadline.IsArmed && thread->Deadline.Nanoseconds <= nanoseconds)
            return;
        thread->Deadline.Owner = thread;
        thread->Deadline.Kind = DeadlineKind.Thread;
        ArmNode(&thread->Deadline, &thread->Header, nanoseconds);
    }

    /// <summary>Puts the current thread to sleep on what it registered for.</summary>
    public void Sleep(Thread* thread, bool isInterruptible)
    {
        thread->VoluntarySwitches++;
        Suspend(thread, isInterruptible ? ThreadState.Blocked : ThreadState.BlockedUninterruptible);
    }

    /// <summary>True for a thread that sleeps in a wait which a restore must make again.</summary>
    public static bool MustSleepOn(Thread* thread) => thread->State == ThreadState.Blocked && thread->Call.IsFutexWait;

    /// <summary>Wakes one sleeping thread, whatever it waits for.</summary>
    public void Wake(Thread* thread)
    {
        if (thread->State is not (ThreadState.Blocked or ThreadState.BlockedUninterruptible))
            return;
        thread->IsInteractive = true;
        MakeRunnable(thread);
    }

    /// <inheritdoc/>
    public override void WakeOne(WaitQueue* queue)
    {
        _lock.AssertHeld();
        if (queue->First != null)
            WakeEntry(queue->First);
    }

    /// <inheritdoc/>
    public override void WakeAll(WaitQueue* queue)
    {
        _lock.AssertHeld();
        while (queue->First != null)
            WakeEntry(queue->First);
    }

    /// <summary>Forgets what a thread registered for; the sleep will not happen or is over.</summary>
    public void LeaveQueues(Thread* thread)
    {
        if (thread->Deadline.IsArmed)
            Disarm(&thread->Deadline);
        while (thread->Waits != null)
        {
            WaitEntry* entry = thread->Waits;
            thread->Waits = entry->NextOfThread;
            Unlink(entry);
            _waitEntries.Free(entry);
        }
    }

    /// <summary>Moves a thread that sleeps on exactly one queue to the end of another; its deadline stays.</summary>
    public void MoveWaiter(Thread* thread, WaitQueue* queue)
    {
        WaitEntry* entry = thread->Waits;
        Panic.Unless(entry != null && entry->NextOfThread == null, "scheduler: moved a thread that waits on several queues"u8);
        Unlink(entry);
        Append(entry, queue);
    }

    /// <summary>Arms a deadline that belongs to an object other than a blocked thread, at a time of its group.</summary>
    public void Arm(DeadlineNode* node, DeadlineKind kind, ObjectHeader* owner, ulong nanoseconds)
    {
        node->Kind = kind;
        node->Owner = owner;
        ArmNode(node, owner, nanoseconds);
    }

    /// <summary>Disarms a node; does nothing when it is not armed.</summary>
    public void Disarm(DeadlineNode* node)
    {
        if (node->IsParked)
            Unpark(node);
        else
            _deadlines.Disarm(node);
    }

    /// <summary>
    /// Takes the earliest deadline if it has passed at a time of the machine, else null. Whoever it belongs to is still to be told
    /// (Deadlines). True with null: it is that of a held group, and waits with it.
    /// </summary>
    public bool TakePassed(ulong nowNanoseconds, out DeadlineNode* passed)
    {
        passed = null;
        DeadlineNode* node = _deadlines.First;
        if (node == null || node->MachineNanoseconds > nowNanoseconds)
            return false;
        if (_groups.At(((ObjectHeader*)node->Owner)->Group)->IsHeld)
        {
            Park(node);
            return true;
        }
        _deadlines.Disarm(node);
        passed = node;
        return true;
    }

    // An entry of a thread that has not gone to sleep yet (it registered and then found something to do) must leave the queue too, or
    // WakeAll would never end.
    private void WakeEntry(WaitEntry* entry)
    {
        Thread* thread = (Thread*)entry->Thread;
        if (thread->State is ThreadState.Blocked or ThreadState.BlockedUninterruptible)
            Wake(thread);
        else
            LeaveQueues(thread);
    }

    private static void Append(WaitEntry* entry, WaitQueue* queue)
    {
        entry->Queue = queue;
        entry->Next = null;
        entry->Previous = queue->Last;
        if (queue->Last != null)
            queue->Last->Next = entry;
        else
            queue->First = entry;
        queue->Last = entry;
    }

    private static void Unlink(WaitEntry* entry)
    {
        WaitQueue* queue = entry->Queue;
        if (entry->Previous != null)
            entry->Previous->Next = entry->Next;
        else
            queue->First = entry->Next;
        if (entry->Next != null)
            entry->Next->Previous = entry->Previous;
        else
            queue->Last = entry->Previous;
    }
}
