using System;
using Aurora.Checkpoint;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>COM2 as the place where the launcher hears of the programs it runs.</summary>
internal sealed class ControlLines(ControlChannel channel) : LauncherLines
{
    public override bool HasRoom => channel.IsCalm;

    public override void Write(ReadOnlySpan<byte> line) => channel.WriteLine(line);
}
