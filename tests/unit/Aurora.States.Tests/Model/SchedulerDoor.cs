using System.Runtime.CompilerServices;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Lets a test say which thread the scheduler has picked, as the main loop's PickNext would have.</summary>
internal static unsafe class SchedulerDoor
{
    public static void Run(ThreadScheduler scheduler, Thread* thread)
    {
        if (scheduler.Current == thread)
            return;
        Stop(scheduler);
        if (thread->RunQueue != 0)
            Dequeue(scheduler, thread);
        SetCurrent(scheduler, thread);
        thread->SliceNanoseconds = ThreadScheduler.SliceNanoseconds;
        NoteRan(scheduler, thread);
    }

    /// <summary>The thread that ran waits for its turn.</summary>
    public static Thread* Stop(ThreadScheduler scheduler)
    {
        Thread* current = scheduler.Current;
        if (current == null)
            return null;
        current->SliceNanoseconds = ThreadScheduler.SliceNanoseconds;
        PutBack(scheduler, current);
        SetCurrent(scheduler, null);
        return current;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_Current")]
    private static extern void SetCurrent(ThreadScheduler scheduler, Thread* thread);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "PutBack")]
    private static extern void PutBack(ThreadScheduler scheduler, Thread* thread);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Dequeue")]
    private static extern void Dequeue(ThreadScheduler scheduler, Thread* thread);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "NoteRan")]
    private static extern void NoteRan(ThreadScheduler scheduler, Thread* thread);
}
