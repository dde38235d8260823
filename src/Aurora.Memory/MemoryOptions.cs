namespace Aurora.Memory;

/// <summary>How many of each kind of structure may exist. They size tables of pointers, not the structures themselves.</summary>
public struct MemoryOptions
{
    public int MaxObjects;
    public int MaxMappings;
    public int MaxSpaces;

    /// <summary>
    /// Mappings one address space may have: a fork or an exit changes as many records in one go. Zero: 65,530, as on Linux.
    /// </summary>
    public int MaxMappingsPerSpace;

    /// <summary>Pages that may be on dirty and protect lists at once.</summary>
    public int MaxDirtyPages;

    /// <summary>Page-in requests outstanding at once.</summary>
    public int MaxPageIns;

    /// <summary>Pages a freeze may copy inside the stop window instead of write-protecting them; 0 switches hot pages off.</summary>
    public ulong MaxHotPages;

    /// <summary>
    /// Pages, a power of two, in the aligned groups that are opened together when one of them is written again; 0 switches it off.
    /// </summary>
    public ulong WriteAroundPages;

    /// <summary>Check expensive invariants (no frozen frame is writable anywhere) after every freeze.</summary>
    public bool Verify;

    internal SeededMemoryFaults Seeded;

    public static MemoryOptions Default => new()
    {
        MaxObjects = 1 << 18,
        MaxMappings = 1 << 18,
        MaxSpaces = 1 << 15,
        MaxDirtyPages = 1 << 22,
        MaxPageIns = 256,
        MaxHotPages = 96,
        WriteAroundPages = 32,
    };
}
