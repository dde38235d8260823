// Watches of epolls on wait queues (ReadyList): they are told within the wake-up, after the threads, so that whatever they wake finds the
// list as it will be. A list's own pollers may be watches of another list; how deep that goes is bounded where watches are made and
// restored (EventPollGraph).
using Aurora.Base;

namespace Aurora.Posix.Threads;

public sealed unsafe partial class ThreadScheduler
{
    // EPOLLIN and EPOLLOUT.
    private const uint InAndOut = 5;

    /// <inheritdoc/>
    public override void Listen(ReadyWatch* watch, WaitQueue* queue, uint events)
    {
        _lock.AssertHeld();
        Panic.Unless(watch->PlaceCount < ReadyWatch.MaxPlaces, "scheduler: a watch on too many queues"u8);
        WaitEntry* entry = &watch->First + watch->PlaceCount++;
        entry->Owner = watch;
        entry->Events = events;
        entry->Kind = watch->IsAlone ? WaitKind.ReadyAlone : WaitKind.Ready;
        if (watch->IsAlone)
            Append(entry, queue);
        else
            Prepend(entry, queue);
    }

    /// <inheritdoc/>
    public override void StopListening(ReadyWatch* watch)
    {
        _lock.AssertHeld();
        while (watch->PlaceCount > 0)
            Unlink(&watch->First + --watch->PlaceCount);
    }

    /// <inheritdoc/>
    public override void MakeReady(ReadyWatch* watch)
    {
        ReadyList* list = watch->List;
        if (!watch->IsReady)
        {
            ReadyList.Append(watch);
            _tracked.MarkChanged(watch->Object);
        }
        if (list->Waiters.FirstAlone != null)
            WakeNext(&list->Waiters);
        if (list->Pollers.First != null)
            Wake(&list->Pollers);
    }

    // Watches stay where they are whatever is woken meanwhile, but tokens and threads around them may go: the next one is read afterwards.
    private void TellWatches(WaitQueue* queue, bool tellsAll)
    {
        WaitEntry* entry = queue->First;
        for (; entry != null && (entry->Kind is WaitKind.Watcher or WaitKind.Token or WaitKind.Ready); entry = entry->Next)
            if (entry->Kind == WaitKind.Ready)
                Tell((ReadyWatch*)entry->Owner, tellsAll ? 0 : entry->Events);
        for (entry = tellsAll ? queue->FirstAlone : null; entry != null; entry = entry->Next)
            if (entry->Kind == WaitKind.ReadyAlone)
                Tell((ReadyWatch*)entry->Owner, 0);
    }

    // True when somebody was woken who waits for just this: then the wake-up of one that watches alone is used up. No events: any.
    private bool Tell(ReadyWatch* watch, uint events)
    {
        if (watch->Interest == 0 || (events != 0 && (events & watch->Interest) == 0))
            return false;
        bool wakesOne = watch->List->Waiters.FirstAlone != null;
        MakeReady(watch);
        uint wanted = events & InAndOut;
        return wakesOne && (wanted == 0 || (wanted != InAndOut && (watch->Interest & wanted) != 0));
    }
}
