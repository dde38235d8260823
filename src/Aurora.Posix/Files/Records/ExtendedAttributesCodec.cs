using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a file's extended attributes; their bytes follow (<see cref="ExtendedAttributes"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ExtendedAttributesRecord
{
    public const int Bytes = 16;

    public ObjectId Owner;
    public ushort Length;
    public ushort Reserved0;
    public uint Reserved1;
}

/// <summary>Captures extended attributes and puts them back; linking gives them to their file.</summary>
public sealed unsafe class ExtendedAttributesCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.ExtendedAttributes;
    public override int LargestPayload => sizeof(ExtendedAttributesRecord) + ExtendedAttributes.MaxBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        ExtendedAttributes* attributes = (ExtendedAttributes*)header;
        var record = new ExtendedAttributesRecord { Owner = attributes->Owner->Header.Id, Length = attributes->Length };
        int length = Write(payload, in record);
        ReadOnlySpan<byte> bytes = ExtendedAttributes.BytesOf(attributes);
        bytes.CopyTo(payload[length..]);
        return length + bytes.Length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        ExtendedAttributes* attributes = (ExtendedAttributes*)header;
        return IsLive(attributes->Owner, ObjectKind.Inode) && attributes->Owner->Attributes == attributes && !attributes->Owner->IsProc
            && attributes->Length <= ExtendedAttributes.MaxBytes
            && (attributes->Length > ExtendedAttributes.InlineBytes) == (attributes->Page != null)
            && ExtendedAttributes.AreValid(ExtendedAttributes.BytesOf(attributes));
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out ExtendedAttributesRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> bytes = payload[ExtendedAttributesRecord.Bytes..];
        if (record.Reserved0 != 0 || record.Reserved1 != 0 || record.Length != bytes.Length || !ExtendedAttributes.AreValid(bytes))
            return RestoreStatus.BadRecord;
        ExtendedAttributes* attributes = Files.Attributes.New(bytes);
        if (attributes == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&attributes->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ExtendedAttributes* attributes = (ExtendedAttributes*)header;
        attributes->Owner = (Inode*)tracker.Find(Reread<ExtendedAttributesRecord>(payload).Owner, ObjectKind.Inode);
        if (attributes->Owner == null)
            return RestoreStatus.MissingReference;
        if (attributes->Owner->IsProc || attributes->Owner->Attributes != null)
            return RestoreStatus.BadRecord;
        attributes->Owner->Attributes = attributes;
        return RestoreStatus.Ok;
    }
}
