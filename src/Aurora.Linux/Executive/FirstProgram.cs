using System;
using Aurora.Linux.Elf;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Executive;

/// <summary>What init runs: the boot configuration's path, arguments and environment.</summary>
public abstract class FirstProgram
{
    /// <summary>The file to execute.</summary>
    public abstract ReadOnlySpan<byte> Path { get; }

    /// <summary>Adds arguments, then environment; E2BIG when they do not fit.</summary>
    public abstract Errno Collect(ArgumentBlock arguments);
}
