using System;
using Aurora.Base;
using Aurora.Linux.Elf;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Executive;

/// <summary>What the init of a group runs: path, arguments and environment.</summary>
public abstract class FirstProgram
{
    /// <summary>The file to execute; without a slash it is looked for in the directories of <see cref="SearchPathOf"/>.</summary>
    public abstract ReadOnlySpan<byte> PathOf(ObjectTracker group);

    /// <summary>Directories with colons between them.</summary>
    public abstract ReadOnlySpan<byte> SearchPathOf(ObjectTracker group);

    /// <summary>Adds arguments, then environment; E2BIG when they do not fit.</summary>
    public abstract Errno Collect(ObjectTracker group, ArgumentBlock arguments);

    /// <summary>It could not be started: init ends.</summary>
    public abstract void Fail(ObjectTracker group, Errno error);
}
