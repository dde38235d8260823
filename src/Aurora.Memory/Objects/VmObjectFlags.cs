using System;

namespace Aurora.Memory;

/// <summary>Properties of an object. The values are part of the record format.</summary>
[Flags]
public enum VmObjectFlags : byte
{
    None = 0,

    /// <summary>The contents of a file or pipe, as opposed to anonymous memory; for statistics.</summary>
    File = 1,
}
