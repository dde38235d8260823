// The kernel's one loop (docs/architecture.md, control flow). Everything the kernel does between two stretches of user code happens here, under
// the kernel lock and on the kernel stack of this processor. A thread that only makes short system calls stays in the inner loop of
// RunThread; any interrupt brings it back out, because UserMode.Run refuses to enter user mode while one is unserved.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Linux.Executive;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

internal sealed unsafe class MainLoop
{
    // Fibers that may run between two looks at the user threads, so that a long flush cannot starve them.
    private const int FibersPerTurn = 8;

    // How soon the loop looks again whether the console's last bytes are out.
    private const ulong DeliveryNanoseconds = 500_000;

    private readonly KernelSession _session;
    private readonly Hardware _hardware;
    private readonly KernelFibers _fibers;
    private ulong _armedNanoseconds = OneShotTimer.Never;

    public MainLoop(KernelSession session, Hardware hardware, KernelFibers fibers)
    {
        _session = session;
        _hardware = hardware;
        _fibers = fibers;
    }

    public void Run()
    {
        for (;;)
        {
            Interrupts.BeginDrain();
            _session.ServeEvents(_hardware.Events.TakeAll());
            for (int turn = 0; turn < FibersPerTurn && _fibers.RunOne(); turn++)
            {
            }
            if (_session.IsRunning)
                RunGuests();
            else if (!_fibers.HasReady)
                Idle(OneShotTimer.Never);
        }
    }

    private void RunGuests()
    {
        ulong checkpointDue = _session.Group.Engine.Poll();
        _session.PumpOutput();
        _session.CheckEnd();
        _session.NoteLasting();
        _session.ForgetUnpersistedChanges();
        _session.Group.Memory.Shortage.Poll();
        ThreadScheduler scheduler = _session.Group.Scheduler;
        Thread* thread = null;
        if (!_session.IsPaused)
        {
            scheduler.ExpireDeadlines();
            _session.Group.Memory.Spaces.EndStep();
            _session.Linux.Signals.SendToGroupsStep();
            _session.Group.Files.Closing.Step();
            // What these have changed comes off what the thread may change.
            if (!_session.IsPaused)
                thread = scheduler.PickNext();
        }
        if (thread != null)
        {
            RunThread(thread, checkpointDue);
            _session.Linux.Pages.Accounts.Leave();
        }
        else
        {
            RunNothing();
        }
    }

    private bool HasSteps
        => _session.Group.Memory.Spaces.IsEnding || _session.Linux.Signals.IsSendingToGroups || _session.Group.Files.Closing.HasWork;

    private void RunNothing()
    {
        _session.Group.Engine.PollIdle();
        bool isPaused = _session.IsPaused;
        bool hasWork = HasSteps && !isPaused;
        if (!_fibers.HasReady && !hasWork)
            Idle(NextEventNanoseconds(_session.Group.Engine.NextIdleDueNanoseconds, isPaused));
    }

    private void RunThread(Thread* thread, ulong checkpointDue)
    {
        ThreadScheduler scheduler = _session.Group.Scheduler;
        SystemCallExecutive executive = _session.Executive;
        CheckpointEngine engine = _session.Group.Engine;
        ulong sliceEnd = _hardware.Clock.MonotonicNanoseconds + ThreadScheduler.SliceNanoseconds;
        ArmTimer(Math.Min(sliceEnd, NextEventNanoseconds(checkpointDue, isPaused: false)));
        do
        {
            // A call that goes on is a step; the next one is not for this turn if it changes much.
            bool goesOn = thread->Call.Active;
            if (!executive.PrepareToRun(thread) || (goesOn && engine.MustLookAgain))
                return;
            thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
            _session.Extended.MakeCurrent(thread->Context);
            UserMode.Run(thread->Context);
            if (thread->Context->Trap == UserMode.NotEntered)
                return;
            executive.HandleTrap(thread);
        }
        while (scheduler.Current == thread && !scheduler.ShouldReschedule && !scheduler.IsTurnOver && !_fibers.HasReady
            && !engine.MustLookAgain);
    }

    private void Idle(ulong deadlineNanoseconds)
    {
        if (_session.Disk is not null)
        {
            if (_session.Disk.NeedsPolling)
                return;
            deadlineNanoseconds = Math.Min(deadlineNanoseconds, _session.Disk.DeadlineNanoseconds);
        }
        ArmTimer(deadlineNanoseconds);
        ulong start = _hardware.Clock.MonotonicNanoseconds;
        Interrupts.Wait();
        if (_session.IsRunning)
            _session.Group.Scheduler.AddIdle(_hardware.Clock.MonotonicNanoseconds - start);
    }

    // In machine time: the next deadline of a thread or timer, or the next checkpoint.
    private ulong NextEventNanoseconds(ulong checkpointDue, bool isPaused)
    {
        // While the session is paused its deadlines wait too.
        ulong deadline = isPaused ? ulong.MaxValue : _session.Group.Scheduler.NextDeadlineNanoseconds;
        ulong machine = deadline == ulong.MaxValue ? OneShotTimer.Never : _session.Group.Clock.ToMachine(deadline);
        ulong end = Math.Min(_session.EndDueNanoseconds, _session.LastingDueNanoseconds);
        ulong due = Math.Min(Math.Min(machine, checkpointDue), end);
        // No interrupt tells when the last byte has left the serial port.
        return _session.Group.Output.IsInDevice ? Math.Min(due, _hardware.Clock.MonotonicNanoseconds + DeliveryNanoseconds) : due;
    }

    // An armed timer that fires too early only costs one turn of the loop; programming the APIC costs more than most system calls.
    private void ArmTimer(ulong deadlineNanoseconds)
    {
        ulong now = _hardware.Clock.MonotonicNanoseconds;
        if (_armedNanoseconds > now && _armedNanoseconds <= deadlineNanoseconds && _armedNanoseconds != OneShotTimer.Never)
            return;
        if (deadlineNanoseconds == OneShotTimer.Never && _armedNanoseconds == OneShotTimer.Never)
            return;
        _armedNanoseconds = deadlineNanoseconds;
        _hardware.Timer.Arm(deadlineNanoseconds);
    }
}
