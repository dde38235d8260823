// The processes of one consistency group by their numbers: each group counts its own, as a PID namespace of Linux does. A value that is
// passed where a group's processes are meant; ProcessTable makes and ends them. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>What is known of the processes of one group.</summary>
public unsafe struct PidState
{
    internal IdState Ids;
    internal Process* Init;
    internal WaitQueue SignalArrived;
    internal ulong ForkCount;
    internal int ProcessCount;
    internal int ThreadCount;
}

/// <summary>Finds processes, threads, process groups and sessions of one group by their ids.</summary>
public readonly unsafe struct PidNamespace
{
    private readonly PidState* _state;

    internal PidNamespace(PageAllocator pages, PidState* state, ObjectTracker group)
    {
        _state = state;
        Group = group;
        Ids = new IdTable(pages, &state->Ids);
    }

    /// <summary>The group they belong to.</summary>
    public ObjectTracker Group { get; }
    public IdTable Ids { get; }
    public int ProcessCount => _state->ProcessCount;
    public int ThreadCount => _state->ThreadCount;

    /// <summary>The process that adopts orphans, usually 1; null before it starts and after it has ended.</summary>
    public Process* Init => _state->Init;

    /// <summary>A signal is pending for one of them: who watches signalfds of the group asks again.</summary>
    public WaitQueue* SignalArrived => &_state->SignalArrived;

    /// <summary>Processes and threads created since boot or restore, for /proc/stat.</summary>
    public ulong ForkCount => _state->ForkCount;

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
        for (id = Ids.NextPossible(id); id < IdTable.Limit; id = Ids.NextPossible(id))
        {
            IdSlot* slot = Ids.Find(id);
            for (int end = IdTable.EndOfStretch(id); id < end; id++, slot++)
            {
                if (slot->Process != null)
                    return slot->Process;
            }
        }
        return null;
    }

    /// <summary>The first thread with an id of at least <paramref name="id"/>, or null: for walking all of them in order.</summary>
    public Thread* NextThread(int id)
    {
        for (id = Ids.NextPossible(id); id < IdTable.Limit; id = Ids.NextPossible(id))
        {
            IdSlot* slot = Ids.Find(id);
            for (int end = IdTable.EndOfStretch(id); id < end; id++, slot++)
            {
                if (slot->Thread != null)
                    return slot->Thread;
            }
        }
        return null;
    }

    internal void CountFork() => _state->ForkCount++;

    internal void CountProcess(int change) => _state->ProcessCount += change;

    internal void CountThread(int change) => _state->ThreadCount += change;
}
