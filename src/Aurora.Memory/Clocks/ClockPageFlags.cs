using System;

namespace Aurora.Memory;

/// <summary>What the code of the vDSO may do by itself.</summary>
[Flags]
public enum ClockPageFlags : uint
{
    None = 0,

    /// <summary>The clocks come from the time stamp counter; otherwise system calls tell them.</summary>
    HasCounter = 1,

    /// <summary>RDTSCP tells the number of the processor, and above twelve bits that of its node.</summary>
    HasProcessor = 2,
}
