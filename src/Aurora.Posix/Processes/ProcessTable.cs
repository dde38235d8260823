// Makes and frees processes, threads, groups, sessions and signal-action tables, and finds them by id. It keeps the links between them
// consistent; what starting, ending or signalling means is the business of ProcessLife and SignalService. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>All processes and threads of the machine.</summary>
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

    private readonly PageAllocator _pages;
    private readonly TrackedObjects _tracked;
    private readonly GroupTable<PidState> _namespaces;

    public ProcessTable(PageAllocator pages, TrackedObjects tracked)
    {
        _pages = pages;
        _tracked = tracked;
        _namespaces = new GroupTable<PidState>(tracked);
        _processes = new Slab<Process>(pages, MaxProcesses, ChargeKind.Process);
        _threads = new Slab<Thread>(pages, MaxThreads, ChargeKind.Thread, ThreadContextPool.BlockBytes);
        _groups = new Slab<ProcessGroup>(pages, MaxProcesses, ChargeKind.ProcessGroup);
        _sessions = new Slab<Session>(pages, MaxProcesses, ChargeKind.Session);
        _actions = new Slab<SignalActions>(pages, MaxProcesses, ChargeKind.SignalActions);
        _contexts = new ThreadContextPool(pages);
    }

    /// <summary>The processes of the group that an object belongs to.</summary>
    public PidNamespace Of(ObjectHeader* header) => new(_pages, _namespaces.At(header->Group), _tracked.Of(header));

    /// <summary>The processes of the group of a process, itself included.</summary>
    public PidNamespace Of(Process* process) => Of(&process->Header);

    /// <summary>The processes of the group of a thread.</summary>
    public PidNamespace Of(Thread* thread) => Of(&thread->Header);

    /// <summary>The processes of a group.</summary>
    public PidNamespace Of(ObjectTracker group) => new(_pages, _namespaces.At(group.Index), group);

    /// <summary>The process adopts the orphans of its group from here on.</summary>
    internal void Lead(Process* process) => _namespaces.At(process->Header.Group)->Init = process;

    /// <summary>The group of a process has no such process any more.</summary>
    internal void LeadNobody(Process* process) => _namespaces.At(process->Header.Group)->Init = null;

    internal void MarkChanged(ObjectHeader* header) => _tracked.MarkChanged(header);

    /// <summary>A process with an id but no threads, group or parent; null when a limit is reached.</summary>
    public Process* CreateProcess(PidNamespace space)
    {
        int id = space.Ids.Allocate();
        Process* process = id == 0 ? null : _processes.Allocate();
        if (process == null)
        {
            if (id != 0)
                space.Ids.Vacate(id);
            return null;
        }
        process->Id = id;
        process->IsDumpable = true;
        space.Ids.Find(id)->Process = process;
        space.Group.Register(&process->Header, ObjectKind.Process);
        space.CountFork();
        space.CountProcess(1);
        return process;
    }

    /// <summary>A thread of a process, not yet runnable, with zero registers; the first one gets the process's id. Null when a limit is reached.</summary>
    public Thread* CreateThread(Process* process)
    {
        PidNamespace space = Of(process);
        bool isFirst = process->FirstThread == null;
        int id = isFirst ? process->Id : space.Ids.Allocate();
        if (id == 0)
            return null;
        Thread* thread = AllocateThread();
        if (thread == null)
        {
            space.Ids.Vacate(id);
            return null;
        }
        thread->Id = id;
        space.Ids.Find(id)->Thread = thread;
        space.Group.Register(&thread->Header, ObjectKind.Thread);
        space.CountThread(1);
        Attach(process, thread);
        if (!isFirst)
            space.CountFork();
        return thread;
    }

    /// <summary>Frees a thread that is suspended as dead and refers to nothing any more.</summary>
    public void FreeThread(Thread* thread)
    {
        Panic.Unless(thread->State == ThreadState.Dead && thread->Waits == null, "processes: freed a thread that is not dead"u8);
        PidNamespace space = Of(thread);
        Detach(thread);
        space.Ids.Find(thread->Id)->Thread = null;
        space.Ids.Vacate(thread->Id);
        space.CountThread(-1);
        space.Group.Remove(&thread->Header);
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
        IdTable ids = Of(thread).Ids;
        ids.Find(thread->Id)->Thread = null;
        ids.Vacate(thread->Id);
        thread->Id = process->Id;
        ids.Find(thread->Id)->Thread = thread;
        _tracked.MarkChanged(&thread->Header);
    }

    /// <summary>Frees a process without threads or children: a waited-for zombie, or one whose creation failed.</summary>
    public void FreeProcess(Process* process)
    {
        Panic.Unless(process->FirstThread == null && process->FirstChild == null, "processes: freed a process in use"u8);
        SetParent(process, null);
        LeaveGroup(process);
        PidNamespace space = Of(process);
        space.Ids.Find(process->Id)->Process = null;
        space.Ids.Vacate(process->Id);
        if (space.Init == process)
            LeadNobody(process);
        if (process->Handle != null)
        {
            process->Handle->Process = null;
            _tracked.MarkChanged(&process->Handle->Header);
        }
        space.CountProcess(-1);
        space.Group.Remove(&process->Header);
        _processes.Free(process);
    }

    /// <summary>A table of default actions with one reference; null when there is no memory.</summary>
    public SignalActions* CreateActions(ObjectTracker group)
    {
        SignalActions* actions = _actions.Allocate();
        if (actions == null)
            return null;
        actions->Header.References = 1;
        group.Register(&actions->Header, ObjectKind.SignalActions);
        return actions;
    }

    public void ReleaseActions(SignalActions* actions)
    {
        if (actions == null || --actions->Header.References > 0)
            return;
        _tracked.Remove(&actions->Header);
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
        _tracked.MarkChanged(&process->Header);
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
