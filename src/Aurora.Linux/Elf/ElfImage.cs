using System.Runtime.CompilerServices;
using Aurora.Memory;

namespace Aurora.Linux.Elf;

/// <summary>A part of a file to be mapped (PT_LOAD), checked.</summary>
public struct ElfSegment
{
    public ulong Address;
    public ulong FileOffset;
    public ulong FileBytes;
    public ulong MemoryBytes;
    public Protection Protection;

    public readonly ulong End => Address + MemoryBytes;
}

/// <summary>The loadable segments of an image, by ascending address.</summary>
[InlineArray(ElfImage.MaxSegments)]
public struct ElfSegments
{
    private ElfSegment _first;
}

/// <summary>What loading a program needs of its ELF file; every field has been checked (<see cref="ElfParser"/>).</summary>
public struct ElfImage
{
    public const int MaxSegments = 32;

    /// <summary>May be loaded anywhere (ET_DYN): addresses are relative to a base.</summary>
    public bool IsRelocatable;
    public bool HasExecutableStack;
    public ulong Entry;

    /// <summary>Where the program headers are in memory (AT_PHDR), or zero when no segment holds them.</summary>
    public ulong HeadersAddress;
    public int HeaderCount;

    /// <summary>The path of the dynamic linker in the file; zero bytes when there is none.</summary>
    public ulong InterpreterOffset;
    public int InterpreterBytes;
    public int SegmentCount;
    public ElfSegments Segments;

    /// <summary>The first byte of the first segment, and the first after the last.</summary>
    public readonly ulong Start => Segments[0].Address;
    public readonly ulong End => Segments[SegmentCount - 1].End;
}
