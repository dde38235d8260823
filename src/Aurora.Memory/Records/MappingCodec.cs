using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Captures and restores mappings. Linking puts one into its address space and takes a reference on its object.</summary>
public sealed unsafe class MappingCodec : StateCodec
{
    private const MappingFlags KnownFlags = MappingFlags.Shared | MappingFlags.GrowsDown | MappingFlags.OwnsObject
        | MappingFlags.Anonymous | MappingFlags.Break | MappingFlags.Stack;

    private const Protection KnownProtection = Protection.Read | Protection.Write | Protection.Execute;

    /// <summary>The bytes of a payload.</summary>
    public static ulong RecordBytes => (ulong)sizeof(MappingRecord);

    private readonly MemoryManager _memory;

    public MappingCodec(MemoryManager memory) => _memory = memory;

    public override ObjectKind Kind => ObjectKind.Mapping;
    public override int LargestPayload => (int)RecordBytes;
    public override byte Version => 1;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Mapping* source = (Mapping*)header;
        MappingRecord record = default;
        record.Space = source->Space->Header.Id;
        record.Object = source->Object->Header.Id;
        record.Start = source->Start.Value;
        record.Pages = source->Pages;
        record.PageOffset = source->PageOffset;
        record.File = source->File;
        record.Flags = source->Flags;
        record.Protection = source->Protection;
        record.MaxProtection = source->MaxProtection;
        MemoryMarshal.Write(payload, in record);
        return sizeof(MappingRecord);
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Mapping* mapping = (Mapping*)header;
        return IsLive(mapping->Space, ObjectKind.AddressSpace) && IsHeld(mapping->Object, ObjectKind.MemoryObject)
            && mapping->Pages != 0 && mapping->End.Value > mapping->Start.Value && mapping->End.Value <= AddressSpace.UserEnd;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version != Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != sizeof(MappingRecord))
            return RestoreStatus.BadRecord;
        MappingRecord record = MemoryMarshal.Read<MappingRecord>(payload);
        return IsValid(record) ? _memory.AdoptMapping(tracker, id, record) : RestoreStatus.BadRecord;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        MappingRecord record = MemoryMarshal.Read<MappingRecord>(payload);
        AddressSpace* space = (AddressSpace*)tracker.Find(record.Space, ObjectKind.AddressSpace);
        VmObject* target = (VmObject*)tracker.Find(record.Object, ObjectKind.MemoryObject);
        if (space == null || target == null)
            return RestoreStatus.MissingReference;
        return _memory.LinkRestored((Mapping*)header, space, target);
    }

    // A private mapping must not be able to write an object it does not own: that would be a file.
    private static bool IsValid(in MappingRecord record)
    {
        const ulong UserPages = AddressSpace.UserEnd >> PageSize.Shift;
        bool isRange = (record.Start & PageSize.OffsetMask) == 0
            && record.Start >= AddressSpace.UserStart
            && record.Pages > 0
            && record.Pages <= UserPages
            && (record.Start >> PageSize.Shift) <= UserPages - record.Pages
            && record.PageOffset + record.Pages >= record.Pages;
        bool areBits = (record.Flags & ~KnownFlags) == 0
            && (record.MaxProtection & ~KnownProtection) == 0
            && (record.Protection & ~record.MaxProtection) == 0;
        bool mayWrite = (record.Protection & Protection.Write) == 0
            || (record.Flags & (MappingFlags.Shared | MappingFlags.OwnsObject)) != 0;
        return isRange && areBits && mayWrite;
    }
}
