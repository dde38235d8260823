using System;

namespace Aurora.Memory;

/// <summary>Properties of an object. The values are part of the record format.</summary>
[Flags]
public enum VmObjectFlags : byte
{
    None = 0,

    /// <summary>The contents of a file or pipe, as opposed to anonymous memory; for statistics.</summary>
    File = 1,

    /// <summary>The vDSO of a group (<see cref="ClockObjects"/>), version 1 of its code; never with another flag.</summary>
    Clock = 2,
}
