using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The payload of a <see cref="ObjectKind.MemoryObject"/> record; the pages are stored under the same id.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryObjectRecord
{
    public ulong SizePages;
    public VmObjectFlags Flags;
    public byte Reserved0;
    public ushort Reserved1;
    public uint Reserved2;
}

/// <summary>The payload of an <see cref="ObjectKind.AddressSpace"/> record; its mappings have records of their own.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AddressSpaceRecord
{
    public ulong BreakStart;
    public ulong BreakEnd;
    public ulong MapTop;
    public SpaceLimits Limits;
}

/// <summary>The payload of a <see cref="ObjectKind.Mapping"/> record.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MappingRecord
{
    public ObjectId Space;
    public ObjectId Object;
    public ulong Start;
    public ulong Pages;
    public ulong PageOffset;
    public ObjectId File;
    public MappingFlags Flags;
    public Protection Protection;
    public Protection MaxProtection;
    public uint Reserved;
}
