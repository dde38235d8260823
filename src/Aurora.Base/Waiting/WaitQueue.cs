// User threads have no kernel stack. A system call that must wait registers its thread on one or more wait queues and returns
// "blocked"; when a queue is woken (or a deadline passes, or a signal arrives) the thread leaves all its queues and the call is
// dispatched again from the start, with the progress it recorded. Queues are never captured: after a restore every blocked thread is
// simply dispatched again, and waits again if its condition still does not hold. Protected by the kernel lock.
namespace Aurora.Base;

/// <summary>A first-in first-out queue of user threads. Embedded in the object they wait for; zero is empty.</summary>
public unsafe struct WaitQueue
{
    public WaitEntry* First;
    public WaitEntry* Last;

    public readonly bool IsEmpty => First == null;
}

/// <summary>One thread's place in one <see cref="WaitQueue"/>; the thread scheduler owns these.</summary>
public unsafe struct WaitEntry
{
    public WaitEntry* Next;
    public WaitEntry* Previous;
    public WaitQueue* Queue;

    /// <summary>The waiting thread (Aurora.Posix knows its type).</summary>
    public void* Thread;
    public WaitEntry* NextOfThread;
}

/// <summary>Blocks and wakes user threads; implemented by the thread scheduler, known to the layers below it by this face only.</summary>
public abstract unsafe class ThreadWaker
{
    /// <summary>Puts the thread on a queue; it sleeps once the current dispatch returns "blocked".</summary>
    public abstract void BlockOn(void* thread, WaitQueue* queue);

    public abstract void WakeOne(WaitQueue* queue);

    public abstract void WakeAll(WaitQueue* queue);
}
