// User threads have no kernel stack. A system call that must wait registers its thread on one or more wait queues and returns
// "blocked"; when a queue is woken (or a deadline passes, or a signal arrives) the thread leaves all its queues and the call is
// dispatched again from the start, with the progress it recorded. Queues are never captured: after a restore every blocked thread is
// simply dispatched again, and waits again if its condition still does not hold. Protected by the kernel lock.
//
// On a queue stand, in this order:
//
//   watchers, and tokens       asynchronous owners and watches of epolls (ReadyList), which stay and are told of every wake-up; threads
//                              woken alone that have not looked yet
//   threads                    each wake-up wakes all of them (poll, splice)
//   who waits alone            each wake-up wakes the first: what they wait for, one takes away (readers and large writers of a pipe,
//                              watches with EPOLLEXCLUSIVE, which stay)
//
// Watches of epolls are told what a queue stands for (the events it is listened to for), and take it when that is what they are interested
// in. Who wakes all (WakeAll) does so because everything may have changed: then every watch takes it.
//
// Who is woken alone and ends or is stopped before it has looked passes the wake-up on; so does a call that leaves something for the next.
namespace Aurora.Base;

/// <summary>A first-in first-out queue of those who wait for an object. Embedded in it; zero is empty.</summary>
public unsafe struct WaitQueue
{
    public WaitEntry* First;
    public WaitEntry* Last;

    /// <summary>The first thread, or watch, that waits alone.</summary>
    public WaitEntry* FirstAlone;

    public readonly bool IsEmpty => First == null;
}

/// <summary>Who stands at a place in a queue.</summary>
public enum WaitKind : byte
{
    Thread,
    ThreadAlone,

    /// <summary>A thread that has been woken alone and has not looked yet; it wakes nobody.</summary>
    Token,
    Watcher,

    /// <summary>A <see cref="ReadyWatch"/>; one that takes a wake-up away from those behind it.</summary>
    Ready,
    ReadyAlone,
}

/// <summary>
/// A place in one <see cref="WaitQueue"/>; the thread scheduler owns these, but for those within a <see cref="ReadyWatch"/>.
/// </summary>
public unsafe struct WaitEntry
{
    public WaitEntry* Next;
    public WaitEntry* Previous;
    public WaitQueue* Queue;

    /// <summary>The waiting thread (Aurora.Posix knows its type), the <see cref="Watcher"/> or the <see cref="ReadyWatch"/>.</summary>
    public void* Owner;
    public WaitEntry* NextOfOwner;
    public WaitKind Kind;

    /// <summary>For a watcher or watch: what has come about when this queue is woken.</summary>
    public uint Events;
}

/// <summary>
/// An asynchronous owner: something that is told when one of its queues is woken, and waits on. It is part of the object it acts for.
/// What has been posted to it is delivered before the call or interrupt that brought it about is over, or some at a time when that is much:
/// <see cref="Posted"/> is then part of what the object saves. Its places in queues follow from the object's state and are made again by a
/// restore.
/// </summary>
public unsafe struct Watcher
{
    /// <summary>The object that holds it; set while it is on queues.</summary>
    public ObjectHeader* Object;
    public WaitEntry* Waits;

    /// <summary>What has come about and has not been delivered.</summary>
    public uint Posted;

    // The list of those that have something posted.
    public Watcher* NextPosted;
    public Watcher* PreviousPosted;
}

/// <summary>Blocks and wakes user threads; implemented by the thread scheduler, known to the layers below it by this face only.</summary>
public abstract unsafe class ThreadWaker
{
    /// <summary>Puts the thread on a queue; it sleeps once the current dispatch returns "blocked".</summary>
    public abstract void BlockOn(void* thread, WaitQueue* queue);

    /// <summary>As <see cref="BlockOn"/>, to be woken alone by <see cref="Wake"/>.</summary>
    public abstract void BlockAloneOn(void* thread, WaitQueue* queue);

    /// <summary>A thread that may have been woken alone looks whether there is what it waited for.</summary>
    public abstract void NoteLook(void* thread, WaitQueue* queue);

    /// <summary>Something has come that one can take: wakes one of those who wait alone, and all others.</summary>
    public abstract void Wake(WaitQueue* queue);

    /// <summary>As <see cref="Wake"/>, for threads and owners: watches of epolls see nothing that they have not seen before.</summary>
    public abstract void WakeThreads(WaitQueue* queue);

    /// <summary>There is something left for another one of those who wait alone, watches among them.</summary>
    public abstract void WakeNext(WaitQueue* queue);

    /// <summary>As above, for a thread.</summary>
    public abstract void WakeNextThread(WaitQueue* queue);

    /// <summary>Wakes all; nobody has to look for those that wait alone any more.</summary>
    public abstract void WakeAll(WaitQueue* queue);

    /// <summary>Puts a watcher on a queue; false when there is no memory.</summary>
    public abstract bool Watch(Watcher* watcher, WaitQueue* queue, uint events);

    /// <summary>Something has come about that a watcher is to be told.</summary>
    public abstract void Post(Watcher* watcher, uint events);

    /// <summary>Takes a watcher off all its queues, with what was posted to it.</summary>
    public abstract void Unwatch(Watcher* watcher);

    /// <summary>Puts a watch on a queue that is woken when these events come about.</summary>
    public abstract void Listen(ReadyWatch* watch, WaitQueue* queue, uint events);

    /// <summary>Takes a watch off all its queues; it stays on its list.</summary>
    public abstract void StopListening(ReadyWatch* watch);

    /// <summary>A watch has something to tell: it goes on its list, and those who wait for that are woken.</summary>
    public abstract void MakeReady(ReadyWatch* watch);
}
