// Sleeping and waking. A dispatch that must wait calls BlockOn for each queue and BlockUntil for its deadline, then returns "blocked";
// the executive then calls Sleep. Between the two no other thread runs, so no wake-up is lost. Waking takes the thread off all its queues.
using System.Runtime.CompilerServices;
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
    public override void BlockOn(void* thread, WaitQueue* queue) => Block((Thread*)thread, queue, WaitKind.Thread);

    /// <inheritdoc/>
    public override void BlockAloneOn(void* thread, WaitQueue* queue) => Block((Thread*)thread, queue, WaitKind.ThreadAlone);

    private void Block(Thread* sleeper, WaitQueue* queue, WaitKind kind)
    {
        _lock.AssertHeld();
        NoteLook(sleeper, queue);
        WaitEntry* entry = _waitEntries.Allocate();
        if (entry == null)
        {
            BlockUntil(sleeper, NowOf(sleeper) + RetryNanoseconds);
            return;
        }
        entry->Owner = sleeper;
        entry->Kind = kind;
        entry->NextOfOwner = sleeper->Waits;
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
    public override void Wake(WaitQueue* queue)
    {
        if (queue->First != null)
            Wake(queue, tellsWatches: true);
    }

    /// <inheritdoc/>
    public override void WakeThreads(WaitQueue* queue)
    {
        if (queue->First != null)
            Wake(queue, tellsWatches: false);
    }

    private void Wake(WaitQueue* queue, bool tellsWatches)
    {
        _lock.AssertHeld();
        WaitEntry* last = PassWatchers(queue, endsTokens: false, out bool hasWatches);
        for (WaitEntry* entry = After(last, queue); entry != null && entry != queue->FirstAlone; entry = After(last, queue))
            WakeEntry(entry);
        if (hasWatches && tellsWatches)
            TellWatches(queue, tellsAll: false);
        if (queue->FirstAlone != null)
            WakeOneAlone(queue, tellsWatches);
    }

    /// <inheritdoc/>
    public override void NoteLook(void* thread, WaitQueue* queue)
    {
        var sleeper = (Thread*)thread;
        if (sleeper->Token != null && sleeper->Token->Queue == queue)
            EndToken(sleeper);
    }

    /// <inheritdoc/>
    public override void WakeNext(WaitQueue* queue) => WakeOneAlone(queue, tellsWatches: true);

    /// <inheritdoc/>
    public override void WakeNextThread(WaitQueue* queue) => WakeOneAlone(queue, tellsWatches: false);

    private void WakeOneAlone(WaitQueue* queue, bool tellsWatches)
    {
        bool isAwake = false;
        WaitEntry* entry = queue->FirstAlone;
        while (entry != null && !isAwake)
        {
            if (entry->Kind == WaitKind.ReadyAlone)
            {
                isAwake = tellsWatches && Tell((ReadyWatch*)entry->Owner, entry->Events);
                entry = entry->Next;
                continue;
            }
            // A thread leaves the queue, whether it is woken or had not gone to sleep.
            WaitEntry* next = entry->Next;
            isAwake = WakeAlone(entry);
            entry = next;
        }
    }

    /// <inheritdoc/>
    public override void WakeAll(WaitQueue* queue)
    {
        if (queue->First == null)
            return;
        _lock.AssertHeld();
        WaitEntry* last = PassWatchers(queue, endsTokens: true, out bool hasWatches);
        for (WaitEntry* entry = After(last, queue); entry != null && entry != queue->FirstAlone; entry = After(last, queue))
            WakeEntry(entry);
        for (WaitEntry* entry = queue->FirstAlone; entry != null;)
        {
            WaitEntry* next = entry->Next;
            hasWatches |= entry->Kind == WaitKind.ReadyAlone;
            if (entry->Kind == WaitKind.ThreadAlone)
                WakeEntry(entry);
            entry = next;
        }
        if (hasWatches)
            TellWatches(queue, tellsAll: true);
    }

    /// <summary>Forgets what a thread registered for; the sleep will not happen or is over.</summary>
    public void LeaveQueues(Thread* thread)
    {
        if (thread->Deadline.IsArmed)
            Disarm(&thread->Deadline);
        while (thread->Waits != null)
        {
            WaitEntry* entry = thread->Waits;
            thread->Waits = entry->NextOfOwner;
            Unlink(entry);
            _waitEntries.Free(entry);
        }
    }

    /// <summary>As above, at the end of a call: if it was woken alone and has not looked, somebody else has to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndWait(Thread* thread)
    {
        if (thread->Deadline.IsArmed || thread->Waits != null)
            LeaveQueues(thread);
        if (thread->Token != null)
            PassOn(thread);
    }

    /// <summary>Moves a thread that sleeps on exactly one queue to the end of another; its deadline stays.</summary>
    public void MoveWaiter(Thread* thread, WaitQueue* queue)
    {
        WaitEntry* entry = thread->Waits;
        Panic.Unless(entry != null && entry->NextOfOwner == null, "scheduler: moved a thread that waits on several queues"u8);
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

    // Tells the watchers; returns the last entry that is no sleeping thread's, and whether there are watches still to be told.
    private WaitEntry* PassWatchers(WaitQueue* queue, bool endsTokens, out bool hasWatches)
    {
        hasWatches = false;
        WaitEntry* last = null;
        WaitEntry* next = queue->First;
        while (next != null && (next->Kind is WaitKind.Watcher or WaitKind.Token or WaitKind.Ready))
        {
            WaitEntry* entry = next;
            next = entry->Next;
            if (entry->Kind == WaitKind.Token && endsTokens)
            {
                EndToken((Thread*)entry->Owner);
                continue;
            }
            hasWatches |= entry->Kind == WaitKind.Ready;
            if (entry->Kind == WaitKind.Watcher)
                Post((Watcher*)entry->Owner, entry->Events);
            last = entry;
        }
        return last;
    }

    private static WaitEntry* After(WaitEntry* entry, WaitQueue* queue) => entry == null ? queue->First : entry->Next;

    // An entry of a thread that has not gone to sleep yet (it registered and then found something to do) must leave the queue too, or
    // WakeAll would never end.
    private void WakeEntry(WaitEntry* entry)
    {
        Thread* thread = (Thread*)entry->Owner;
        if (thread->State is ThreadState.Blocked or ThreadState.BlockedUninterruptible)
            Wake(thread);
        else
            LeaveQueues(thread);
    }
}
