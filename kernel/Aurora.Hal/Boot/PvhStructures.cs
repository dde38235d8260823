// What the PVH entry protocol hands to the kernel: the physical address of an hvm_start_info structure in EBX, which points to a
// list of modules (QEMU: -initrd is module 0), the command line, the ACPI root pointer and the memory map. Format: Xen public header
// arch-x86/hvm/start_info.h, version 1. Everything here was written by the boot loader and is validated before use.
using System.Runtime.InteropServices;

namespace Aurora.Hal;

/// <summary>hvm_start_info, version 1.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PvhStartInfo
{
    /// <summary>"xEn3" with the top bit of the first byte set.</summary>
    public const uint ExpectedMagic = 0x336ec578;

    public uint Magic;

    /// <summary>1 or later: the memory map fields exist.</summary>
    public uint Version;
    public uint Flags;
    public uint ModuleCount;

    /// <summary>Physical address of <see cref="ModuleCount"/> <see cref="PvhModule"/> entries.</summary>
    public ulong ModuleList;

    /// <summary>Physical address of a NUL-terminated string, or zero.</summary>
    public ulong CommandLine;

    /// <summary>Physical address of the ACPI root system description pointer, or zero.</summary>
    public ulong RootPointer;

    /// <summary>Physical address of <see cref="MemoryMapCount"/> <see cref="PvhMemoryMapEntry"/> entries.</summary>
    public ulong MemoryMap;
    public uint MemoryMapCount;
    public uint Reserved;
}

/// <summary>hvm_modlist_entry.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PvhModule
{
    public ulong Address;
    public ulong Length;
    public ulong CommandLine;
    public ulong Reserved;
}

/// <summary>hvm_memmap_table_entry.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PvhMemoryMapEntry
{
    public ulong Address;
    public ulong Length;
    public MemoryKind Kind;
    public uint Reserved;
}
