// A process: what its threads share. Parents, children, groups and sessions are linked both ways; a zombie keeps its Process (for wait)
// but no threads, memory or files. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Processes;

/// <summary>The stages of a process's life.</summary>
public enum ProcessState : byte
{
    Alive,

    /// <summary>Ended, not yet waited for.</summary>
    Zombie,
}

/// <summary>A process of a consistency group. Made and ended by ProcessTable.</summary>
public unsafe struct Process
{
    public ObjectHeader Header;
    public int Id;
    public ProcessState State;

    // Family.
    public Process* Parent;
    public Process* FirstChild;
    public Process* NextSibling;
    public Process* PreviousSibling;
    public ProcessGroup* ProcessGroup;
    public Process* NextInProcessGroup;
    public Process* PreviousInProcessGroup;

    /// <summary>
    /// Up to which number it has got the signals that were sent to its group; while it differs from the group's, some may be missing.
    /// </summary>
    public uint SignalsSeen;
    public Thread* FirstThread;
    public Thread* LastThread;
    public int ThreadCount;

    // What its threads share. Descriptors and FileSystem belong to Aurora.Posix.Files; a zombie has none of these.
    public AddressSpace* AddressSpace;
    public void* Descriptors;
    public void* FileSystem;
    public SignalActions* Actions;
    public PendingSignals Pending;
    public Credentials Credentials;
    public ResourceLimits Limits;

    /// <summary>What its pidfds lead to; null while there are none.</summary>
    public ProcessHandle* Handle;

    // Life and death.
    public int ExitStatus;

    /// <summary>The signal its parent gets when it ends; 0 for none, SIGCHLD after fork.</summary>
    public int ExitSignal;
    public bool HasExecuted;
    public bool IsStopped;

    /// <summary>It has begun to end (ProcessLife.BeginEnd): alive to others, but it never runs its program again.</summary>
    public bool IsEnding;

    /// <summary>Init only: a fault that it does not handle is about to end it, and no signal is kept from it any more.</summary>
    public bool IsUnguarded;

    /// <summary>The signal that stopped it, until wait4 has reported it.</summary>
    public byte StopReport;

    /// <summary>A SIGCONT that wait4 has not reported yet.</summary>
    public bool ContinueReport;

    /// <summary>A vfork child that still uses its parent's memory: the parent waits on Changed.</summary>
    public bool BorrowsMemory;
    public bool IsDumpable;
    public bool NoNewPrivileges;
    public bool IsChildSubreaper;

    /// <summary>It runs on, and what continues from a checkpoint ends it (ProcessLife.EndDetached). Its children begin so too.</summary>
    public bool IsDetached;

    /// <summary>
    /// What continues from a checkpoint has begun to end it: regions may have gone on without it, so it leaves nothing in them.
    /// </summary>
    public bool IsOvertaken;
    public uint Personality;
    public int Nice;

    /// <summary>How readily it is ended when memory is exhausted: -1000 never, 1000 first (/proc/N/oom_score_adj).</summary>
    public short OutOfMemoryBias;

    /// <summary>The lowest such value it may choose without privilege.</summary>
    public short LeastOutOfMemoryBias;

    /// <summary>Woken when a child ends, stops or continues: wait4 sleeps here.</summary>
    public WaitQueue ChildChanged;

    /// <summary>Woken when this process leaves its borrowed memory.</summary>
    public WaitQueue MemoryReturned;

    /// <summary>Woken when a signal becomes pending: sigtimedwait and signalfd sleep here.</summary>
    public WaitQueue SignalArrived;

    // Clocks and counts; those of ended threads, and of waited-for children.
    public ulong StartNanoseconds;
    public ulong UserNanoseconds;
    public ulong SystemNanoseconds;
    public ulong MinorFaults;
    public ulong MajorFaults;
    public ulong VoluntarySwitches;
    public ulong InvoluntarySwitches;
    public ulong ChildUserNanoseconds;
    public ulong ChildSystemNanoseconds;
    public ulong ChildMinorFaults;
    public ulong ChildMajorFaults;
    public DeadlineNode Alarm;
    public ulong AlarmIntervalNanoseconds;

    /// <summary>When the alarm last expired, if it goes on once SIGALRM is taken; zero otherwise.</summary>
    public ulong AlarmExpiredNanoseconds;
    public ulong VirtualTimerNanoseconds;
    public ulong VirtualTimerIntervalNanoseconds;
    public ulong ProfileTimerNanoseconds;
    public ulong ProfileTimerIntervalNanoseconds;
    public Timer* FirstTimer;

    /// <summary>The timers, its own and others', that count its processor time or that of its threads.</summary>
    public Timer* FirstCounting;

    /// <summary>How much more of it may be used before they and who sleeps on it must be looked at; zero when there are none.</summary>
    public ulong ProcessorTimeToLook;

    /// <summary>Woken when that has been used: clock_nanosleep sleeps here.</summary>
    public WaitQueue ProcessorTimeUsed;

    /// <summary>The last executed file's name (comm), zero-terminated.</summary>
    public fixed byte Name[16];

    /// <summary>Where execve put the argument and environment strings (/proc/self/cmdline, environ).</summary>
    public ulong ArgumentsStart, ArgumentsEnd, EnvironmentStart, EnvironmentEnd;
    public ulong StackStart;

    /// <summary>How many words above StackStart the auxiliary vector begins; zero when that is not known.</summary>
    public int AuxiliaryWords;

    /// <summary>The inode of the executed file (/proc/self/exe); none before the first execve.</summary>
    public ObjectId ExecutableInode;
}
