using System;
using Aurora.Qemu;

namespace Aurora.Cli;

/// <summary>The kernel will not run with what it was given.</summary>
internal sealed class RefusedException : UserException
{
    public RefusedException(RefusedEvent refused)
        : base($"refused: {refused.Reason}") => Refused = refused;

    public RefusedEvent Refused { get; }
}
