// Places in wait queues (WaitQueue says in which order), tokens of threads that were woken alone, and what has been posted to watchers.
using Aurora.Base;

namespace Aurora.Posix.Threads;

public sealed unsafe partial class ThreadScheduler
{
    private Watcher* _firstPosted;
    private Watcher* _lastPosted;

    /// <summary>True while something has been posted to a watcher and not delivered.</summary>
    public bool HasPosted => _firstPosted != null;

    /// <summary>The watcher that has waited longest for what was posted to it to be delivered; null for none.</summary>
    public Watcher* FirstPosted => _firstPosted;

    /// <inheritdoc/>
    public override bool Watch(Watcher* watcher, WaitQueue* queue, uint events)
    {
        WaitEntry* entry = _waitEntries.Allocate();
        if (entry == null)
            return false;
        entry->Owner = watcher;
        entry->Kind = WaitKind.Watcher;
        entry->Events = events;
        entry->NextOfOwner = watcher->Waits;
        watcher->Waits = entry;
        Prepend(entry, queue);
        return true;
    }

    /// <inheritdoc/>
    public override void Unwatch(Watcher* watcher)
    {
        while (watcher->Waits != null)
        {
            WaitEntry* entry = watcher->Waits;
            watcher->Waits = entry->NextOfOwner;
            Unlink(entry);
            _waitEntries.Free(entry);
        }
        EndPost(watcher);
    }

    /// <inheritdoc/>
    public override void Post(Watcher* watcher, uint events)
    {
        bool isPosted = watcher->Posted != 0;
        if ((watcher->Posted & events) == events)
            return;
        watcher->Posted |= events;
        _tracked.MarkChanged(watcher->Object);
        if (isPosted)
            return;
        watcher->PreviousPosted = _lastPosted;
        if (_lastPosted != null)
            _lastPosted->NextPosted = watcher;
        else
            _firstPosted = watcher;
        _lastPosted = watcher;
    }

    /// <summary>What was posted to a watcher has been delivered, or is to be forgotten.</summary>
    public void EndPost(Watcher* watcher)
    {
        if (watcher->Posted == 0)
            return;
        if (watcher->PreviousPosted != null)
            watcher->PreviousPosted->NextPosted = watcher->NextPosted;
        else
            _firstPosted = watcher->NextPosted;
        if (watcher->NextPosted != null)
            watcher->NextPosted->PreviousPosted = watcher->PreviousPosted;
        else
            _lastPosted = watcher->PreviousPosted;
        watcher->NextPosted = watcher->PreviousPosted = null;
        watcher->Posted = 0;
        _tracked.MarkChanged(watcher->Object);
    }

    /// <summary>Forgets what has been posted in a group whose restore has failed: some of it is not whole.</summary>
    public void ForgetPosted(ObjectTracker group)
    {
        Watcher* next = _firstPosted;
        while (next != null)
        {
            Watcher* watcher = next;
            next = watcher->NextPosted;
            if (watcher->Object->Group == group.Index)
                EndPost(watcher);
        }
    }

    // Its place becomes a token, until it has looked. False when it had not gone to sleep: the next one has to look.
    private bool WakeAlone(WaitEntry* entry)
    {
        Thread* thread = (Thread*)entry->Owner;
        if (thread->State is not (ThreadState.Blocked or ThreadState.BlockedUninterruptible))
        {
            LeaveQueues(thread);
            return false;
        }
        WaitQueue* queue = entry->Queue;
        for (WaitEntry** link = &thread->Waits; *link != null; link = &(*link)->NextOfOwner)
        {
            if (*link != entry)
                continue;
            *link = entry->NextOfOwner;
            break;
        }
        Unlink(entry);
        if (thread->Token != null)
            EndToken(thread);
        entry->Kind = WaitKind.Token;
        Prepend(entry, queue);
        thread->Token = entry;
        Wake(thread);
        return true;
    }

    // It does not look any more: somebody else has to.
    private void PassOn(Thread* thread)
    {
        if (thread->Token == null)
            return;
        WaitQueue* queue = thread->Token->Queue;
        EndToken(thread);
        WakeNext(queue);
    }

    private void EndToken(Thread* thread)
    {
        Unlink(thread->Token);
        _waitEntries.Free(thread->Token);
        thread->Token = null;
    }

    // Who waits alone stands behind all others.
    private static void Append(WaitEntry* entry, WaitQueue* queue)
    {
        bool isAlone = entry->Kind is WaitKind.ThreadAlone or WaitKind.ReadyAlone;
        if (isAlone && queue->FirstAlone == null)
            queue->FirstAlone = entry;
        Insert(entry, queue, isAlone || queue->FirstAlone == null ? queue->Last : queue->FirstAlone->Previous);
    }

    private static void Prepend(WaitEntry* entry, WaitQueue* queue) => Insert(entry, queue, null);

    private static void Insert(WaitEntry* entry, WaitQueue* queue, WaitEntry* behind)
    {
        entry->Queue = queue;
        entry->Previous = behind;
        entry->Next = behind == null ? queue->First : behind->Next;
        if (behind != null)
            behind->Next = entry;
        else
            queue->First = entry;
        if (entry->Next != null)
            entry->Next->Previous = entry;
        else
            queue->Last = entry;
    }

    private static void Unlink(WaitEntry* entry)
    {
        WaitQueue* queue = entry->Queue;
        if (queue->FirstAlone == entry)
            queue->FirstAlone = entry->Next;
        if (entry->Previous != null)
            entry->Previous->Next = entry->Next;
        else
            queue->First = entry->Next;
        if (entry->Next != null)
            entry->Next->Previous = entry->Previous;
        else
            queue->Last = entry->Previous;
    }
}
