using System;

namespace Aurora.Checkpoint;

/// <summary>Where a core file is written to, from its beginning to its end.</summary>
public abstract class CoreSink
{
    /// <summary>How long it will be; false when nothing so long can be written.</summary>
    public abstract bool Begin(ulong bytes);

    /// <summary>Takes all of the bytes, or false.</summary>
    public abstract bool Write(ReadOnlySpan<byte> bytes);

    /// <summary>So many zeroes follow; false when they cannot be.</summary>
    public abstract bool Skip(ulong bytes);
}
