// What stands between the kernel main loop and everything a program can cause. The main loop is, per CPU:
//
//     thread = scheduler.PickNext()
//     if executive.PrepareToRun(thread):      continue a call that was blocked, deliver signals
//         UserMode.Run(thread->Context)       until it traps
//         executive.HandleTrap(thread)        a call, a fault, or nothing (an interrupt)
//
// A call that blocks leaves its progress in thread->Call and is dispatched again by PrepareToRun after the wake-up. A call that a signal ends
// leaves a restart code; whether it restarts or fails with EINTR is decided where the signal is delivered. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Files;
using Aurora.Linux.Signals;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

/// <summary>Handles every trap of user threads and readies threads for user mode.</summary>
public sealed unsafe partial class SystemCallExecutive
{
    private const ulong NoCall = ulong.MaxValue;

    private readonly LinuxKernel _kernel;
    private readonly SignalDelivery _delivery;
    private readonly RestartableSequences _sequences;
    private Thread* _accounted;

    // When the accounted thread entered the kernel, and when it left it: what it spent there is charged together with what it then spends
    // in user mode, once it is back.
    private ulong _entered;
    private ulong _left;

    public SystemCallExecutive(LinuxKernel kernel)
    {
        _kernel = kernel;
        _sequences = new RestartableSequences(kernel);
        _delivery = new SignalDelivery(kernel, _sequences);
    }

    /// <summary>Does what must be done before the thread may run in user mode; false when it sleeps, stopped, ended, or must yield.</summary>
    public bool PrepareToRun(Thread* thread)
    {
        _kernel.Memory.Regions.BeWriter(&thread->Regions);
        if (thread->Process->IsEnding)
        {
            TakeEndStep(thread);
            return false;
        }
        if (_kernel.Signals.IsSendingToGroups)
            _kernel.Signals.CatchUp(thread->Process);
        if (thread->Call.Active && thread->Call.RestartCode == 0 && !SignalService.IsKilled(thread))
        {
            StartAccounting(thread, _kernel.Scheduler.MachineNanoseconds);
            if (!Dispatch(thread))
                return false;
        }
        if (thread->Call.RestartCode != 0 || SignalService.HasDeliverable(thread))
        {
            ChargeWithoutLimit(thread->Process);
            if (!_delivery.Deliver(thread))
            {
                StopAccounting();
                return false;
            }
            if (thread->Call.RestartCode == (ushort)Errno.ERESTARTNEVER)
            {
                // What the call's mask kept from the thread is delivered next.
                thread->Call.RestartCode = 0;
                Finish(thread, -(long)Errno.EINTR);
                return false;
            }
            if (thread->Call.Active)
            {
                // No handler ran: the call continues with its progress, after the other threads have had their chance.
                thread->Call.RestartCode = 0;
                return false;
            }
        }
        if (thread->MustLeaveSequence)
        {
            ChargeWithoutLimit(thread->Process);
            if (!_sequences.Leave(thread))
            {
                StopAccounting();
                return false;
            }
        }
        LeaveKernel(thread);
        return true;
    }

    /// <summary>The thread was ready for user mode and did not get there.</summary>
    public void NotEntered(Thread* thread) => ChargeStay(thread);

    /// <summary>Handles what brought the thread into the kernel.</summary>
    public void HandleTrap(Thread* thread)
    {
        AccountEntryToKernel(thread);
        _kernel.Memory.Regions.BeWriter(&thread->Regions);
        UserContext* context = thread->Context;
        if (context->Trap == UserContext.SystemCallTrap)
        {
            BeginCall(thread);
            Dispatch(thread);
            return;
        }
        context->OriginalRax = NoCall;
        if (context->Trap < FirstInterruptVector)
            HandleException(thread);
        if (_kernel.Scheduler.Current != thread)
            StopAccounting();
    }

