using Aurora.Base;

namespace Aurora.Posix.Processes;

/// <summary>What a group can do to the machine it runs on.</summary>
public abstract class MachineControl
{
    /// <summary>Init of a group has ended with this wait status, and everything else with it: the group's session is over.</summary>
    public abstract void SessionEnded(ObjectTracker group, int waitStatus);

    /// <summary>A process has ended with this wait status; it is there until this returns, without threads.</summary>
    public abstract unsafe void ProcessEnded(Process* process, int waitStatus);

    /// <summary>The first group asked for the power to be cut (reboot(2)).</summary>
    public abstract void PowerOff();

    /// <summary>The first group asked for a restart.</summary>
    public abstract void Restart();
}
