using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>
/// What a region may be that comes in, and what becomes of it: a copy has an identity and epochs of its own. The store knows of a region
/// that it has one object, whose record says how many pages there are.
/// </summary>
public abstract class ReceivedRegion
{
    /// <summary>How many pages a region with this record has; 0 when none can be opened that has it.</summary>
    public abstract ulong PagesOf(ReadOnlySpan<byte> record);

    /// <summary>
    /// Writes the record that the copy of a region with this record gets, and says the epoch of the copy's first state; its length.
    /// </summary>
    public abstract int Renew(ReadOnlySpan<byte> record, Span<byte> own, out Epoch epoch);
}

/// <summary>Which kinds of volumes somebody takes from a stream.</summary>
public readonly struct ReceivedKinds
{
    /// <summary>The state of a group.</summary>
    public bool Groups { get; init; }

    /// <summary>A region, with what becomes of it; null: none is taken.</summary>
    public ReceivedRegion? Region { get; init; }
}
