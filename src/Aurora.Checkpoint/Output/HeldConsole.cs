using System;
using Aurora.Base;
using Aurora.Posix.Terminals;

namespace Aurora.Checkpoint;

/// <summary>What terminals see of the held output of their groups: what they write is shown once a checkpoint covers it.</summary>
public sealed unsafe class HeldConsole(OutputHold hold, TrackedObjects tracked) : ConsoleSink
{
    public override bool Prepare(Terminal* terminal) => Of(terminal).Reserve();

    public override int RoomOf(Terminal* terminal) => Of(terminal).Room;

    public override WaitQueue* SpaceOf(Terminal* terminal) => Of(terminal).Space;

    public override void Write(Terminal* terminal, ReadOnlySpan<byte> bytes)
        => Panic.Unless(Of(terminal).Write(bytes) == bytes.Length, "held console: more written than there was room for"u8);

    private HeldOutput Of(Terminal* terminal) => hold.Of(tracked.Of(&terminal->Header));
}
