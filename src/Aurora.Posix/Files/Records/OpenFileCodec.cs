using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an open file.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenFileRecord
{
    public const int Bytes = 48;

    public ObjectId Inode;
    public ulong Offset;
    public ObjectId Attachment;
    public uint Flags;
    public FileKind Kind;
    public byte OwnerIsThread;
    public ushort Reserved1;
    public int Owner;
    public int OwnerSignal;
    public uint WriterOpens;
    public uint Reserved2;
}

/// <summary>Captures open files and puts them back; drivers hear of theirs (FileOperations.Restored).</summary>
public sealed unsafe class OpenFileCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.OpenFile;

    /// <summary>Version 1 had no owners that are threads.</summary>
    public override byte Version => 2;

    protected override byte OldestVersion => 1;
    public override int LargestPayload => sizeof(OpenFileRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        OpenFile* file = (OpenFile*)header;
        return Write(payload, new OpenFileRecord
        {
            Inode = file->Inode->Header.Id,
            Offset = file->Offset,
            Attachment = IdOf(file->Attachment),
            Flags = file->Flags,
            Kind = file->Kind,
            Owner = file->Owner,
            OwnerSignal = file->OwnerSignal,
            OwnerIsThread = file->OwnerIsThread ? (byte)1 : (byte)0,
            WriterOpens = file->WriterOpens,
        });
    }

    public override bool IsSound(ObjectHeader* header)
    {
        OpenFile* file = (OpenFile*)header;
        return (header->References > 0 || file->IsClosing) && IsValid(file->Flags, file->Offset)
            && IsLive(file->Inode, ObjectKind.Inode) && HasKindOf(file, file->Inode)
            && (file->Attachment == null || IsLive(file->Attachment, file->Attachment->Kind)) && IsServed(file);
    }

    private static bool IsValid(uint flags, ulong offset) => (flags & ~OpenFlags.Kept) == 0 && offset <= long.MaxValue;

    private static bool HasKindOf(OpenFile* file, Inode* inode)
    {
        bool isPathOnly = (file->Flags & OpenFlags.Path) != 0;
        return file->Kind != FileKind.None && file->Kind == (isPathOnly ? FileKind.PathOnly : FileServices.KindOf(inode));
    }

    private bool IsServed(OpenFile* file) => Files.OperationsOf(file) is { } operations && operations.IsSound(file);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out OpenFileRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(record.Flags, record.Offset))
            return RestoreStatus.BadRecord;
        OpenFile* file = Files.OpenFiles.Allocate();
        if (file == null)
            return RestoreStatus.OutOfMemory;
        file->Offset = record.Offset;
        file->Flags = record.Flags;
        file->Kind = record.Kind;
        file->Owner = record.Owner;
        file->OwnerSignal = record.OwnerSignal;
        file->OwnerIsThread = record.OwnerIsThread != 0;
        file->WriterOpens = record.WriterOpens;
        tracker.Adopt(&file->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        OpenFile* file = (OpenFile*)header;
        OpenFileRecord record = Reread<OpenFileRecord>(payload);
        Inode* inode = (Inode*)tracker.Find(record.Inode, ObjectKind.Inode);
        if (inode == null)
            return RestoreStatus.MissingReference;
        if (!HasKindOf(file, inode))
            return RestoreStatus.BadRecord;
        file->Inode = inode;
        Files.Hold(inode);
        file->Attachment = record.Attachment.IsNone ? null : tracker.Find(record.Attachment);
        return file->Attachment == null && !record.Attachment.IsNone ? RestoreStatus.MissingReference : RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        OpenFile* file = (OpenFile*)header;
        FileOperations? operations = Files.OperationsOf(file);
        if (operations is null || !operations.IsSound(file))
            return RestoreStatus.MissingReference;
        operations.Restored(file);
        FileServices.CountWriter(file, 1);
        if (header->References == 0)
            Files.PutOff(file);
        return RestoreStatus.Ok;
    }
}
