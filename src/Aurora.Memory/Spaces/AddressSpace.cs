using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Barriers between a program's threads, each to be asked for before it is used.</summary>
[Flags]
public enum BarrierKinds : byte
{
    None = 0,
    Global = 1,
    Private = 2,
    PrivateCore = 4,
    PrivateSequences = 8,
    All = 15,
}

/// <summary>
/// A program's view of memory: an ordered table of mappings and the page tables derived from it. Persistent
/// (<see cref="ObjectKind.AddressSpace"/>); restored ones have empty page tables. Header.References counts the threads' processes.
/// Protected by the kernel lock.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct AddressSpace
{
    /// <summary>User addresses are below this; the top page stays unmapped (the SYSRET and prefetch hazards at the canonical
    /// edge).</summary>
    public const ulong UserEnd = 0x0000_7FFF_FFFF_F000;

    /// <summary>Nothing is mapped below this, so that null pointers with small offsets fault.</summary>
    public const ulong UserStart = 0x1_0000;

    /// <summary>The highest address the search for free ranges uses unless told otherwise: leaves room for a stack above.</summary>
    public const ulong DefaultMapTop = 0x0000_7FF0_0000_0000;

    /// <summary>The highest number of a signal.</summary>
    public const byte LastSignal = 64;

    public ObjectHeader Header;

    /// <summary>The frame of the top-level page table, as loaded into CR3.</summary>
    public FrameNumber Root;

    /// <summary>Where the program break area starts, and the current break.</summary>
    public VirtualAddress BreakStart;
    public VirtualAddress BreakEnd;

    /// <summary>Where the search for free ranges starts, downwards.</summary>
    public VirtualAddress MapTop;
    public SpaceLimits Limits;

    /// <summary>What is mapped from now on is locked (mlockall with MCL_FUTURE).</summary>
    public bool LocksFuture;

    /// <summary>What barriers the program has asked for (membarrier).</summary>
    public BarrierKinds Barriers;

    /// <summary>
    /// The signal that tells the program that a region it shows is not what it was when the program was captured; zero: it is ended then.
    /// </summary>
    public byte RegionSignal;

    /// <summary>A restore has found such a region. Not captured.</summary>
    public bool HasOtherRegion;

    /// <summary>Sum of the lengths of all mappings.</summary>
    public ulong MappedPages;

    /// <summary>Present page-table entries.</summary>
    public ulong ResidentPages;

    /// <summary>Faults resolved, for statistics; not captured.</summary>
    public ulong Faults;

    /// <summary>Mappings that show shared segments.</summary>
    internal int Segments;

    internal GapBound Gaps;
    internal Mapping** TableMemory;
    internal Mapping** Table;
    internal int Count;
    internal int CapacityPages;
    internal int LastHit;

    /// <summary>The next space that is being taken apart.</summary>
    internal AddressSpace* NextEnding;

    /// <summary>How many mappings there are.</summary>
    public readonly int MappingCount => Count;
}
