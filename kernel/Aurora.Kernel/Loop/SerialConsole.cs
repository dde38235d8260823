using System;
using Aurora.Checkpoint;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>COM1 as the place where released console output goes.</summary>
internal sealed class SerialConsole(SerialPort port) : ConsoleOutput
{
    public override int Write(ReadOnlySpan<byte> bytes) => port.Write(bytes);

    public override int Undelivered => port.Undelivered;
}
