// Job control: which session a terminal belongs to, which of its groups is in the foreground, and what happens to the others when they touch it.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>Sessions and foreground groups of terminals.</summary>
public sealed unsafe class TerminalJobs(TrackedObjects tracked, SignalService signals, ProcessTable processes)
{
    /// <summary>The controlling terminal of a thread's session, or null.</summary>
    public static Terminal* ControllingTerminal(Thread* thread)
    {
        ProcessGroup* group = thread->Process->ProcessGroup;
        return group == null ? null : (Terminal*)group->Session->Terminal;
    }

    /// <summary>Ok when the caller may read; otherwise it has been sent SIGTTIN (a restart code) or cannot ever read (EIO).</summary>
    public Errno CheckRead(Thread* thread, Terminal* terminal)
    {
        if (!IsInBackground(thread, terminal))
            return Errno.Ok;
        ProcessGroup* group = thread->Process->ProcessGroup;
        if (IsImmune(thread, Signal.SIGTTIN) || ProcessTable.IsOrphaned(group, null))
            return Errno.EIO;
        signals.SendToGroup(group, Signal.SIGTTIN);
        signals.CatchUp(thread->Process);
        return Errno.ERESTARTSYS;
    }

    /// <summary>Ok when the caller may change the terminal (or write to it under TOSTOP); SIGTTOU otherwise.</summary>
    public Errno CheckChange(Thread* thread, Terminal* terminal)
    {
        if (!IsInBackground(thread, terminal) || IsImmune(thread, Signal.SIGTTOU))
            return Errno.Ok;
        ProcessGroup* group = thread->Process->ProcessGroup;
        if (ProcessTable.IsOrphaned(group, null))
            return Errno.EIO;
        signals.SendToGroup(group, Signal.SIGTTOU);
        signals.CatchUp(thread->Process);
        return Errno.ERESTARTSYS;
    }

    /// <summary>Ok when the caller may write.</summary>
    public Errno CheckWrite(Thread* thread, Terminal* terminal)
        => terminal->Settings.HasLocal(TermiosFlags.StopBackgroundOutput) ? CheckChange(thread, terminal) : Errno.Ok;

    /// <summary>
    /// Makes the terminal the controlling terminal of the caller's session (TIOCSCTTY, or open without O_NOCTTY). Who cannot read from it
    /// must be privileged.
    /// </summary>
    public Errno Acquire(Thread* thread, Terminal* terminal, bool steals, bool mayRead)
    {
        Process* process = thread->Process;
        Session* session = process->ProcessGroup->Session;
        if (terminal->Session == session && session->Leader == process)
            return Errno.Ok;
        if (session->Leader != process || session->Terminal != null)
            return Errno.EPERM;
        if (terminal->Session != null)
        {
            if (!steals || !process->Credentials.Has(Capability.SysAdmin))
                return Errno.EPERM;
        }
        if (!mayRead && !process->Credentials.Has(Capability.SysAdmin))
            return Errno.EPERM;
        if (terminal->Session != null)
        {
            Session* former = terminal->Session;
            former->Terminal = null;
            tracked.MarkChanged(&former->Header);
        }
        terminal->Session = session;
        terminal->ForegroundGroup = process->ProcessGroup->Id;
        session->Terminal = &terminal->Header;
        session->FormerForeground = 0;
        tracked.MarkChanged(&terminal->Header);
        tracked.MarkChanged(&session->Header);
        return Errno.Ok;
    }

    /// <summary>open(2) of a terminal: a session leader without a controlling terminal gets it.</summary>
    public void Opened(Thread* thread, Terminal* terminal, bool mayRead)
    {
        if (!terminal->IsPlain && terminal->Session == null && mayRead)
            Acquire(thread, terminal, false, mayRead);
    }

    /// <summary>Gives up the controlling terminal (TIOCNOTTY); the leader takes it away from the whole session.</summary>
    public Errno GiveUp(Thread* thread, Terminal* terminal)
    {
        Session* session = thread->Process->ProcessGroup->Session;
        if (session->Terminal != &terminal->Header)
            return Errno.ENOTTY;
        if (session->Leader != thread->Process)
            return Errno.Ok;
        SignalForeground(terminal, Signal.SIGHUP);
        SignalForeground(terminal, Signal.SIGCONT);
        terminal->Session = null;
        terminal->ForegroundGroup = 0;
        session->Terminal = null;
        tracked.MarkChanged(&terminal->Header);
        tracked.MarkChanged(&session->Header);
        return Errno.Ok;
    }

    /// <summary>
    /// The line is gone: the session loses its terminal, which its leader hears; the foreground group hears it when that has ended.
    /// </summary>
    internal void HangUp(Terminal* terminal)
    {
        Session* session = terminal->Session;
        if (session == null)
            return;
        session->FormerForeground = terminal->ForegroundGroup;
        terminal->Session = null;
        terminal->ForegroundGroup = 0;
        session->Terminal = null;
        tracked.MarkChanged(&terminal->Header);
        tracked.MarkChanged(&session->Header);
        if (session->Leader == null)
            return;
        signals.Send(session->Leader, SignalService.ToGroup(Signal.SIGHUP));
        signals.Send(session->Leader, SignalService.ToGroup(Signal.SIGCONT));
    }

    /// <summary>Chooses the foreground group (TIOCSPGRP). It must be a group of the caller's session.</summary>
    public Errno SetForeground(Thread* thread, Terminal* terminal, int groupId)
    {
        Session* session = thread->Process->ProcessGroup->Session;
        if (session->Terminal != &terminal->Header)
            return Errno.ENOTTY;
        Errno error = CheckChange(thread, terminal);
        if (error != Errno.Ok)
            return error;
        if (groupId < 0)
            return Errno.EINVAL;
        ProcessGroup* group = processes.Of(&terminal->Header).FindGroup(groupId);
        if (group == null)
            return Errno.ESRCH;
        if (group->Session != session)
            return Errno.EPERM;
        terminal->ForegroundGroup = groupId;
        tracked.MarkChanged(&terminal->Header);
        return Errno.Ok;
    }

    internal void SignalForeground(Terminal* terminal, Signal signal)
    {
        if (terminal->ForegroundGroup != 0)
            signals.SendToGroup(processes.Of(&terminal->Header).FindGroup(terminal->ForegroundGroup), signal);
    }

    private static bool IsInBackground(Thread* thread, Terminal* terminal)
    {
        ProcessGroup* group = thread->Process->ProcessGroup;
        return terminal->Session != null && group->Session == terminal->Session && terminal->ForegroundGroup != 0
            && group->Id != terminal->ForegroundGroup;
    }

    // Init, which it would not stop, must not try again for ever.
    private static bool IsImmune(Thread* thread, Signal signal)
        => thread->BlockedSignals.Contains(signal)
            || SignalActions.Of(thread->Process->Actions, signal)->Handler == SignalAction.Ignore
            || SignalService.IsRefusedByInit(thread->Process, SignalService.ToGroup(signal));
}
