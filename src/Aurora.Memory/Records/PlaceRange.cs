using System;

namespace Aurora.Memory;

/// <summary>A stretch of the places of a slab in which there is all that somebody looks for.</summary>
internal struct PlaceRange
{
    private uint _first;

    /// <summary>One more than the last place; zero when there is none.</summary>
    public uint End { get; private set; }

    /// <summary>The place to look at next: this one, or the first.</summary>
    public readonly uint From(uint place) => Math.Max(place, _first);

    public void Add(uint place)
    {
        _first = End == 0 ? place : Math.Min(_first, place);
        End = Math.Max(End, place + 1);
    }
}
