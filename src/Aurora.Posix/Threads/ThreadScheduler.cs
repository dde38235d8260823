// Chooses which user thread runs next. Round robin with time slices, in two queues: threads that were woken from sleep go before threads
// that used up their slice, except that after a run of such picks one of the others gets its turn, so nobody starves. The kernel main
// loop asks PickNext before every return to user mode; it keeps the current thread unless there is a reason to change. Host and kernel run the
// same code: time comes from the clocks alone. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Time;

namespace Aurora.Posix.Threads;

/// <summary>Runs, blocks and wakes user threads, and keeps every deadline.</summary>
public sealed unsafe partial class ThreadScheduler : ThreadWaker
{
    /// <summary>How long a thread may run before another of its kind gets the processor.</summary>
    public const ulong SliceNanoseconds = 4_000_000;

    private const int InteractivePicksInARow = 16;
    private const byte NoQueue = 0;
    private const byte InteractiveQueue = 1;
    private const byte NormalQueue = 2;

    private readonly GroupClocks _clocks;
    private readonly KernelLock _lock;
    private readonly TrackedObjects _tracked;
    private RunQueue _interactive;
    private RunQueue _normal;
    private int _interactivePicks;

    public ThreadScheduler(PageAllocator pages, TrackedObjects tracked, GroupClocks clocks)
    {
        _groups = new GroupTable<GroupThreads>(tracked);
        _clocks = clocks;
        _lock = pages.Lock;
        _tracked = tracked;
        _waitEntries = new Slab<WaitEntry>(pages, MaxWaitEntries, ChargeKind.WaitEntry);
    }

    private struct RunQueue
    {
        public Thread* First;
        public Thread* Last;
    }

    /// <summary>The thread that runs or ran last; null when it has ended or sleeps.</summary>
    public Thread* Current { get; private set; }

    /// <summary>Runnable threads, the current one included.</summary>
    public int RunnableCount { get; private set; }

    public ulong SwitchCount { get; private set; }

    /// <summary>Time the main loop has reported as idle.</summary>
    public ulong IdleNanoseconds { get; private set; }

    /// <summary>The machine's monotonic time: what the kernel measures by.</summary>
    public ulong MachineNanoseconds => _clocks.Machine.MonotonicNanoseconds;

    /// <summary>The monotonic time that a group sees.</summary>
    public ulong NowOf(ObjectTracker group) => _clocks.Of(group).MonotonicNanoseconds;

    /// <summary>The monotonic time that a thread's group sees.</summary>
    public ulong NowOf(Thread* thread) => _clocks.Of(&thread->Header).MonotonicNanoseconds;

