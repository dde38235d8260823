// Queues of pending signals. A standard signal is pending at most once; real-time signals queue in order of arrival, up to a limit that also
// bounds the thread's and the process's record in a checkpoint. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Signals;

/// <summary>Allocates queue entries and keeps <see cref="PendingSignals"/> consistent.</summary>
public sealed unsafe class SignalQueue
{
    /// <summary>The most entries one thread or process can have queued.</summary>
    public const int Limit = 32;

    private const int MaxEntries = 1 << 16;

    private readonly Slab<QueuedSignal> _entries;

    public SignalQueue(PageAllocator pages) => _entries = new Slab<QueuedSignal>(pages, MaxEntries);

    /// <summary>
    /// Makes a signal pending. EAGAIN when a queued real-time signal or a timer's finds no room; other signals lose only their details.
    /// At most <paramref name="limit"/> are queued; a timer's are not limited so, and each is queued for itself.
    /// </summary>
    public Errno Add(PendingSignals* pending, in SignalInfo info, ulong limit = Limit)
    {
        Signal signal = info.Signal;
        bool isStandard = signal < Signal.FirstRealTime;
        bool isTimer = info.IsTimers;
        if (isStandard && !isTimer && pending->Set.Contains(signal))
            return Errno.Ok;
        bool hasRoom = pending->Count < Limit && (isTimer || (ulong)pending->Count < limit);
        QueuedSignal* entry = hasRoom ? _entries.Allocate() : null;
        if (entry == null && (isTimer || (!isStandard && info.Code != SignalCode.User)))
            return Errno.EAGAIN;
        pending->Set = pending->Set.With(signal);
        if (entry == null)
            return Errno.Ok;
        entry->Info = info;
        if (pending->Last != null)
            pending->Last->Next = entry;
        else
            pending->First = entry;
        pending->Last = entry;
        pending->Count++;
        return Errno.Ok;
    }

    /// <summary>The oldest details of a pending signal.</summary>
    public static SignalInfo Peek(PendingSignals* pending, Signal signal)
    {
        QueuedSignal* entry = pending->First;
        while (entry != null && entry->Info.Signal != signal)
            entry = entry->Next;
        return entry != null ? entry->Info : new SignalInfo { Number = (int)signal };
    }

    /// <summary>Removes the oldest instance; the signal stays pending if another is queued.</summary>
    public void Take(PendingSignals* pending, Signal signal)
    {
        QueuedSignal** link = &pending->First;
        QueuedSignal* previous = null;
        bool isTaken = false;
        while (*link != null)
        {
            QueuedSignal* entry = *link;
            if (entry->Info.Signal != signal)
            {
                previous = entry;
                link = &entry->Next;
                continue;
            }
            if (isTaken)
                return;
            isTaken = true;
            Unlink(pending, link, previous);
        }
        pending->Set = pending->Set.Without(signal);
    }

    /// <summary>Removes every instance of the signals in a set; true when there was one.</summary>
    public bool Flush(PendingSignals* pending, SignalSet signals)
    {
        if (pending->Set.And(signals).IsEmpty)
            return false;
        QueuedSignal** link = &pending->First;
        QueuedSignal* previous = null;
        while (*link != null)
        {
            if (signals.Contains((*link)->Info.Signal))
            {
                Unlink(pending, link, previous);
                continue;
            }
            previous = *link;
            link = &(*link)->Next;
        }
        pending->Set = pending->Set.Except(signals);
        return true;
    }

    /// <summary>Removes a timer's signal; true when it was queued.</summary>
    public bool TakeTimer(PendingSignals* pending, Signal signal, int id)
    {
        bool isTaken = false;
        bool isPending = false;
        QueuedSignal* previous = null;
        for (QueuedSignal** link = &pending->First; *link != null; )
        {
            QueuedSignal* entry = *link;
            bool isSame = entry->Info.Signal == signal;
            if (isSame && !isTaken && entry->Info.IsTimers && entry->Info.Pid == id)
            {
                Unlink(pending, link, previous);
                isTaken = true;
                continue;
            }
            isPending |= isSame;
            previous = entry;
            link = &entry->Next;
        }
        if (isTaken && !isPending)
            pending->Set = pending->Set.Without(signal);
        return isTaken;
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
