using System;

namespace Aurora.Checkpoint;

/// <summary>The device end of the console: the machine's serial port, or a test's buffer.</summary>
public abstract class ConsoleOutput
{
    /// <summary>Takes as many bytes as it has room for and returns their number; zero when full.</summary>
    public abstract int Write(ReadOnlySpan<byte> bytes);

    /// <summary>Bytes taken that may not have left the machine yet: they are lost if the power goes now.</summary>
    public abstract int Undelivered { get; }
}
