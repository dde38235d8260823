using System;
using Aurora.Base;
using Aurora.Posix.Terminals;

namespace Aurora.Checkpoint;

/// <summary>A terminal's view of the held output: what it writes is shown once a checkpoint covers it.</summary>
public sealed unsafe class HeldConsole(OutputHold hold) : ConsoleSink
{
    public override int Room => hold.Room;

    public override WaitQueue* Space => hold.Space;

    public override void Write(ReadOnlySpan<byte> bytes)
        => Panic.Unless(hold.Write(bytes) == bytes.Length, "held console: more written than there was room for"u8);
}
