using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Processes;

/// <summary>A signal that is on its way to the members of a group; the number says after which other ones it was sent.</summary>
public struct GroupSignal
{
    public uint Number;

    /// <summary>The signal; zero ends the list.</summary>
    public int Signal;
}

/// <summary>What is on its way to the members of a group, in the order in which it was sent. No signal is in it twice.</summary>
[InlineArray(Length)]
public struct GroupSignals
{
    /// <summary>As many as are <see cref="Possible"/>.</summary>
    public const int Length = 8;

    /// <summary>The signals that the kernel sends to groups.</summary>
    public static SignalSet Possible => SignalSet.Of(Signal.SIGHUP).With(Signal.SIGINT).With(Signal.SIGQUIT).With(Signal.SIGCONT)
        .With(Signal.SIGTSTP).With(Signal.SIGTTIN).With(Signal.SIGTTOU).With(Signal.SIGWINCH);

    private GroupSignal _first;
}

/// <summary>A process group (job). Lives while it has members.</summary>
public unsafe struct ProcessGroup
{
    public ObjectHeader Header;
    public int Id;
    public Session* Session;
    public Process* FirstMember;
    public int MemberCount;
    public ProcessGroup* NextInSession;

    /// <summary>
    /// The number of the last signal sent to so many members that it goes out in steps, and those that have not reached all.
    /// </summary>
    public uint SignalsSent;
    public GroupSignals Sending;

    // The walk over the members, and the last signal sent when it began: it begins again after a restore, and when its end finds that more
    // have been sent meanwhile.
    internal bool IsOnSendingList;
    internal int SendingFrom;
    internal uint SendingUpTo;
    internal ProcessGroup* NextSending;
}

/// <summary>A session. Lives while it has groups; may have a controlling terminal.</summary>
public unsafe struct Session
{
    public ObjectHeader Header;
    public int Id;

    /// <summary>The process that made it, while that lives.</summary>
    public Process* Leader;

    /// <summary>The controlling terminal's object, or null.</summary>
    public ObjectHeader* Terminal;

    /// <summary>When that was hung up: the group that was in its foreground, which hears it when the leader ends. Zero for none.</summary>
    public int FormerForeground;
    public ProcessGroup* FirstGroup;
}
