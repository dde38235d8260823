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
    private readonly Regions _regions;
    private readonly SignalService _signals;
    private readonly ThreadScheduler _scheduler;
    private readonly UserAccounts _accounts;
    private readonly SystemCallTable _calls;
    private readonly TraceLog _trace;
    private readonly SignalDelivery _delivery;
    private readonly RestartableSequences _sequences;
    private readonly TrapAccounting _time;

    public SystemCallExecutive(LinuxKernel kernel)
    {
        _kernel = kernel;
        _regions = kernel.Memory.Regions;
        _signals = kernel.Signals;
        _scheduler = kernel.Scheduler;
        _accounts = kernel.Pages.Accounts;
        _calls = kernel.Calls;
        _trace = kernel.Trace;
        _sequences = new RestartableSequences(kernel);
        _delivery = new SignalDelivery(kernel, _sequences);
        _time = new TrapAccounting(kernel.Scheduler, kernel.Timers, kernel.Clocks.Machine);
    }

    /// <summary>Does what must be done before the thread may run in user mode; false when it sleeps, stopped, ended, or must yield.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool PrepareToRun(Thread* thread) => MayRun(thread) || Prepare(thread);

    /// <summary>The thread was ready for user mode and did not get there.</summary>
    public void NotEntered(Thread* thread) => _time.ChargeKernel(thread);

    /// <summary>No thread has its turn: what passes until one has is nobody's time.</summary>
    public void EndTurn() => _time.Stop();

    /// <summary>Handles what brought the thread into the kernel.</summary>
    public void HandleTrap(Thread* thread)
    {
        _time.Trapped(thread);
        _regions.BeWriter(&thread->Regions);
        UserContext* context = thread->Context;
        if (context->Trap == UserContext.SystemCallTrap)
        {
            BeginCall(thread, context);
            Dispatch(thread);
            return;
        }
        context->OriginalRax = NoCall;
        if (context->Trap < FirstInterruptVector)
            HandleException(thread);
        if (_scheduler.Current != thread)
            _time.Stop();
    }

    // There is nothing that must be done first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayRun(Thread* thread)
        => !thread->Call.Active && thread->Call.RestartCode == 0 && !thread->MustLeaveSequence && !SignalService.HasDeliverable(thread)
            && !thread->Process->IsEnding && !_signals.IsSendingToGroups;

    private bool Prepare(Thread* thread)
    {
        _regions.BeWriter(&thread->Regions);
        if (thread->Process->IsEnding)
        {
            TakeEndStep(thread);
            return false;
        }
        if (_signals.IsSendingToGroups)
            _signals.CatchUp(thread->Process);
        if (thread->Call.Active && thread->Call.RestartCode == 0 && !SignalService.IsKilled(thread))
        {
            _time.Start(thread);
            if (!Dispatch(thread))
                return false;
        }
        if ((thread->Call.RestartCode != 0 || SignalService.HasDeliverable(thread)) && !DeliverSignals(thread))
            return false;
        if (thread->MustLeaveSequence)
        {
            ChargeWithoutLimit(thread->Process);
            if (!_sequences.Leave(thread))
            {
                _time.Stop();
                return false;
            }
        }
        _time.Start(thread);
        return true;
    }

    // False when the thread does not go on now.
    private bool DeliverSignals(Thread* thread)
    {
        ChargeWithoutLimit(thread->Process);
        if (!_delivery.Deliver(thread))
        {
            _time.Stop();
            return false;
        }
        if (thread->Call.RestartCode == (ushort)Errno.ERESTARTNEVER)
        {
            // What the call's mask kept from the thread is delivered next.
            thread->Call.RestartCode = 0;
            Finish(thread, -(long)Errno.EINTR);
            return false;
        }
        if (!thread->Call.Active)
            return true;
        // No handler ran: the call continues with its progress, after the other threads have had their chance.
        thread->Call.RestartCode = 0;
        return false;
    }

    // Whoever of an ending process's threads gets the processor takes the next step of its end.
    private void TakeEndStep(Thread* thread)
    {
        ChargeWithoutLimit(thread->Process);
        _time.Start(thread);
        SystemCallResult result = ExitCalls.ContinueEnd(_kernel, thread);
        if (result.Outcome == SystemCallOutcome.Blocked)
            _scheduler.Sleep(thread, false);
        else if (result.Outcome == SystemCallOutcome.Again)
            _time.ChargeKernel(thread);
        _time.Stop();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void BeginCall(Thread* thread, UserContext* context)
    {
        ulong number = context->Rax;
        context->OriginalRax = number;
        thread->RoomWaits = 0;
        thread->Call = new CallContinuation
        {
            Arguments = new SystemCallArguments
            {
                Arg0 = context->Rdi,
                Arg1 = context->Rsi,
                Arg2 = context->Rdx,
                Arg3 = context->R10,
                Arg4 = context->R8,
                Arg5 = context->R9,
            },
            Number = number <= uint.MaxValue ? (uint)number : uint.MaxValue,
            Active = true,
        };
        _calls.CountEntry();
    }

    // Whatever the process makes from here on is its user's, until another thread has its turn.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ChargeTo(Process* process)
    {
        ref readonly Credentials credentials = ref process->Credentials;
        _accounts.Enter(credentials.RealUid, credentials.Has(Capability.SysResource));
    }

    // As above, for what cannot be refused: it counts all the same, and what can be is refused the sooner.
    private void ChargeWithoutLimit(Process* process) => _accounts.Enter(process->Credentials.RealUid, isPrivileged: true);

    // Runs one dispatch of the thread's call; false when the thread cannot go on now (or no longer exists).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Dispatch(Thread* thread)
    {
        ChargeTo(thread->Process);
        if (!thread->Files.IsHeld)
            thread->Files.Count = 0;
        if (_trace.IsOn)
            return DispatchTold(thread);
        ushort group = thread->Header.Group;
        return EndDispatch(thread, group, _calls.Dispatch(_kernel, thread));
    }

    private bool DispatchTold(Thread* thread)
    {
        ushort group = thread->Header.Group;
        uint number = thread->Call.Number;
        ulong start = _trace.Begin();
        SystemCallResult result = _calls.Dispatch(_kernel, thread);
        _trace.EndLong(group, TraceKind.Call, start, number);
        return EndDispatch(thread, group, result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool EndDispatch(Thread* thread, ushort group, SystemCallResult result)
    {
        if (_scheduler.HasPosted)
            OwnerSignals.Deliver(_kernel, group);
        if (result.Outcome != SystemCallOutcome.Done)
            return EndStep(thread, result);
        _scheduler.EndWait(thread);
        Finish(thread, result.Value);
        return true;
    }

    // The call is not over, or the thread does not come back from it.
    private bool EndStep(Thread* thread, SystemCallResult result)
    {
        switch (result.Outcome)
        {
            case SystemCallOutcome.Blocked:
                return Wait(thread, in result);
            case SystemCallOutcome.Again:
                return Continue(thread, in result);
            case SystemCallOutcome.NoReturn:
                _scheduler.EndWait(thread);
                EndFiles(thread);
                thread->Call.Active = false;
                thread->Context->OriginalRax = NoCall;
                return true;
            default:
                _time.Stop();
                return false;
        }
    }

    // The thread stays runnable; its time is charged here, since it may make many steps before it sees user mode again.
    private bool Continue(Thread* thread, in SystemCallResult result)
    {
        _scheduler.LeaveQueues(thread);
        if (SignalService.IsKilled(thread))
            return true;
        if (result.IsInterruptible && SignalService.HasDeliverable(thread))
        {
            Finish(thread, result.Value);
            return true;
        }
        _kernel.Files.Held.Hold(thread);
        _time.ChargeKernel(thread);
        _time.Stop();
        return false;
    }

    private bool Wait(Thread* thread, in SystemCallResult result)
    {
        if (SignalService.IsKilled(thread))
        {
            _scheduler.EndWait(thread);
            return true;
        }
        if (result.IsInterruptible && SignalService.HasDeliverable(thread))
        {
            // A signal that the call itself has not seen: what it has begun to wait with ends here.
            _scheduler.EndWait(thread);
            _kernel.Ipc.Waiters.End(thread);
            Finish(thread, result.Value);
            return true;
        }
        _kernel.Files.Held.Hold(thread);
        _scheduler.Sleep(thread, result.IsInterruptible);
        // Timers that expire by what it is charged for find it asleep, and wake it.
        _time.ChargeKernel(thread);
        _time.Stop();
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
        _signals.RestoreMask(thread);
    }
}
