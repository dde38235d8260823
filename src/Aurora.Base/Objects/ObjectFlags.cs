using System;

namespace Aurora.Base;

[Flags]
public enum ObjectFlags : byte
{
    None = 0,

    /// <summary>On its group's changed list: the next capture writes its record.</summary>
    Changed = 1,

    /// <summary>A record of it has been captured, so its end must be captured too.</summary>
    Stored = 2,

    /// <summary>Registered with a tracker.</summary>
    Tracked = 4,
}
