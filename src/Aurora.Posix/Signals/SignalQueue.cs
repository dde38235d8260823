// Queues of pending signals. A standard signal is pending at most once; real-time signals queue in order of arrival, as many as
// RLIMIT_SIGPENDING of the process that gets them allows its real user altogether. The first of them are in its record in a checkpoint, the
// others behind it (SignalBacklog). Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Signals;

/// <summary>Allocates queue entries and keeps <see cref="PendingSignals"/> consistent.</summary>
public sealed unsafe partial class SignalQueue
{
    /// <summary>The most entries one thread or process has in its record.</summary>
    public const int Limit = 32;

    /// <summary>The most entries of all records, and about as many pieces of backlogs as hold as many again.</summary>
    private const int MaxEntries = 1 << 16;
    private const int MaxPieces = 2 * MaxEntries / SignalBacklog.Capacity;

    private readonly Slab<QueuedSignal> _entries;
    private readonly Slab<SignalBacklog> _pieces;
    private readonly TrackedObjects _tracked;

    public SignalQueue(PageAllocator pages, TrackedObjects tracked)
    {
        _entries = new Slab<QueuedSignal>(pages, MaxEntries, ChargeKind.QueuedSignal);
        _pieces = new Slab<SignalBacklog>(pages, MaxPieces, ChargeKind.SignalBacklog);
        _tracked = tracked;
        Users = new UserSignals(pages, 2 * MaxEntries);
    }

    /// <summary>What each user has queued.</summary>
    public UserSignals Users { get; }

    /// <summary>
    /// Makes a signal pending for a thread, or for the process when that is null. EAGAIN when a queued real-time signal or a timer's finds
    /// no room; other signals lose only their details. What the kernel or kill sends of standard signals is not limited; a timer's is
    /// queued for itself, and counted when the timer is made.
    /// </summary>
    public Errno Add(Process* process, Thread* thread, in SignalInfo info)
    {
        PendingSignals* pending = thread != null ? &thread->Pending : &process->Pending;
        Signal signal = info.Signal;
        bool isStandard = signal < Signal.FirstRealTime;
        bool isTimer = info.IsTimers;
        if (isStandard && !isTimer && pending->Set.Contains(signal))
            return Errno.Ok;
        bool isQueued = isTimer ? Append(process, thread, in info)
            : HasRoom(process, isStandard && info.Code >= SignalCode.User) && AppendCharged(process, thread, in info);
        if (!isQueued && (isTimer || (!isStandard && info.Code != SignalCode.User)))
            return Errno.EAGAIN;
        pending->Set = pending->Set.With(signal);
        return Errno.Ok;
    }

    /// <summary>True while the real user of a process may have one more signal or timer, by the limit of that process.</summary>
    public bool HasRoom(Process* process, bool isUnlimited = false)
        => isUnlimited || (ulong)Users.CountOf(process->Credentials.RealUid) < process->Limits.Soft(Resource.PendingSignals);

    /// <summary>The oldest details of a pending signal.</summary>
    public static SignalInfo Peek(PendingSignals* pending, Signal signal)
    {
        for (QueuedSignal* entry = pending->First; entry != null; entry = entry->Next)
            if (entry->Info.Signal == signal)
                return entry->Info;
        for (SignalBacklog* piece = pending->Backlog; piece != null; piece = piece->Next)
            for (int i = 0; piece->Set.Contains(signal) && i < piece->Count; i++)
                if (SignalBacklog.Of(piece)[i].Signal == signal)
                    return SignalBacklog.Of(piece)[i];
        return new SignalInfo { Number = (int)signal };
    }

    /// <summary>Removes the oldest instance; the signal stays pending if another is queued.</summary>
    public void Take(Process* process, Thread* thread, Signal signal)
    {
        PendingSignals* pending = thread != null ? &thread->Pending : &process->Pending;
        if (Remove(pending, signal, -1, out bool isTimers) && !isTimers)
            Users.Release(process->Credentials.RealUid, 1);
        Settle(pending, signal);
    }

    /// <summary>Removes a timer's signal; true when it was queued.</summary>
    public bool TakeTimer(PendingSignals* pending, Signal signal, int id)
    {
        if (!Remove(pending, signal, id, out _))
            return false;
        Settle(pending, signal);
        return true;
    }

    /// <summary>Removes every instance of the signals in a set; true when there was one.</summary>
    public bool Flush(Process* process, Thread* thread, SignalSet signals)
    {
        PendingSignals* pending = thread != null ? &thread->Pending : &process->Pending;
        if (pending->Set.And(signals).IsEmpty)
            return false;
        int charged = FlushBacklog(pending, signals);
        QueuedSignal** link = &pending->First;
        QueuedSignal* previous = null;
        while (*link != null)
        {
            if (signals.Contains((*link)->Info.Signal))
            {
                charged += (*link)->Info.IsTimers ? 0 : 1;
                Unlink(pending, link, previous);
                continue;
            }
            previous = *link;
            link = &(*link)->Next;
        }
        Users.Release(process->Credentials.RealUid, charged);
        pending->Set = pending->Set.Except(signals);
        return true;
    }

    private bool AppendCharged(Process* process, Thread* thread, in SignalInfo info)
    {
        uint user = process->Credentials.RealUid;
        if (!Users.Charge(user, 1))
            return false;
        if (Append(process, thread, in info))
            return true;
        Users.Release(user, 1);
        return false;
    }

    private bool Append(Process* process, Thread* thread, in SignalInfo info)
    {
        PendingSignals* pending = thread != null ? &thread->Pending : &process->Pending;
        return pending->Backlog != null || pending->Count == Limit
            ? AppendToBacklog(thread != null ? &thread->Header : &process->Header, pending, in info)
            : AppendToQueue(pending, in info);
    }

    private bool AppendToQueue(PendingSignals* pending, in SignalInfo info)
    {
        QueuedSignal* entry = _entries.Allocate();
        if (entry == null)
            return false;
        entry->Info = info;
        if (pending->Last != null)
            pending->Last->Next = entry;
        else
            pending->First = entry;
        pending->Last = entry;
        pending->Count++;
        return true;
    }

    // The oldest instance, or, with the id of a timer, the one that is this timer's.
    private bool Remove(PendingSignals* pending, Signal signal, int timer, out bool isTimers)
    {
        QueuedSignal* previous = null;
        for (QueuedSignal** link = &pending->First; *link != null; link = &(*link)->Next)
        {
            QueuedSignal* entry = *link;
            isTimers = entry->Info.IsTimers;
            if (entry->Info.Signal == signal && (timer < 0 || (isTimers && entry->Info.TimerId == timer)))
            {
                Unlink(pending, link, previous);
                return true;
            }
            previous = entry;
        }
        return RemoveFromBacklog(pending, signal, timer, out isTimers);
    }

    // A signal of which nothing is queued any more is not pending.
    private static void Settle(PendingSignals* pending, Signal signal)
    {
        for (QueuedSignal* entry = pending->First; entry != null; entry = entry->Next)
            if (entry->Info.Signal == signal)
                return;
        for (SignalBacklog* piece = pending->Backlog; piece != null; piece = piece->Next)
            if (piece->Set.Contains(signal))
                return;
        pending->Set = pending->Set.Without(signal);
    }

    private void Unlink(PendingSignals* pending, QueuedSignal** link, QueuedSignal* previous)
    {
        QueuedSignal* entry = *link;
        *link = entry->Next;
        if (pending->Last == entry)
            pending->Last = previous;
        pending->Count--;
        _entries.Free(entry);
    }
}
