using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The payload of a <see cref="ObjectKind.MemoryObject"/> record; the pages are stored under the same id.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryObjectRecord
{
    /// <summary>Version 1 ends before Backing.</summary>
    public const int SizeOfVersion1 = 16;

    public ulong SizePages;
    public VmObjectFlags Flags;
    public byte Reserved0;
    public ushort Reserved1;
    public uint Reserved2;

    /// <summary>The file's object behind an overlay; none for all others.</summary>
    public ObjectId Backing;

    /// <summary>What the check before commit and a restore both ask of the fields.</summary>
    public readonly bool IsValid => SizePages <= VmObject.MaxPages && (Flags & ~VmObjectFlags.File) == 0;
}

/// <summary>The payload of an <see cref="ObjectKind.AddressSpace"/> record; its mappings have records of their own.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AddressSpaceRecord
{
    /// <summary>Version 1 ends before LocksFuture.</summary>
    public const int SizeOfVersion1 = 48;

    public ulong BreakStart;
    public ulong BreakEnd;
    public ulong MapTop;
    public SpaceLimits Limits;

    /// <summary>Was all eight bytes in version 2; Barriers and what follows were zero.</summary>
    public byte LocksFuture;
    public BarrierKinds Barriers;
    public ushort Reserved0;
    public uint Reserved1;

    /// <summary>What the check before commit and a restore both ask of the fields. A break at the very end of user space cannot grow.</summary>
    public readonly bool IsValid =>
        BreakStart <= BreakEnd && BreakEnd <= AddressSpace.UserEnd
        && MapTop <= AddressSpace.UserEnd && (MapTop & PageSize.OffsetMask) == 0 && LocksFuture <= 1
        && (Barriers & ~BarrierKinds.All) == 0;
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

    private const MappingFlags KnownFlags = MappingFlags.Shared | MappingFlags.GrowsDown | MappingFlags.OwnsObject
        | MappingFlags.Anonymous | MappingFlags.Break | MappingFlags.Stack
        | MappingFlags.DontFork | MappingFlags.WipeOnFork | MappingFlags.Locked;

    private const Protection KnownProtection = Protection.Read | Protection.Write | Protection.Execute;

    /// <summary>What the check before commit and a restore both ask of the fields.</summary>
    public readonly bool IsValid => IsRange && AreBits && MayWrite && MayWipe;

    private readonly bool IsRange
    {
        get
        {
            const ulong UserPages = AddressSpace.UserEnd >> PageSize.Shift;
            return (Start & PageSize.OffsetMask) == 0
                && Start >= AddressSpace.UserStart
                && Pages > 0
                && Pages <= UserPages
                && (Start >> PageSize.Shift) <= UserPages - Pages
                && PageOffset <= VmObject.MaxPages - Pages;
        }
    }

    private readonly bool AreBits =>
        (Flags & ~KnownFlags) == 0 && (MaxProtection & ~KnownProtection) == 0 && (Protection & ~MaxProtection) == 0;

    // A private mapping must not be able to write an object it does not own: that would be a file.
    private readonly bool MayWrite =>
        (Protection & Protection.Write) == 0 || (Flags & (MappingFlags.Shared | MappingFlags.OwnsObject)) != 0;

    private readonly bool MayWipe =>
        (Flags & MappingFlags.WipeOnFork) == 0 || (Flags & (MappingFlags.Shared | MappingFlags.Anonymous)) == MappingFlags.Anonymous;
}
