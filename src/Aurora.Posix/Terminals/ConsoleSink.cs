using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>Where a terminal's output goes: the queue that holds it until it may be seen.</summary>
public abstract unsafe class ConsoleSink
{
    /// <summary>Bytes the sink takes without anyone waiting.</summary>
    public abstract int Room { get; }

    /// <summary>Takes bytes, never more than <see cref="Room"/>.</summary>
    public abstract void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Woken when room has appeared.</summary>
    public abstract WaitQueue* Space { get; }
}
