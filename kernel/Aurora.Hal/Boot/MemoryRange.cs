using System.Runtime.CompilerServices;

namespace Aurora.Hal;

/// <summary>What a range of physical addresses is (XEN_HVM_MEMMAP_TYPE_*, the same numbers as ACPI 6.5 §15, table 15.374).</summary>
public enum MemoryKind : uint
{
    Ram = 1,
    Reserved = 2,
    AcpiReclaimable = 3,
    AcpiNonVolatile = 4,
    Unusable = 5,
    Disabled = 6,
    Persistent = 7,
}

/// <summary>A range of physical memory in bytes.</summary>
public struct MemoryRange
{
    public ulong Start;
    public ulong Length;
    public MemoryKind Kind;

    public readonly ulong End => Start + Length;
}

/// <summary>The machine's memory map: at most <see cref="Capacity"/> ranges, in the boot loader's order.</summary>
[InlineArray(Capacity)]
public struct MemoryRangeList
{
    public const int Capacity = 64;

    private MemoryRange _first;
}
