using System;

namespace Aurora.Qemu;

/// <summary>A virtual machine could not be started or did not do what was awaited; the message is meant for the user.</summary>
public sealed class MachineException : Exception
{
    public MachineException()
    {
    }

    public MachineException(string message)
        : base(message)
    {
    }

    public MachineException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
