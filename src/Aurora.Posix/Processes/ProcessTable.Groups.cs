// Process groups and sessions: who is in which, and which groups are orphaned. A group lives while it has members, a session while it has
// groups. A zombie stays in its group until it is waited for. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Processes;

public sealed unsafe partial class ProcessTable
{
    /// <summary>Makes the process the leader of a new session with a new group, both with its id (setsid).</summary>
    public Errno StartSession(Process* process)
    {
        PidNamespace space = Of(process);
        IdSlot* slot = space.Ids.Find(process->Id);
        if (slot->Group != null || slot->Session != null)
            return Errno.EPERM;
        Session* session = _sessions.Allocate();
        ProcessGroup* group = session == null ? null : _groups.Allocate();
        if (group == null)
        {
            if (session != null)
                _sessions.Free(session);
            return Errno.ENOMEM;
        }
        session->Id = process->Id;
        session->Leader = process;
        slot->Session = session;
        space.Group.Register(&session->Header, ObjectKind.Session);
        InitializeGroup(space, group, process->Id, session);
        MoveTo(process, group);
        return Errno.Ok;
    }

    /// <summary>Moves a process to the group with this id in its own session, making the group if it is the process's own id.</summary>
    public Errno SetGroup(Process* process, int groupId)
    {
        Session* session = process->ProcessGroup->Session;
        if (session->Leader == process)
            return Errno.EPERM;
        PidNamespace space = Of(process);
        ProcessGroup* group = space.FindGroup(groupId);
        if (group == process->ProcessGroup)
            return Errno.Ok;
        if (group == null)
        {
            if (groupId != process->Id)
                return Errno.EPERM;
            group = _groups.Allocate();
            if (group == null)
                return Errno.ENOMEM;
            InitializeGroup(space, group, groupId, session);
        }
        if (group->Session != session)
            return Errno.EPERM;
        MoveTo(process, group);
        return Errno.Ok;
    }

    /// <summary>Puts a process into a group (a new child into its parent's).</summary>
    public void JoinGroup(Process* process, ProcessGroup* group)
    {
        process->ProcessGroup = group;
        process->PreviousInProcessGroup = null;
        process->NextInProcessGroup = group->FirstMember;
        if (group->FirstMember != null)
            group->FirstMember->PreviousInProcessGroup = process;
        group->FirstMember = process;
        group->MemberCount++;
        _tracked.MarkChanged(&process->Header);
    }

    /// <summary>
    /// True when no member has a living parent in the same session but another group: nobody could continue its stopped processes.
    /// <paramref name="ignored"/> (may be null) is treated as already gone.
    /// </summary>
    public static bool IsOrphaned(ProcessGroup* group, Process* ignored)
    {
        for (Process* member = group->FirstMember; member != null; member = member->NextInProcessGroup)
        {
            Process* parent = member->Parent;
            if (member == ignored || IsGone(member) || parent == null || IsGone(parent))
                continue;
            // Init counts like any parent: it may itself be the shell of an interactive session.
            if (parent->ProcessGroup != group && parent->ProcessGroup->Session == group->Session)
                return false;
        }
        return true;
    }

    private static bool IsGone(Process* process) => process->State == ProcessState.Zombie || process->IsEnding;

    /// <summary>True when some member is stopped.</summary>
    public static bool HasStoppedMember(ProcessGroup* group)
    {
        for (Process* member = group->FirstMember; member != null; member = member->NextInProcessGroup)
            if (member->IsStopped)
                return true;
        return false;
    }

    /// <summary>The leader of a session has ended: the session goes on without one.</summary>
    public void ReleaseSessionLeadership(Process* process)
    {
        Session* session = process->ProcessGroup == null ? null : process->ProcessGroup->Session;
        if (session == null || session->Leader != process)
            return;
        session->Leader = null;
        _tracked.MarkChanged(&session->Header);
    }

    internal void LeaveGroup(Process* process)
    {
        ProcessGroup* group = process->ProcessGroup;
        if (group == null)
            return;
        if (process->PreviousInProcessGroup != null)
            process->PreviousInProcessGroup->NextInProcessGroup = process->NextInProcessGroup;
        else
            group->FirstMember = process->NextInProcessGroup;
        if (process->NextInProcessGroup != null)
            process->NextInProcessGroup->PreviousInProcessGroup = process->PreviousInProcessGroup;
        process->NextInProcessGroup = process->PreviousInProcessGroup = null;
        process->ProcessGroup = null;
        if (--group->MemberCount == 0)
            FreeGroup(group);
    }

