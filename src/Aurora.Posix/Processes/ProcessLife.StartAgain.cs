// How a group begins again whose init shows a region that has gone on without it. Its program remembers what is not so any more, and
// nobody supervises init: so the program is not ended but begun again, as if it had been killed and started anew.
//
// Before anybody has run: all other processes begin to end (ProcessLife.EndDetached), and every thread of init is put into the call
// CallContinuation.RestartProgram, in which it never sees user mode again. What the old program has asked of the kernel, and what would
// reach the new one, is given up here: the calls its threads were in, its signals, handlers, masks, timers. The call, which the oldest
// thread makes and the others sleep through, waits for the other processes, reaps them, and executes what init runs
// (Aurora.Linux, RestartCalls). All of it is in the call's progress, so a capture in between goes on from there.
using Aurora.Base;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

public sealed unsafe partial class ProcessLife
{
    /// <summary>True while init waits for the others to end, to begin its program again.</summary>
    public static bool IsStartingAgain(Process* init)
        => init != null && init->FirstThread != null && init->FirstThread->Call.AwaitsOthers;

    // Some threads at a time; true when init as a whole is in the call.
    private bool StartAgain(Process* init, ref int left)
    {
        int passed = 0;
        for (Thread* thread = init->FirstThread; thread != null; thread = thread->NextOfProcess)
        {
            if (thread->Call.AwaitsOthers)
            {
                left -= ++passed % PassedPerUnit == 0 ? 1 : 0;
                continue;
            }
            if (left-- <= 0)
                return false;
            BeginAgain(thread);
        }
        ForgetProgram(init);
        return true;
    }

    private void BeginAgain(Thread* thread)
    {
        _scheduler.Suspend(thread, ThreadState.Stopped);
        _files.ThreadEnded(thread);
        _ipc.ThreadEnded(thread);
        _signals.Discard(thread->Process, thread);
        thread->BlockedSignals = thread->SavedBlockedSignals = default;
        thread->HasSavedBlockedSignals = false;
        thread->RoomWaits = 0;
        // Nobody of the group is left to hear of it; a word in a region may be another's by now, who has the same number.
        thread->RobustList = thread->ClearChildTid = 0;
        thread->Call = new CallContinuation
        {
            Active = true, Number = CallContinuation.RestartProgram, Phase = CallContinuation.AwaitingOthers,
        };
        _table.MarkChanged(&thread->Header);
        _scheduler.MakeRunnable(thread);
    }

    // What waits for the process, or will come to it, is for the program that is no more. Who shares its actions ends too.
    private void ForgetProgram(Process* init)
    {
        init->IsStopped = false;
        init->StopReport = 0;
        init->ContinueReport = false;
        init->IsUnguarded = false;
        _timers.EndAll(init);
        _timers.SetAlarm(init, 0, 0);
        init->VirtualTimerNanoseconds = init->VirtualTimerIntervalNanoseconds = 0;
        init->ProfileTimerNanoseconds = init->ProfileTimerIntervalNanoseconds = 0;
        _signals.CatchUp(init);
        _signals.Discard(init, null);
        _signals.ResetAll(init);
        TakeForeground(init);
        _table.MarkChanged(&init->Header);
    }

    // The job that the terminal of its session was left to is no more.
    private void TakeForeground(Process* init)
    {
        Session* session = init->ProcessGroup->Session;
        if (session->Leader != init || session->Terminal == null)
            return;
        ((Terminal*)session->Terminal)->ForegroundGroup = init->ProcessGroup->Id;
        _table.MarkChanged(session->Terminal);
    }
}
