// System V IPC and POSIX message queues of all groups. The services, and which of them know each other:
//
//   IpcState             slabs, each group's space
//   IpcIds               ids and keys
//   IpcLimits            the settings below /proc/sys
//   Messages             messages, and their text
//   IpcWaiters           who waits for what
//   MessageQueues        making, changing and ending queues, and what goes through them
//   UndoLists            what is to be undone when threads end
//   Semaphores           operations, and who is served by them
//   SemaphoreSets        making, changing and ending sets
//   SharedSegmentKeeper  what memory says of segments
//   SharedSegments       making, changing and ending segments
//   QueueNotices         who is told that a POSIX queue has a message
//   NamedQueues          finding, making and ending POSIX queues
//   NamedQueueTraffic    what goes through them
//   NamedQueueFile       them as open files
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>What does the work behind shmget and its kin. Made once at boot.</summary>
public sealed unsafe class IpcServices
{
    public IpcServices(
        IpcState state, SharedSegmentKeeper keeper, MemoryManager memory, UserMemory user, ThreadScheduler scheduler, GroupClocks clocks,
        FileServices files, ProcessTable processes, SignalService signals)
    {
        Messages = new Messages(state, user);
        Waiters = new IpcWaiters(state, scheduler, Messages);
        Undos = new UndoLists(state);
        Semaphores = new Semaphores(state, Waiters, Undos, clocks);
        Sets = new SemaphoreSets(state, Waiters, Undos, clocks);
        Queues = new MessageQueues(state, Waiters, Messages, clocks);
        State = state;
        Segments = new SharedSegments(state, keeper, memory.Objects);
        Notices = new QueueNotices(state.Tracked, processes, signals);
        Named = new NamedQueues(state, files, Waiters, Messages, Notices);
        Traffic = new NamedQueueTraffic(state.Tracked, Waiters, Notices, files.Stamps, scheduler);
        files.Serve(Named, new NamedQueueFile(Traffic, state.Tracked, scheduler));
    }

    // How many parts of messages of POSIX queues end in a step.
    private const int PartsPerStep = 256;

    public IpcState State { get; }
    public SharedSegments Segments { get; }

    public Messages Messages { get; }
    public MessageQueues Queues { get; }
    public IpcWaiters Waiters { get; }
    public UndoLists Undos { get; }
    public Semaphores Semaphores { get; }
    public SemaphoreSets Sets { get; }

    public QueueNotices Notices { get; }
    public NamedQueues Named { get; }
    public NamedQueueTraffic Traffic { get; }

    /// <summary>
    /// Ends what a group that ends has left, which has no processes any more, some of it; true when nothing is left.
    /// </summary>
    public bool EndStep(ObjectTracker group)
    {
        IpcSpace* space = State.Of(group);
        if (space == null)
            return true;
        if (!Segments.EndSome(space) || !Queues.EndSome(space) || !Sets.EndSome(space) || !Named.EndSome(space)
            || State.IsEndingOf(group))
            return false;
        State.End(group);
        return true;
    }

    /// <summary>A thread has ended, or is about to: it waits for nothing any more, and what it has done with SEM_UNDO is undone.</summary>
    public void ThreadEnded(Thread* thread)
    {
        Waiters.End(thread);
        Semaphores.LeaveUndo(thread);
    }

    /// <summary>True while something that was removed is being ended: <see cref="Step"/> has work.</summary>
    public bool HasWork => State.FirstEnding != null;

    /// <summary>Goes on with that. The main loop calls it every turn.</summary>
    public void Step()
    {
        IpcObject* ending = State.FirstEnding;
        if (ending == null)
            return;
        if (ending->Header.Kind == ObjectKind.SemaphoreSet)
            Sets.EndStep((SemaphoreSet*)ending);
        else if (ending->Header.Kind == ObjectKind.NamedQueue)
            EndNamed();
        else
            Queues.EndStep((MessageQueue*)ending);
    }

    // Queues one after the other, until there is enough for one step.
    private void EndNamed()
    {
        int left = PartsPerStep;
        while (left > 0 && State.FirstEnding != null && State.FirstEnding->Header.Kind == ObjectKind.NamedQueue)
            Named.EndStep((NamedQueue*)State.FirstEnding, ref left);
    }

    /// <summary>Leaves alone what is being ended of a group whose restore has failed: some of it is not whole.</summary>
    public void Forget(ObjectTracker group) => State.ForgetEnding(group);
}
