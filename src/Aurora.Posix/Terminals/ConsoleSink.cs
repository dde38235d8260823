using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>Where the output of terminals goes: the queues that hold it until it may be seen.</summary>
public abstract unsafe class ConsoleSink
{
    /// <summary>Takes the memory that a new terminal's output needs; false when there is not enough.</summary>
    public abstract bool Prepare(Terminal* terminal);

    /// <summary>Bytes of a terminal the sink takes without anyone waiting.</summary>
    public abstract int RoomOf(Terminal* terminal);

    /// <summary>Takes bytes, never more than <see cref="RoomOf"/>.</summary>
    public abstract void Write(Terminal* terminal, ReadOnlySpan<byte> bytes);

    /// <summary>Woken when room has appeared.</summary>
    public abstract WaitQueue* SpaceOf(Terminal* terminal);
}
