using System;

namespace Aurora.Memory;

/// <summary>What the machine gives to the clock objects of its groups.</summary>
public abstract class ClockSource
{
    /// <summary>The vDSO: an ELF image of at most a page, always the same.</summary>
    public abstract ReadOnlySpan<byte> Image { get; }

    /// <summary>RDTSCP tells programs on which processor they are.</summary>
    public abstract bool HasProcessor { get; }

    /// <summary>A number that this has never said before, in this boot or any other, and that is not zero.</summary>
    public abstract ulong NextGeneration();
}
