using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>How far a look at the page tables of a process has come: large mappings are counted in steps.</summary>
internal struct ProcScan
{
    /// <summary>In the continuation of a call that has paused in one.</summary>
    public const ulong Mark = 0x5CA7;

    /// <summary>Page-table entries that are looked at in a step.</summary>
    public const int EntriesPerStep = 1 << 16;

    /// <summary>The mapping that is looked at, and the address at which to go on; zero before the first.</summary>
    public ulong Mapping;
    public ulong Address;
    public ResidentPages Pages;

    /// <summary>Of all mappings before it: rollup's sums.</summary>
    public ResidentPages Anonymous;
    public ResidentPages Shared;
    public ResidentPages File;

    /// <summary>The step's share is used up before anything could be written.</summary>
    public bool IsPaused;
}
