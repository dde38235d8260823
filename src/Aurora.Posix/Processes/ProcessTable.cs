// Makes and frees processes, threads, groups, sessions and signal-action tables, and finds them by id. It keeps the links between them
// consistent; what starting, ending or signalling means is the business of ProcessLife and SignalService. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>All processes and threads of one consistency group.</summary>
public sealed unsafe partial class ProcessTable
{
    public const int MaxProcesses = 16384;
    public const int MaxThreads = 16384;

    private readonly Slab<Process> _processes;
    private readonly Slab<Thread> _threads;
    private readonly Slab<ProcessGroup> _groups;
    private readonly Slab<Session> _sessions;
    private readonly Slab<SignalActions> _actions;
    private readonly ThreadContextPool _contexts;

    public ProcessTable(PageAllocator pages, ObjectTracker tracker, IdTable ids)
    {
        Tracker = tracker;
        Ids = ids;
        _processes = new Slab<Process>(pages, MaxProcesses, ChargeKind.Process);
        _threads = new Slab<Thread>(pages, MaxThreads, ChargeKind.Thread, ThreadContextPool.BlockBytes);
        _groups = new Slab<ProcessGroup>(pages, MaxProcesses, ChargeKind.ProcessGroup);
        _sessions = new Slab<Session>(pages, MaxProcesses, ChargeKind.Session);
        _actions = new Slab<SignalActions>(pages, MaxProcesses, ChargeKind.SignalActions);
        _contexts = new ThreadContextPool(pages);
    }

    public ObjectTracker Tracker { get; }
    public IdTable Ids { get; }
    public int ProcessCount => _processes.Count;
    public int ThreadCount => _threads.Count;

    /// <summary>The process that adopts orphans, usually 1; null before it starts and after it has ended.</summary>
    public Process* Init { get; internal set; }

    /// <summary>Processes and threads created since boot or restore, for /proc/stat.</summary>
    public ulong ForkCount { get; private set; }

    public Process* FindProcess(int id)
    {
        IdSlot* slot = Ids.Find(id);
        return slot == null ? null : slot->Process;
    }

    public Thread* FindThread(int id)
    {
        IdSlot* slot = Ids.Find(id);
        return slot == null ? null : slot->Thread;
    }

    public ProcessGroup* FindGroup(int id)
    {
        IdSlot* slot = Ids.Find(id);
        return slot == null ? null : slot->Group;
    }

    public Session* FindSession(int id)
    {
        IdSlot* slot = Ids.Find(id);
        return slot == null ? null : slot->Session;
    }

    /// <summary>The first process with an id of at least <paramref name="id"/>, or null: for walking all of them in order.</summary>
    public Process* NextProcess(int id)
    {
        for (id = Ids.NextPossible(id); id < IdTable.Limit; id = Ids.NextPossible(id + 1))
        {
            Process* process = FindProcess(id);
            if (process != null)
                return process;
        }
        return null;
    }

    /// <summary>The first thread with an id of at least <paramref name="id"/>, or null: for walking all of them in order.</summary>
    public Thread* NextThread(int id)
    {
        for (id = Ids.NextPossible(id); id < IdTable.Limit; id = Ids.NextPossible(id + 1))
        {
            Thread* thread = FindThread(id);
            if (thread != null)
                return thread;
        }
        return null;
    }

    /// <summary>A process with an id but no threads, group or parent; null when a limit is reached.</summary>
    public Process* CreateProcess()
    {
        int id = Ids.Allocate();
        Process* process = id == 0 ? null : _processes.Allocate();
        if (process == null)
        {
            if (id != 0)
                Ids.Vacate(id);
            return null;
        }
        process->Id = id;
        process->IsDumpable = true;
        Ids.Find(id)->Process = process;
        Tracker.Register(&process->Header, ObjectKind.Process);
        ForkCount++;
        return process;
    }

    /// <summary>A thread of a process, not yet runnable, with zero registers; the first one gets the process's id. Null when a limit is reached.</summary>
    public Thread* CreateThread(Process* process)
    {
        bool isFirst = process->FirstThread == null;
        int id = isFirst ? process->Id : Ids.Allocate();
        if (id == 0)
            return null;
        Thread* thread = AllocateThread();
        if (thread == null)
        {
            Ids.Vacate(id);
            return null;
        }
        thread->Id = id;
        Ids.Find(id)->Thread = thread;
        Tracker.Register(&thread->Header, ObjectKind.Thread);
        Attach(process, thread);
        if (!isFirst)
            ForkCount++;
        return thread;
    }

