using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>A range of an address space that shows a range of an object. Persistent (<see cref="ObjectKind.Mapping"/>). Kernel lock.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Mapping
{
    public ObjectHeader Header;
    public AddressSpace* Space;
    public VmObject* Object;
    public VirtualAddress Start;
    public ulong Pages;

    /// <summary>The page of the object shown at <see cref="Start"/>.</summary>
    public ulong PageOffset;

    /// <summary>The inode behind the mapping, for /proc; the object alone keeps the pages. None when anonymous.</summary>
    public ObjectId File;
    public Protection Protection;

    /// <summary>What mprotect may raise <see cref="Protection"/> to.</summary>
    public Protection MaxProtection;
    public MappingFlags Flags;

    /// <summary>Of a space that is being taken apart: it does not count for the segment any more. Not captured.</summary>
    internal bool IsDetached;

    /// <summary>The reverse map: the object's other mappings.</summary>
    internal Mapping* NextOfObject;
    internal Mapping* PreviousOfObject;

    public readonly VirtualAddress End
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Start.Value + (Pages << PageSize.Shift));
    }
    public readonly bool IsShared => (Flags & MappingFlags.Shared) != 0;

    /// <summary>It shows a shared segment.</summary>
    public readonly bool IsOfSegment => (Flags & MappingFlags.Segment) != 0;

    /// <summary>It shows what it may be used to write to others too. Never changes.</summary>
    public readonly bool IsSharedWriter => IsShared && (MaxProtection & Protection.Write) != 0;

    /// <summary>The object's page at an address inside the mapping.</summary>
    public readonly ulong PageAt(VirtualAddress address) => PageOffset + ((address - Start) >> PageSize.Shift);

    public readonly bool Contains(VirtualAddress address) => address.Value - Start.Value < Pages << PageSize.Shift;
}
