// A thread of a guest program. It has no kernel stack: between two visits to user mode all there is of it is its registers (Context),
// the system call it is in (Call) and its signal state, and that is what a checkpoint captures. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Time;

namespace Aurora.Posix.Threads;

/// <summary>A thread; the unit of scheduling. Made and ended by ProcessTable.</summary>
public unsafe struct Thread
{
    public const ulong InitialTimerSlackNanoseconds = 50_000;

    public ObjectHeader Header;

    /// <summary>The registers, in a 2-KiB block of their own together with the XSAVE image (<see cref="ThreadContextPool"/>).</summary>
    public UserContext* Context;
    public CallContinuation Call;

    /// <summary>The open files the call works on; held while it waits.</summary>
    public CallFiles Files;
    public Process* Process;

    /// <summary>What it waits for of System V objects, or has been given; null for most. The waiter's record leads to it.</summary>
    public IpcWaiter* IpcWait;

    /// <summary>What is to be undone to semaphores when it ends, and others that share the list; null for most. Its record has the
    /// number.</summary>
    public UndoList* UndoList;

    /// <summary>How often the call has waited for room for names (<see cref="NameRoom"/>). Not captured: a restore has other
    /// room.</summary>
    public byte RoomWaits;

    /// <summary>The thread id; equal to the process id for the first thread of a process.</summary>
    public int Id;
    public ThreadState State;

    /// <summary>On the scheduler's list of threads that ran since the last capture.</summary>
    public bool RanSinceCapture;

    /// <summary>Woken from sleep rather than preempted: goes ahead of threads that use up their slices.</summary>
    public bool IsInteractive;

    public Thread* NextOfProcess;
    public Thread* PreviousOfProcess;

    // Scheduling.
    public Thread* NextRunnable;
    public Thread* PreviousRunnable;
    public WaitEntry* Waits;

    /// <summary>Its place in a queue by which it was woken alone, until it has looked.</summary>
    public WaitEntry* Token;
    public DeadlineNode Deadline;
    public Thread* NextThatRan;
    public Thread* PreviousThatRan;
    public byte RunQueue;
    public ulong SliceNanoseconds;
    public ulong UserNanoseconds;
    public ulong SystemNanoseconds;
    public ulong VoluntarySwitches;
    public ulong InvoluntarySwitches;
    public ulong MinorFaults;
    public ulong MajorFaults;

    public SchedulingChoice Schedule;

    /// <summary>How much later than asked it may be woken (PR_SET_TIMERSLACK), and what 0 sets that back to. Remembered only.</summary>
    public ulong TimerSlackNanoseconds;
    public ulong DefaultTimerSlackNanoseconds;

    // Signals.
    public PendingSignals Pending;
    public SignalSet BlockedSignals;

    /// <summary>The mask to put back when a call that replaced it for its duration (sigsuspend, ppoll) is over.</summary>
    public SignalSet SavedBlockedSignals;
    public bool HasSavedBlockedSignals;
    public ulong AlternateStack;
    public ulong AlternateStackBytes;
    public uint AlternateStackFlags;

    // Linux odds and ends that belong to the thread.
    public ulong ClearChildTid;
    public ulong RobustList;

    /// <summary>
    /// Where the thread says which restartable sequence it is in (rseq), zero for nowhere; and what stands before its ways out.
    /// </summary>
    public ulong SequenceArea;
    public uint SequenceSignature;

    /// <summary>
    /// Others have run since it was in user mode last: a sequence that it was in is abandoned. Only with an area. Not captured: after a
    /// restore it is always so.
    /// </summary>
    public bool MustLeaveSequence;

    /// <summary>What it has changed of regions and not persisted. Not captured: regions have a life of their own.</summary>
    public RegionWriter Regions;

    public fixed byte Name[16];
    public int ParentDeathSignal;
}
