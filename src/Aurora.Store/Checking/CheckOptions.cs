using Aurora.Base;

namespace Aurora.Store;

/// <summary>How to check a store.</summary>
public unsafe struct CheckOptions
{
    /// <summary>Also read every page of data and verify its checksum.</summary>
    public bool VerifyData;

    /// <summary>Called for every fault found, with <see cref="Context"/>.</summary>
    public delegate*<StoreFault*, void*, void> OnFault;
    public void* Context;

    /// <summary>Memory for the check's own store; zero values mean the defaults.</summary>
    public OpenOptions Open;
}

/// <summary>What a check found.</summary>
public struct CheckReport
{
    public ulong Faults;
    public ulong Volumes;

    /// <summary>What is left of large commits that were not finished: the next cuts give it back.</summary>
    public ulong HiddenVolumes;
    public ulong Objects;
    public ulong Checkpoints;
    public ulong TreeNodes;
    public ulong DataBlocks;
    public ulong LogPages;
    public ulong FreeBlocks;
    public ulong LastSequence;

    /// <summary>Copies of the superblock that are whole; two suffice, four is all of them (two in a store just made).</summary>
    public ulong WholeSuperblocks;
}
