using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an extended attribute; its name and its value follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ExtendedAttributeRecord
{
    public const int Bytes = 16;

    public ObjectId Owner;
    public ushort NameLength;
    public ushort ValueLength;
    public uint Reserved;
}

/// <summary>Captures extended attributes and puts them back; linking gives one to its file.</summary>
public sealed unsafe class ExtendedAttributeCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.ExtendedAttribute;
    public override int LargestPayload => sizeof(ExtendedAttributeRecord) + ExtendedAttribute.MaxBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        ExtendedAttribute* attribute = (ExtendedAttribute*)header;
        int length = Write(payload, Describe(attribute));
        ReadOnlySpan<byte> bytes = ExtendedAttribute.BytesOf(attribute);
        bytes.CopyTo(payload[length..]);
        return length + bytes.Length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        ExtendedAttribute* attribute = (ExtendedAttribute*)header;
        return IsLive(attribute->Owner, ObjectKind.Inode) && IsValid(Describe(attribute), attribute->Length)
            && (attribute->Length <= ExtendedAttribute.InlineBytes || attribute->Page != null);
    }

    private static ExtendedAttributeRecord Describe(ExtendedAttribute* attribute)
        => new() { Owner = attribute->Owner->Header.Id, NameLength = attribute->NameLength, ValueLength = attribute->ValueLength };

    private static bool IsValid(in ExtendedAttributeRecord record, int bytes)
        => record.NameLength is > 0 and <= ExtendedAttribute.MaxNameBytes
            && record.NameLength + record.ValueLength == bytes && bytes <= ExtendedAttribute.MaxBytes;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out ExtendedAttributeRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> bytes = payload[ExtendedAttributeRecord.Bytes..];
        if (!IsValid(in record, bytes.Length))
            return RestoreStatus.BadRecord;
        ExtendedAttribute* attribute = Files.NewAttribute(bytes[..record.NameLength], bytes[record.NameLength..]);
        if (attribute == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&attribute->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ExtendedAttribute* attribute = (ExtendedAttribute*)header;
        attribute->Owner = (Inode*)tracker.Find(Reread<ExtendedAttributeRecord>(payload).Owner, ObjectKind.Inode);
        if (attribute->Owner == null)
            return RestoreStatus.MissingReference;
        bool isOne = !attribute->Owner->IsProc && FileServices.Count(attribute->Owner) < ExtendedAttribute.MaxOfInode;
        return isOne && FileServices.Attach(attribute) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}
