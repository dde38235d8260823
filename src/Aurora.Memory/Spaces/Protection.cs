using System;

namespace Aurora.Memory;

/// <summary>What a mapping allows. The values are Linux's PROT_ bits.</summary>
[Flags]
public enum Protection : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
}
