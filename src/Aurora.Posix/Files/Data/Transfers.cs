using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>What every <see cref="FileTransfer"/> needs.</summary>
public sealed unsafe class Transfers(FileState state, UserMemory user, ThreadWaker waker, FileEnvironment environment)
{
    /// <summary>The vector of the call being dispatched, copied once so that the program cannot change it under way; not kept.</summary>
    public UserVector* Vectors => state.Vectors;

    internal UserMemory User { get; } = user;

    internal ThreadWaker Waker { get; } = waker;

    /// <summary>True when something waits for the main loop.</summary>
    internal bool IsPauseDue => environment.Preemption.IsDue;
}
