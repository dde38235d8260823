using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Notes that a group has ended by itself.</summary>
public sealed unsafe class GroupEnds(GroupSession session)
{
    /// <summary>
    /// The init of a group other than the host has ended with this wait status, and all else with it: the group stays, without processes.
    /// </summary>
    public void Note(ObjectTracker group, int waitStatus)
    {
        GroupObject* about = session.Group.Of(group);
        about->Flags |= GroupFlags.HasEnded;
        about->WaitStatus = waitStatus;
        group.MarkChanged(&about->Header);
        session.Engine.Request(group);
        session.Scheduler.WakeAll(session.OutputHold.Of(group).Space);
        session.Engine.Life.Wake();
    }
}
