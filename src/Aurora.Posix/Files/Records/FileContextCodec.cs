using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a file context.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileContextRecord
{
    public const int Bytes = 24;

    public ObjectId Root;
    public ObjectId CurrentDirectory;
    public uint Umask;
    public uint Reserved;
}

/// <summary>Captures file contexts and puts them back; the processes that use one take their references themselves.</summary>
public sealed unsafe class FileContextCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.FileContext;
    public override int LargestPayload => sizeof(FileContextRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        FileContext* context = (FileContext*)header;
        return Write(payload, new FileContextRecord
        {
            Root = context->Root->Header.Id,
            CurrentDirectory = context->CurrentDirectory->Header.Id,
            Umask = context->Umask,
        });
    }

    public override bool IsSound(ObjectHeader* header)
    {
        FileContext* context = (FileContext*)header;
        return header->References > 0 && IsValid(context->Umask) && IsLive(context->Root, ObjectKind.Inode)
            && IsLive(context->CurrentDirectory, ObjectKind.Inode) && AreDirectories(context);
    }

    private static bool IsValid(uint umask) => umask <= InodeMode.AccessMask;

    private static bool AreDirectories(FileContext* context) => context->Root->IsDirectory && context->CurrentDirectory->IsDirectory;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out FileContextRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(record.Umask))
            return RestoreStatus.BadRecord;
        FileContext* context = Files.Contexts.Allocate();
        if (context == null)
            return RestoreStatus.OutOfMemory;
        context->Umask = record.Umask;
        tracker.Adopt(&context->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        FileContextRecord record = Reread<FileContextRecord>(payload);
        ids[0] = record.Root;
        ids[1] = record.CurrentDirectory;
        return 2;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        FileContext* context = (FileContext*)header;
        FileContextRecord record = Reread<FileContextRecord>(payload);
        context->Root = (Inode*)tracker.Find(record.Root, ObjectKind.Inode);
        context->CurrentDirectory = (Inode*)tracker.Find(record.CurrentDirectory, ObjectKind.Inode);
        if (context->Root == null || context->CurrentDirectory == null)
            return RestoreStatus.MissingReference;
        Files.Inodes.Hold(context->Root);
        Files.Inodes.Hold(context->CurrentDirectory);
        return AreDirectories(context) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}