    /// <summary>Frees a thread that is suspended as dead and refers to nothing any more.</summary>
    public void FreeThread(Thread* thread)
    {
        Panic.Unless(thread->State == ThreadState.Dead && thread->Waits == null, "processes: freed a thread that is not dead"u8);
        Detach(thread);
        Ids.Find(thread->Id)->Thread = null;
        Ids.Vacate(thread->Id);
        Tracker.Remove(&thread->Header);
        _contexts.Free(thread->Context);
        _threads.Free(thread);
    }

    /// <summary>Gives the only thread of a process the process's id (execve by a thread that was not the first).</summary>
    public void BecomeLeader(Thread* thread)
    {
        Process* process = thread->Process;
        if (thread->Id == process->Id)
            return;
        Panic.Unless(process->ThreadCount == 1, "processes: a new leader beside other threads"u8);
        Ids.Find(thread->Id)->Thread = null;
        Ids.Vacate(thread->Id);
        thread->Id = process->Id;
        Ids.Find(thread->Id)->Thread = thread;
        Tracker.MarkChanged(&thread->Header);
    }

    /// <summary>Frees a process without threads or children: a waited-for zombie, or one whose creation failed.</summary>
    public void FreeProcess(Process* process)
    {
        Panic.Unless(process->FirstThread == null && process->FirstChild == null, "processes: freed a process in use"u8);
        SetParent(process, null);
        LeaveGroup(process);
        Ids.Find(process->Id)->Process = null;
        Ids.Vacate(process->Id);
        Tracker.Remove(&process->Header);
        if (Init == process)
            Init = null;
        _processes.Free(process);
    }

    /// <summary>A table of default actions with one reference; null when there is no memory.</summary>
    public SignalActions* CreateActions()
    {
        SignalActions* actions = _actions.Allocate();
        if (actions == null)
            return null;
        actions->Header.References = 1;
        Tracker.Register(&actions->Header, ObjectKind.SignalActions);
        return actions;
    }

    public void ReleaseActions(SignalActions* actions)
    {
        if (actions == null || --actions->Header.References > 0)
            return;
        Tracker.Remove(&actions->Header);
        _actions.Free(actions);
    }

    /// <summary>Moves a process to another parent, or to none.</summary>
    public void SetParent(Process* process, Process* parent)
    {
        if (process->Parent != null)
        {
            if (process->PreviousSibling != null)
                process->PreviousSibling->NextSibling = process->NextSibling;
            else
                process->Parent->FirstChild = process->NextSibling;
            if (process->NextSibling != null)
                process->NextSibling->PreviousSibling = process->PreviousSibling;
            process->NextSibling = process->PreviousSibling = null;
        }
        process->Parent = parent;
        if (parent == null)
            return;
        process->NextSibling = parent->FirstChild;
        if (parent->FirstChild != null)
            parent->FirstChild->PreviousSibling = process;
        parent->FirstChild = process;
        Tracker.MarkChanged(&process->Header);
    }

    internal SignalActions* AllocateActions() => _actions.Allocate();

    internal Process* AllocateProcess() => _processes.Allocate();

    internal Thread* AllocateThread()
    {
        Thread* thread = _threads.Allocate();
        if (thread == null)
            return null;
        thread->Context = _contexts.Allocate();
        thread->State = ThreadState.Stopped;
        if (thread->Context != null)
            return thread;
        _threads.Free(thread);
        return null;
    }

    // Threads are kept in order of creation: the first is the oldest that still lives.
    internal void Attach(Process* process, Thread* thread)
    {
        thread->Process = process;
        Thread* last = process->LastThread;
        thread->PreviousOfProcess = last;
        if (last == null)
            process->FirstThread = thread;
        else
            last->NextOfProcess = thread;
        process->LastThread = thread;
        process->ThreadCount++;
    }

    private static void Detach(Thread* thread)
    {
        Process* process = thread->Process;
        if (thread->PreviousOfProcess != null)
            thread->PreviousOfProcess->NextOfProcess = thread->NextOfProcess;
        else
            process->FirstThread = thread->NextOfProcess;
        if (thread->NextOfProcess != null)
            thread->NextOfProcess->PreviousOfProcess = thread->PreviousOfProcess;
        else
            process->LastThread = thread->PreviousOfProcess;
        process->ThreadCount--;
    }
}
