using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>Makes the first process of a group that has files and no processes.</summary>
public abstract class GroupStarter
{
    /// <summary>
    /// Makes a console and process 1, which begins with the group's program (<see cref="GroupPrograms"/>) as soon as the group's threads
    /// run. <paramref name="root"/> becomes its root directory, unless empty. The console is a terminal, or behaves as a pipe does.
    /// </summary>
    public abstract Errno Start(ObjectTracker group, ReadOnlySpan<byte> root, bool hasTerminal);

    /// <summary>True once process 1 has begun with its program.</summary>
    public abstract bool HasStarted(ObjectTracker group);
}
