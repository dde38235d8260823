// The kernel's one loop (docs/architecture.md, control flow). Everything the kernel does between two stretches of user code happens here,
// under the kernel lock and on the kernel stack of this processor.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Kernel;

/// <summary>
/// Drains what interrupts have posted, runs fibers, looks after the session, and gives threads their turns; never returns.
/// </summary>
internal sealed unsafe class MainLoop(
    Hardware hardware, KernelFibers fibers, NvmeDevice disk, GroupSession group, Deadlines deadlines, LinuxKernel linux,
    SessionDuties duties, SessionEnd end, ThreadTurn turn, IdleTimer timer)
{
    // Fibers that may run between two looks at the user threads, so that a long flush cannot starve them.
    private const int FibersPerTurn = 8;

    // How soon the loop looks again whether the console's last bytes are out.
    private const ulong DeliveryNanoseconds = 500_000;

    public void Run()
    {
        for (;;)
        {
            Interrupts.BeginDrain();
            ulong events = hardware.Events.TakeAll();
            disk.Serve(events);
            duties.ServeEvents(events);
            fibers.RunTurn(FibersPerTurn);
            RunGuests();
        }
    }

    // What waits for a restore to end is no reason not to sleep.
    private bool HasSteps => group.Memory.Spaces.IsEnding || group.Restorer.HasFilesToClose
        || ((linux.Signals.IsSendingToGroups || group.Scheduler.HasPosted) && !group.Restorer.IsUnderWay);

    private void RunGuests()
    {
        if (group.Scheduler.HasPosted && !group.Restorer.IsUnderWay)
            OwnerSignals.Deliver(linux);
        ulong checkpointDue = group.Engine.Poll();
        duties.LookAfter();
        if (!end.IsPaused)
            TakeSteps();
        // Whatever has given memory back by now: nothing else may happen before the machine sleeps.
        group.Reclaimer.Poll();
        group.NameReclaimer.Poll();
        // What the steps have changed comes off what the thread may change.
        Thread* thread = end.IsPaused ? null : group.Scheduler.PickNext();
        if (thread != null)
        {
            turn.Run(thread, NextEventNanoseconds(checkpointDue, isPaused: false));
            linux.Pages.Accounts.Leave();
        }
        else
        {
            RunNothing();
        }
    }

    private void TakeSteps()
    {
        deadlines.Expire();
        group.Memory.Spaces.EndStep();
        if (group.Restorer.IsUnderWay)
            return;
        linux.Signals.SendToGroupsStep();
        group.Files.Closing.Step();
        group.Ipc.Step();
    }

    private void RunNothing()
    {
        group.Engine.PollIdle();
        bool isPaused = end.IsPaused;
        bool hasWork = HasSteps && !isPaused;
        if (!fibers.HasReady && !fibers.HasSoon && !hasWork)
            group.Scheduler.AddIdle(timer.Idle(NextEventNanoseconds(group.Engine.NextIdleDueNanoseconds, isPaused)));
    }

    // In machine time: the next deadline of a thread or timer, or the next checkpoint.
    private ulong NextEventNanoseconds(ulong checkpointDue, bool isPaused)
    {
        // While the session is paused its deadlines wait too.
        ulong deadline = isPaused ? ulong.MaxValue : group.Scheduler.NextDeadlineNanoseconds;
        ulong due = Math.Min(Math.Min(deadline, checkpointDue), duties.DueNanoseconds);
        // No interrupt tells when the last byte has left the serial port.
        return group.Output.IsInDevice ? Math.Min(due, hardware.Clock.MonotonicNanoseconds + DeliveryNanoseconds) : due;
    }
}
