using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Linux.Executive;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

/// <summary>
/// Runs one thread for a while. A thread that only makes short system calls stays in here; any interrupt brings it back out, because
/// UserMode.Run refuses to enter user mode while one is unserved.
/// </summary>
internal sealed unsafe class ThreadTurn(
    TscClock clock, IdleTimer timer, KernelFibers fibers, ThreadScheduler scheduler, SystemCallExecutive executive, CheckpointEngine engine,
    KernelExtendedState extended, GroupRestore restorer, KernelLock kernelLock)
{
    /// <summary>
    /// Runs the thread until it sleeps, its slice or an epoch's room is used up, an interrupt comes, the next event is due, or it has left
    /// files to be closed, of which there would be ever more. While a group is restored nothing is closed, and so nothing waited for.
    /// </summary>
    public void Run(Thread* thread, ulong nextEventNanoseconds)
    {
        ulong sliceEnd = clock.MonotonicNanoseconds + ThreadScheduler.SliceNanoseconds;
        timer.Arm(Math.Min(sliceEnd, nextEventNanoseconds));
        do
        {
            // A call that goes on is a step; the next one is not for this turn if it changes much.
            bool goesOn = thread->Call.Active;
            if (!executive.PrepareToRun(thread) || (goesOn && engine.MustLookAgain))
                return;
            thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
            extended.MakeCurrent(thread->Context);
            kernelLock.Release();
            UserMode.Run(thread->Context);
            kernelLock.Take();
            if (thread->Context->Trap == UserMode.NotEntered)
                return;
            executive.HandleTrap(thread);
        }
        while (scheduler.Current == thread && !scheduler.ShouldReschedule && !scheduler.IsTurnOver && !fibers.HasReady
            && !engine.MustLookAgain && !restorer.HasFilesToClose);
    }
}
