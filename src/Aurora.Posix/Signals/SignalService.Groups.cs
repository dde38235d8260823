// The kernel's signals to a process group: the terminal's, and those of an ended session and of an orphaned group. Few members get it at
// once. What is sent to many goes out in steps, and an epoch may end between any two:
//
//   the group      SignalsSent: the number of the last signal; Sending: those that some member may not have got, each with its number
//   the process    SignalsSeen: it has got everything up to this number
//
// A member catches up before it runs, before it changes groups, and before a signal that undoes or is undone by another (stop and
// continue), so that nobody can tell that it got the signal later than others. A walk in steps reaches those that sleep; then the list is
// empty again. A fork copies what its maker has seen, and whoever joins has seen everything. All of it is captured, except where the walk
// is: it begins again. Signals that meet on their way are one, as are those that meet in a process. Numbers are compared modulo 2^32.
// Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Signals;

public sealed unsafe partial class SignalService
{
    /// <summary>Groups of at most so many members get a signal at once; tests have less.</summary>
    public int MembersAtOnce { get; set; } = ProcessLife.UnitsPerStep;

    /// <summary>True while some signal has not reached all members of a group: <see cref="SendToGroupsStep"/> has work.</summary>
    public bool IsSendingToGroups => _processes.FirstSending != null;

    /// <summary>Sends a signal from the kernel to every member of a group (may be null).</summary>
    public void SendToGroup(ProcessGroup* group, Signal signal)
    {
        if (group == null)
            return;
        if (group->MemberCount > MembersAtOnce)
        {
            Append(group, signal);
            return;
        }
        SignalInfo info = ToGroup(signal);
        for (Process* member = group->FirstMember; member != null; member = member->NextInProcessGroup)
            Send(member, in info);
    }

    /// <summary>Brings what was sent to a large group to some more of its members. The main loop calls it every turn.</summary>
    public void SendToGroupsStep()
    {
        ProcessGroup* group = _processes.NextToSend;
        if (group == null)
            return;
        int left = ProcessLife.UnitsPerStep;
        PidNamespace space = _processes.Of(&group->Header);
        Process* process = space.NextProcess(group->SendingFrom);
        for (; process != null; process = space.NextProcess(process->Id + 1))
        {
            if (process->ProcessGroup != group || IsCaughtUp(process))
                continue;
            if (left-- == 0)
            {
                group->SendingFrom = process->Id;
                return;
            }
            CatchUp(process);
        }
        _processes.EndWalk(group);
        if (group->IsOnSendingList)
            return;
        group->Sending = default;
        _tracked.MarkChanged(&group->Header);
    }

    /// <summary>Gives a process what was sent to its group and has not reached it.</summary>
    public void CatchUp(Process* process)
    {
        if (IsCaughtUp(process))
            return;
        ProcessGroup* group = process->ProcessGroup;
        uint seen = process->SignalsSeen;
        process->SignalsSeen = group->SignalsSent;
        _tracked.MarkChanged(&process->Header);
        for (int i = 0; i < GroupSignals.Length && group->Sending[i].Signal != 0; i++)
            if ((int)(group->Sending[i].Number - seen) > 0)
                Send(process, null, ToGroup((Signal)group->Sending[i].Signal));
    }

    /// <summary>
    /// What the kernel sends to each member of a group. Any member may bring these three about, whoever it is (it leaves a stopped child
    /// behind, or touches the terminal from the background): to init they are another's.
    /// </summary>
    internal static SignalInfo ToGroup(Signal signal)
    {
        bool isBroughtAbout = signal is Signal.SIGHUP or Signal.SIGTTIN or Signal.SIGTTOU;
        return SignalInfo.FromKernel(signal) with { Origin = isBroughtAbout ? SignalOrigin.Another : SignalOrigin.Kernel };
    }

    // What has begun to end takes no signals.
    private static bool IsCaughtUp(Process* process)
    {
        ProcessGroup* group = process->ProcessGroup;
        return group == null || process->SignalsSeen == group->SignalsSent || process->State == ProcessState.Zombie || process->IsEnding;
    }

    private void KeepOrder(Process* process, Signal signal)
    {
        if (signal == Signal.SIGCONT || SignalSet.Stopping.Contains(signal))
            CatchUp(process);
    }

    private void Append(ProcessGroup* group, Signal signal)
    {
        Panic.Unless(GroupSignals.Possible.Contains(signal), "signals: this one is not sent to groups"u8);
        int count = 0;
        for (int i = 0; i < GroupSignals.Length && group->Sending[i].Signal != 0; i++)
            if (group->Sending[i].Signal != (int)signal)
                group->Sending[count++] = group->Sending[i];
        group->Sending[count++] = new GroupSignal { Number = ++group->SignalsSent, Signal = (int)signal };
        for (; count < GroupSignals.Length; count++)
            group->Sending[count] = default;
        _tracked.MarkChanged(&group->Header);
        _processes.BeginSending(group);
    }
}
