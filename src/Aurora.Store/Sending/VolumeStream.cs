using System;

namespace Aurora.Store;

/// <summary>Where a volume is sent to.</summary>
public abstract class VolumeSink
{
    /// <summary>Takes all of the bytes, or false.</summary>
    public abstract bool Write(ReadOnlySpan<byte> bytes);
}

/// <summary>Where a volume is received from.</summary>
public abstract class VolumeSource
{
    /// <summary>Fills the bytes, or false: the stream has ended or cannot be read.</summary>
    public abstract bool Read(Span<byte> bytes);
}