    /// <summary>A group whose members have not all got what was sent to it, or null.</summary>
    internal ProcessGroup* FirstSending { get; private set; }

    private int _sendingTurn;

    /// <summary>The group whose turn it is to have its signals brought to its members; null when there is none.</summary>
    internal ProcessGroup* NextToSend
    {
        get
        {
            ProcessGroup* group = FirstSending;
            while (group != null && group->Id < _sendingTurn)
                group = group->NextSending;
            return group != null ? group : FirstSending;
        }
    }

    // The walk of a group is at its end. When signals have been sent since it began there is another, after those of the other groups.
    internal void EndWalk(ProcessGroup* group)
    {
        _sendingTurn = group->Id + 1;
        if (group->SendingUpTo == group->SignalsSent)
            EndSending(group);
        else
            BeginWalk(group);
    }

    private static void BeginWalk(ProcessGroup* group)
    {
        group->SendingFrom = 0;
        group->SendingUpTo = group->SignalsSent;
    }

    // Every member of the group is looked at, from the first on. The groups are in the order of their ids, as a restore finds them.
    internal void BeginSending(ProcessGroup* group)
    {
        // A walk that has not got anywhere takes along what is sent now.
        if (!group->IsOnSendingList || group->SendingFrom == 0)
            BeginWalk(group);
        if (group->IsOnSendingList)
            return;
        group->IsOnSendingList = true;
        if (FirstSending == null || FirstSending->Id > group->Id)
        {
            group->NextSending = FirstSending;
            FirstSending = group;
            return;
        }
        ProcessGroup* previous = FirstSending;
        while (previous->NextSending != null && previous->NextSending->Id < group->Id)
            previous = previous->NextSending;
        group->NextSending = previous->NextSending;
        previous->NextSending = group;
    }

    /// <summary>Leaves alone what was sent to process groups of a group whose restore has failed.</summary>
    public void ForgetSending(ObjectTracker of)
    {
        for (ProcessGroup* group = FirstSending; group != null;)
        {
            ProcessGroup* next = group->NextSending;
            if (group->Header.Group == of.Index)
                EndSending(group);
            group = next;
        }
    }

    internal void EndSending(ProcessGroup* group)
    {
        if (!group->IsOnSendingList)
            return;
        group->IsOnSendingList = false;
        if (FirstSending == group)
        {
            FirstSending = group->NextSending;
            return;
        }
        ProcessGroup* previous = FirstSending;
        while (previous->NextSending != group)
            previous = previous->NextSending;
        previous->NextSending = group->NextSending;
    }

    internal ProcessGroup* AllocateGroup() => _groups.Allocate();

    internal Session* AllocateSession() => _sessions.Allocate();

    internal static void LinkGroup(ProcessGroup* group, Session* session)
    {
        group->Session = session;
        group->NextInSession = session->FirstGroup;
        session->FirstGroup = group;
    }

    private static void InitializeGroup(PidNamespace space, ProcessGroup* group, int id, Session* session)
    {
        group->Id = id;
        space.Ids.Find(id)->Group = group;
        LinkGroup(group, session);
        space.Group.Register(&group->Header, ObjectKind.ProcessGroup);
    }

    // The new group first: leaving the old one may free its session.
    private void MoveTo(Process* process, ProcessGroup* group)
    {
        LeaveGroup(process);
        JoinGroup(process, group);
        process->SignalsSeen = group->SignalsSent;
    }

    private void FreeGroup(ProcessGroup* group)
    {
        Session* session = group->Session;
        IdTable ids = Of(&group->Header).Ids;
        ProcessGroup** link = &session->FirstGroup;
        while (*link != group)
            link = &(*link)->NextInSession;
        *link = group->NextInSession;
        ids.Find(group->Id)->Group = null;
        ids.Vacate(group->Id);
        EndSending(group);
        _tracked.Remove(&group->Header);
        _groups.Free(group);
        if (session->FirstGroup != null)
            return;
        ids.Find(session->Id)->Session = null;
        ids.Vacate(session->Id);
        _tracked.Remove(&session->Header);
        _sessions.Free(session);
    }
}
