// The way of threads through user mode and back, without the main loop as long as it has nothing to do: a thread that only makes short
// calls stays in here, and when it sleeps or yields the next one has its turn at once. Any interrupt brings everything back out, because
// UserMode.Run refuses to enter user mode while one is unserved; one comes at the end of the slice that the turn began with, and when
// something is due. What threads bring about without an interrupt is looked at before another runs (IsQuiet).
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Linux.Executive;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

/// <summary>Runs threads until the main loop has something else to do.</summary>
internal sealed unsafe class ThreadTurn(
    TscClock clock, IdleTimer timer, KernelFibers fibers, ThreadScheduler scheduler, SystemCallExecutive executive, CheckpointEngine engine,
    KernelExtendedState extended, GroupSession group, SignalService signals, SessionEnd end,
    UserAccounts accounts, KernelLock kernelLock)
{
    // For so long at most a thread runs on before fibers that are ready soon (FiberScheduler.WakeSoon).
    private const ulong SoonNanoseconds = 20_000;

    private readonly HeldOutput _output = group.Output;
    private readonly GroupRestore _restorer = group.Restorer;
    private bool _isBeforeFibers;

    /// <summary>
    /// Runs a thread, and others that then have their turn, until an interrupt comes, the next event is due, nobody can run, or there is
    /// other work: fibers, a checkpoint, files to be closed, of which there would be ever more. While a group is restored nothing is
    /// closed, and so nothing waited for.
    /// </summary>
    public void Run(Thread* thread, ulong nextEventNanoseconds)
    {
        RunThreads(thread, nextEventNanoseconds);
        executive.EndTurn();
    }

    private void RunThreads(Thread* thread, ulong nextEventNanoseconds)
    {
        _isBeforeFibers = false;
        ulong sliceEnd = clock.MonotonicNanoseconds + ThreadScheduler.SliceNanoseconds;
        timer.Arm(Math.Min(sliceEnd, nextEventNanoseconds));
        while (thread != null && Stay(thread))
        {
            if (scheduler.Current == thread && !scheduler.ShouldReschedule)
                continue;
            if (!IsQuiet(nextEventNanoseconds))
                return;
            accounts.Leave();
            thread = scheduler.PickNext();
        }
    }

    // Runs the thread once; false when the turn is over for all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Stay(Thread* thread)
    {
        // A call that goes on is a step; the next one is not for this turn if it changes much.
        bool goesOn = thread->Call.Active;
        if (!executive.PrepareToRun(thread))
            return scheduler.Current != thread && !HasWork;
        if (goesOn && engine.MustLookAgain)
        {
            executive.NotEntered(thread);
            return false;
        }
        thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
        extended.MakeCurrent(thread->Context);
        kernelLock.Release();
        UserMode.Run(thread->Context);
        kernelLock.Take();
        if (thread->Context->Trap == UserMode.NotEntered)
        {
            executive.NotEntered(thread);
            return false;
        }
        executive.HandleTrap(thread);
        return !HasWork && (!fibers.HasSoon || GoesOnBefore());
    }

    // Fibers are ready soon: the thread goes on once more, and not for long.
    private bool GoesOnBefore()
    {
        if (_isBeforeFibers)
            return false;
        _isBeforeFibers = true;
        timer.Arm(clock.MonotonicNanoseconds + SoonNanoseconds);
        return true;
    }

    private bool HasWork
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => scheduler.IsTurnOver || fibers.HasReady || engine.MustLookAgain || _restorer.HasFilesToClose;
    }

    // Nothing that the main loop does between two threads has come up since it looked: it would pick the next one.
    private bool IsQuiet(ulong nextEventNanoseconds)
        => !engine.IsAsked && !scheduler.HasPosted && !_output.IsSendable && !end.IsPaused && !signals.IsSendingToGroups
            && !group.Memory.Spaces.IsEnding && scheduler.NextDeadlineNanoseconds >= nextEventNanoseconds;
}
