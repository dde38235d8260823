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
    public readonly bool IsValid => IsClock
        ? Flags == VmObjectFlags.Clock && SizePages == ClockObjects.Pages && Backing.IsNone
        : SizePages <= VmObject.MaxPages && (Flags & ~VmObjectFlags.File) == 0;

    public readonly bool IsClock => (Flags & VmObjectFlags.Clock) != 0;
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

    /// <summary>Was zero before version 4.</summary>
    public byte RegionSignal;
    public byte Reserved0;
    public uint Reserved1;

    /// <summary>What the check before commit and a restore both ask of the fields. A break at the very end of user space cannot grow.</summary>
    public readonly bool IsValid =>
        BreakStart <= BreakEnd && BreakEnd <= AddressSpace.UserEnd
        && MapTop <= AddressSpace.UserEnd && (MapTop & PageSize.OffsetMask) == 0 && LocksFuture <= 1
        && (Barriers & ~BarrierKinds.All) == 0 && RegionSignal <= AddressSpace.LastSignal;
}

/// <summary>The payload of a <see cref="ObjectKind.Mapping"/> record.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MappingRecord
{
    /// <summary>All but those of regions end before RegionTaken.</summary>
    public const int SizeWithoutRegion = 56;

    public ObjectId Space;

    /// <summary>The object; of a region its number.</summary>
    public ObjectId Object;
    public ulong Start;
    public ulong Pages;
    public ulong PageOffset;
    public ObjectId File;
    public MappingFlags Flags;
    public Protection Protection;
    public Protection MaxProtection;

    /// <summary>1: something of the region had not been persisted.</summary>
    public uint IsRegionDirty;

    /// <summary>What the region was as after (<see cref="Region.Taken"/>).</summary>
    public ulong RegionTaken;
    public RegionIdentity RegionIdentity;

    private const MappingFlags KnownFlags = MappingFlags.Shared | MappingFlags.GrowsDown | MappingFlags.OwnsObject
        | MappingFlags.Anonymous | MappingFlags.Break | MappingFlags.Stack
        | MappingFlags.DontFork | MappingFlags.WipeOnFork | MappingFlags.Locked | MappingFlags.Region | MappingFlags.Segment;

    private const Protection KnownProtection = Protection.Read | Protection.Write | Protection.Execute;

    /// <summary>What the check before commit and a restore both ask of the fields.</summary>
    public readonly bool IsValid => IsRange && AreBits && MayWrite && MayWipe && MayBeRegion && MayBeSegment;

    public readonly bool IsRegion => (Flags & MappingFlags.Region) != 0;

    public readonly bool IsSegment => (Flags & MappingFlags.Segment) != 0;

    /// <summary>How long the payload is.</summary>
    public readonly int Size => IsRegion ? SizeWithoutRegion + (3 * sizeof(ulong)) : SizeWithoutRegion;

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

    private readonly bool MayBeRegion => IsRegion
        ? IsRegionDirty <= 1 && !Object.IsNone && !RegionIdentity.IsNone
            && (Flags & (MappingFlags.Shared | MappingFlags.OwnsObject)) == MappingFlags.Shared
        : IsRegionDirty == 0 && RegionTaken == 0 && RegionIdentity.IsNone;

    private readonly bool MayBeSegment => !IsSegment
        || (Flags & (MappingFlags.Shared | MappingFlags.OwnsObject | MappingFlags.Anonymous | MappingFlags.Region)) == MappingFlags.Shared;

    private readonly bool MayWipe =>
        (Flags & MappingFlags.WipeOnFork) == 0 || (Flags & (MappingFlags.Shared | MappingFlags.Anonymous)) == MappingFlags.Anonymous;
}
