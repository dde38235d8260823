using Aurora.Base;

namespace Aurora.Memory;

/// <summary>How <see cref="MapRequest.Address"/> is meant.</summary>
public enum MapPlacement : byte
{
    /// <summary>Use the address if the range is free, otherwise search (zero: search).</summary>
    Hint,

    /// <summary>Exactly there; whatever was mapped is replaced.</summary>
    Fixed,

    /// <summary>Exactly there; fails with AlreadyMapped if anything is in the way.</summary>
    FixedNoReplace,
}

/// <summary>The arguments of <see cref="Mappings.Map"/>.</summary>
public unsafe struct MapRequest
{
    public VirtualAddress Address;

    /// <summary>In bytes; rounded up to whole pages.</summary>
    public ulong Length;
    public MapPlacement Placement;
    public Protection Protection;

    /// <summary>The most mprotect may allow later: without Write for a shared mapping of a file opened read-only. Zero means everything.</summary>
    public Protection MaxProtection;

    /// <summary>Shared, GrowsDown, Stack.</summary>
    public MappingFlags Flags;

    /// <summary>The file's object; null for anonymous memory.</summary>
    public VmObject* Object;
    public ulong PageOffset;

    /// <summary>The inode, for /proc.</summary>
    public ObjectId File;
}
