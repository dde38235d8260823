namespace Aurora.Posix.Processes;

/// <summary>What a group can do to the machine it runs on.</summary>
public abstract class MachineControl
{
    /// <summary>Init has ended with this wait status, and everything else with it: the session is over.</summary>
    public abstract void SessionEnded(int waitStatus);

    /// <summary>Init asked for the power to be cut (reboot(2)).</summary>
    public abstract void PowerOff();

    /// <summary>Init asked for a restart.</summary>
    public abstract void Restart();
}