    // Whoever of an ending process's threads gets the processor takes the next step of its end.
    private void TakeEndStep(Thread* thread)
    {
        ChargeWithoutLimit(thread->Process);
        StartAccounting(thread, _kernel.Scheduler.MachineNanoseconds);
        SystemCallResult result = ExitCalls.ContinueEnd(_kernel, thread);
        if (result.Outcome == SystemCallOutcome.Blocked)
            _kernel.Scheduler.Sleep(thread, false);
        else if (result.Outcome == SystemCallOutcome.Again)
            ChargeKernel(thread);
        StopAccounting();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void BeginCall(Thread* thread)
    {
        UserContext* context = thread->Context;
        context->OriginalRax = context->Rax;
        thread->Call = default;
        thread->RoomWaits = 0;
        thread->Call.Active = true;
        thread->Call.Number = context->OriginalRax <= uint.MaxValue ? (uint)context->OriginalRax : uint.MaxValue;
        thread->Call.Arguments = new SystemCallArguments
        {
            Arg0 = context->Rdi,
            Arg1 = context->Rsi,
            Arg2 = context->Rdx,
            Arg3 = context->R10,
            Arg4 = context->R8,
            Arg5 = context->R9,
        };
        _kernel.Calls.CountEntry();
    }

    // Whatever the process makes from here on is its user's, until another thread has its turn.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ChargeTo(Process* process)
    {
        ref readonly Credentials credentials = ref process->Credentials;
        _kernel.Pages.Accounts.Enter(credentials.RealUid, credentials.Has(Capability.SysResource));
    }

    // As above, for what cannot be refused: it counts all the same, and what can be is refused the sooner.
    private void ChargeWithoutLimit(Process* process) => _kernel.Pages.Accounts.Enter(process->Credentials.RealUid, isPrivileged: true);

    // Runs one dispatch of the thread's call; false when the thread cannot go on now (or no longer exists).
    private bool Dispatch(Thread* thread)
    {
        ChargeTo(thread->Process);
        if (!thread->Files.IsHeld)
            thread->Files.Count = 0;
        ushort group = thread->Header.Group;
        uint number = thread->Call.Number;
        ulong start = _kernel.Trace.Begin();
        SystemCallResult result = _kernel.Calls.Dispatch(_kernel, thread);
        _kernel.Trace.EndLong(group, TraceKind.Call, start, number);
        if (_kernel.Scheduler.HasPosted)
            OwnerSignals.Deliver(_kernel, group);
        switch (result.Outcome)
        {
            case SystemCallOutcome.Done:
                _kernel.Scheduler.EndWait(thread);
                Finish(thread, result.Value);
                return true;
            case SystemCallOutcome.Blocked:
                return Wait(thread, in result);
            case SystemCallOutcome.Again:
                return Continue(thread, in result);
            case SystemCallOutcome.NoReturn:
                _kernel.Scheduler.EndWait(thread);
                EndFiles(thread);
                thread->Call.Active = false;
                thread->Context->OriginalRax = NoCall;
                return true;
            default:
                StopAccounting();
                return false;
        }
    }

    // The thread stays runnable; its time is charged here, since it may make many steps before it sees user mode again.
    private bool Continue(Thread* thread, in SystemCallResult result)
    {
        _kernel.Scheduler.LeaveQueues(thread);
        if (SignalService.IsKilled(thread))
            return true;
        if (result.IsInterruptible && SignalService.HasDeliverable(thread))
        {
            Finish(thread, result.Value);
            return true;
        }
        _kernel.Files.Held.Hold(thread);
        ChargeKernel(thread);
        StopAccounting();
        return false;
    }

    private bool Wait(Thread* thread, in SystemCallResult result)
    {
        if (SignalService.IsKilled(thread))
        {
            _kernel.Scheduler.EndWait(thread);
            return true;
        }
        if (result.IsInterruptible && SignalService.HasDeliverable(thread))
        {
            _kernel.Scheduler.EndWait(thread);
            Finish(thread, result.Value);
            return true;
        }
        _kernel.Files.Held.Hold(thread);
        _kernel.Scheduler.Sleep(thread, result.IsInterruptible);
        StopAccounting();
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndFiles(Thread* thread)
    {
        if (thread->Files.IsHeld)
            _kernel.Files.Held.End(thread);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(Thread* thread, long value)
    {
        EndFiles(thread);
        if (value <= -(long)Errno.ERESTARTSYS && value >= -(long)Errno.ERESTARTBLOCK)
        {
            thread->Call.RestartCode = (ushort)-value;
            thread->Call.Phase &= unchecked((byte)~CallContinuation.WaitPhase);
            return;
        }
        thread->Context->Rax = (ulong)value;
        thread->Call.Active = false;
        _kernel.Signals.RestoreMask(thread);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StartAccounting(Thread* thread, ulong now)
    {
        if (_accounted == thread)
            return;
        _accounted = thread;
        _entered = _left = now;
    }

    private void StopAccounting() => _accounted = null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LeaveKernel(Thread* thread)
    {
        _left = _kernel.Scheduler.MachineNanoseconds;
        StartAccounting(thread, _left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AccountEntryToKernel(Thread* thread)
    {
        ulong now = _kernel.Scheduler.MachineNanoseconds;
        if (_accounted == thread)
            Charge(thread, now - _left, _left - _entered);
        _accounted = thread;
        _entered = _left = now;
    }

    // What it spent in the kernel before it left.
    private void ChargeStay(Thread* thread)
    {
        Charge(thread, 0, _left - _entered);
        _entered = _left;
    }

    // What it has spent in the kernel so far.
    private void ChargeKernel(Thread* thread)
    {
        _left = _kernel.Scheduler.MachineNanoseconds;
        StartAccounting(thread, _left);
        ChargeStay(thread);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Charge(Thread* thread, ulong user, ulong system)
    {
        thread->UserNanoseconds += user;
        thread->SystemNanoseconds += system;
        _kernel.Scheduler.Charge(thread, user + system);
        _kernel.Timers.ChargeProcessorTime(thread->Process, user, system);
    }
}
