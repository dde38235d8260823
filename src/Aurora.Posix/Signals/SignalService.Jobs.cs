// Stopping and continuing processes, and telling the parent. A stopped thread keeps its registers and its call: when it is continued the
// call is dispatched again with its progress, as after any wake-up. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Signals;

public sealed unsafe partial class SignalService
{
    private const ulong NanosecondsPerTick = 10_000_000;

    /// <summary>Stops every thread of a process and reports it to the parent.</summary>
    public void Stop(Process* process, Signal signal)
    {
        process->IsStopped = true;
        process->StopReport = (byte)signal;
        process->ContinueReport = false;
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            _scheduler.Suspend(thread, ThreadState.Stopped);
        _tracked.MarkChanged(&process->Header);
        ReportToParent(process, SignalCode.ChildStopped, (int)signal);
    }

    /// <summary>Lets a stopped process go on; a kill does so without telling the parent.</summary>
    public void Continue(Process* process, bool isReported)
    {
        process->IsStopped = false;
        process->StopReport = 0;
        process->ContinueReport = isReported;
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            if (thread->State == ThreadState.Stopped)
                GoOn(thread);
        _tracked.MarkChanged(&process->Header);
        if (isReported)
            ReportToParent(process, SignalCode.ChildContinued, (int)Signal.SIGCONT);
    }

    private void GoOn(Thread* thread)
    {
        if (thread->Call.Phase == CallContinuation.TerminalPhase)
        {
            thread->Call.Phase &= unchecked((byte)~CallContinuation.WaitPhase);
            _tracked.MarkChanged(&thread->Header);
        }
        _scheduler.MakeRunnable(thread);
    }

    /// <summary>Wakes the parent's wait4 and sends it SIGCHLD (or the signal clone asked for, at the end of the child).</summary>
    public void ReportToParent(Process* child, int code, int status)
    {
        Process* parent = child->Parent;
        if (parent == null)
            return;
        _scheduler.WakeAll(&parent->ChildChanged);
        bool isEnd = code is SignalCode.ChildExited or SignalCode.ChildKilled;
        Signal signal = isEnd ? (Signal)child->ExitSignal : Signal.SIGCHLD;
        SignalAction* action = SignalActions.Of(parent->Actions, Signal.SIGCHLD);
        if (signal == Signal.None || (!isEnd && (action->Flags & SignalAction.NoChildStop) != 0))
            return;
        SignalInfo info = SignalInfo.FromKernel(signal, code) with
        {
            Pid = child->Id,
            Uid = child->Credentials.RealUid,
            Status = status,
            UserTicks = child->UserNanoseconds / NanosecondsPerTick,
            SystemTicks = child->SystemNanoseconds / NanosecondsPerTick,
        };
        Send(parent, in info);
    }

    /// <summary>
    /// Changes a disposition. Instances of a signal that becomes ignored are dropped from every queue of the process, as POSIX demands.
    /// </summary>
    public void SetAction(Process* process, Signal signal, in SignalAction action)
    {
        SignalAction* current = SignalActions.Of(process->Actions, signal);
        *current = action;
        current->Mask &= ~SignalSet.Unstoppable.Bits;
        _tracked.MarkChanged(&process->Actions->Header);
        if (IsIgnored(process, signal))
            FlushEverywhere(process, SignalSet.Of(signal));
    }

    /// <summary>Gives caught signals their default action and drops the alternate stack: what execve does.</summary>
    public void ResetForExec(Process* process)
    {
        for (Signal signal = Signal.SIGHUP; signal <= Signal.Last; signal++)
        {
            SignalAction* action = SignalActions.Of(process->Actions, signal);
            ulong handler = action->Handler == SignalAction.Ignore ? SignalAction.Ignore : SignalAction.Default;
            *action = default;
            action->Handler = handler;
        }
        _tracked.MarkChanged(&process->Actions->Header);
    }

    /// <summary>Gives all signals their default action, those that are ignored too: nobody has prepared what runs next.</summary>
    public void ResetAll(Process* process)
    {
        for (Signal signal = Signal.SIGHUP; signal <= Signal.Last; signal++)
            *SignalActions.Of(process->Actions, signal) = default;
        _tracked.MarkChanged(&process->Actions->Header);
    }

    /// <summary>Sets the thread's mask (SIGKILL and SIGSTOP stay unblocked). What is unblocked is found on the way to user mode.</summary>
    public void SetMask(Thread* thread, SignalSet mask)
    {
        SignalSet before = thread->BlockedSignals;
        thread->BlockedSignals = mask.Except(SignalSet.Unstoppable);
        _tracked.MarkChanged(&thread->Header);
        HandOver(thread, thread->Process->Pending.Set.And(thread->BlockedSignals).Except(before));
    }

    // A signal of the process that this thread was meant to take, and has just blocked, is another thread's now.
    private void HandOver(Thread* thread, SignalSet signals)
    {
        while (!signals.IsEmpty && thread->Process->ThreadCount > 1)
        {
            Signal signal = signals.Lowest;
            signals = signals.Without(signal);
            Notify(thread->Process, null, signal);
        }
    }

    /// <summary>
    /// Replaces the mask for the duration of a call (sigsuspend, ppoll, pselect). Call it in the first phase only; the executive puts the
    /// old mask back when the call ends, or makes the handler's frame do so.
    /// </summary>
    public void ReplaceMaskForCall(Thread* thread, SignalSet mask)
    {
        thread->SavedBlockedSignals = thread->BlockedSignals;
        thread->HasSavedBlockedSignals = true;
        SetMask(thread, mask);
    }

    /// <summary>Undoes <see cref="ReplaceMaskForCall"/>, if it is in effect.</summary>
    public void RestoreMask(Thread* thread)
    {
        if (!thread->HasSavedBlockedSignals)
            return;
        thread->HasSavedBlockedSignals = false;
        SetMask(thread, thread->SavedBlockedSignals);
    }
}