    /// <summary>True when somebody else should run as soon as the current thread is in the kernel.</summary>
    public bool ShouldReschedule
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Current == null || (_interactive.First != null && !Current->IsInteractive)
            || (Current->SliceNanoseconds == 0 && (_interactive.First != null || _normal.First != null));
    }

    /// <summary>True when the main loop must look at what an epoch may hold before the thread that runs makes another call.</summary>
    public bool IsTurnOver { get; private set; }

    /// <summary>The call that is being made may have changed as much as one step may.</summary>
    public void EndTurn() => IsTurnOver = true;

    /// <summary>The thread to run now, or null when all sleep (then nothing is due before <see cref="NextDeadlineNanoseconds"/>).</summary>
    public Thread* PickNext()
    {
        _lock.AssertHeld();
        IsTurnOver = false;
        if (Current != null)
        {
            if (!ShouldReschedule)
                return Current;
            PutBack(Current);
        }
        Thread* next = TakeFirst();
        if (next != Current && next != null)
        {
            SwitchCount++;
            // A thread in a system call is in no sequence.
            next->MustLeaveSequence |= next->SequenceArea != 0 && next->Context->Trap != UserContext.SystemCallTrap;
        }
        Current = next;
        if (next != null)
        {
            NoteRan(next);
            if (next->SliceNanoseconds == 0)
                next->SliceNanoseconds = SliceNanoseconds;
        }
        return next;
    }

    /// <summary>Makes a new, stopped or sleeping thread runnable.</summary>
    public void MakeRunnable(Thread* thread)
    {
        _lock.AssertHeld();
        if (thread->State == ThreadState.Runnable && (thread->RunQueue != NoQueue || thread == Current))
            return;
        Panic.Unless(thread->State != ThreadState.Dead, "scheduler: a dead thread was woken"u8);
        NoteWaitEnds(thread);
        LeaveQueues(thread);
        thread->State = ThreadState.Runnable;
        RunnableCount++;
        Enqueue(thread, thread->IsInteractive ? InteractiveQueue : NormalQueue);
    }

    /// <summary>Takes a thread off the processor or its run queue; <paramref name="state"/> says why.</summary>
    public void Suspend(Thread* thread, ThreadState state)
    {
        _lock.AssertHeld();
        NoteWaitEnds(thread);
        if (thread->State == ThreadState.Runnable)
        {
            RunnableCount -= thread->RunQueue == HeldQueue ? 0 : 1;
            if (thread->RunQueue != NoQueue)
                Dequeue(thread);
        }
        if (state is ThreadState.Stopped or ThreadState.Dead)
        {
            LeaveQueues(thread);
            PassOn(thread);
        }
        if (thread == Current)
            Current = null;
        thread->State = state;
    }

    /// <summary>Charges time to the thread's slice; called with what the trap accounting measured.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Charge(Thread* thread, ulong nanoseconds)
    {
        if (thread->SliceNanoseconds > nanoseconds)
        {
            thread->SliceNanoseconds -= nanoseconds;
            return;
        }
        thread->SliceNanoseconds = 0;
        thread->IsInteractive = false;
    }

    /// <summary>Ends the current thread's turn (sched_yield).</summary>
    public void Yield(Thread* thread)
    {
        thread->SliceNanoseconds = 0;
        thread->IsInteractive = false;
    }

    /// <summary>The main loop had nothing to run for this long.</summary>
    public void AddIdle(ulong nanoseconds) => IdleNanoseconds += nanoseconds;

    private void PutBack(Thread* thread)
    {
        bool spent = thread->SliceNanoseconds == 0;
        if (spent)
            thread->InvoluntarySwitches++;
        Enqueue(thread, thread->IsInteractive ? InteractiveQueue : NormalQueue);
    }

    // Those of held groups are put aside as they come to the front.
    private Thread* TakeFirst()
    {
        for (;;)
        {
            Thread* next = TakeNext();
            if (next == null || !MustHold(next))
                return next;
            Enqueue(next, HeldQueue);
            RunnableCount--;
        }
    }

    private Thread* TakeNext()
    {
        bool normalTurn = _normal.First != null && _interactivePicks >= InteractivePicksInARow;
        Thread* next = _interactive.First != null && !normalTurn ? _interactive.First : _normal.First;
        if (next == null)
            return null;
        _interactivePicks = next->RunQueue == InteractiveQueue ? _interactivePicks + 1 : 0;
        Dequeue(next);
        return next;
    }

    private void Enqueue(Thread* thread, byte queue)
    {
        thread->RunQueue = queue;
        ref RunQueue list = ref QueueOf(thread);
        thread->NextRunnable = null;
        thread->PreviousRunnable = list.Last;
        if (list.Last != null)
            list.Last->NextRunnable = thread;
        else
            list.First = thread;
        list.Last = thread;
    }

    private void Dequeue(Thread* thread)
    {
        ref RunQueue list = ref QueueOf(thread);
        if (thread->PreviousRunnable != null)
            thread->PreviousRunnable->NextRunnable = thread->NextRunnable;
        else
            list.First = thread->NextRunnable;
        if (thread->NextRunnable != null)
            thread->NextRunnable->PreviousRunnable = thread->PreviousRunnable;
        else
            list.Last = thread->PreviousRunnable;
        thread->NextRunnable = thread->PreviousRunnable = null;
        thread->RunQueue = NoQueue;
    }
}
