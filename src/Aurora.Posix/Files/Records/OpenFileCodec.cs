using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an open file. Versions before 3 end before OwnerObject.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenFileRecord
{
    public const int Bytes = 88;
    public const int BytesOfVersion2 = 48;

    public ObjectId Inode;
    public ulong Offset;
    public ObjectId Attachment;
    public uint Flags;
    public FileKind Kind;
    public byte OwnerIsThread;

    /// <summary>Events that its owner has not been told of.</summary>
    public ushort AsyncPosted;
    public int Owner;
    public int OwnerSignal;
    public uint WriterOpens;
    public uint AsyncPlace;
    public ObjectId OwnerObject;
    public uint OwnerUid, OwnerEffectiveUid;
    public FileLease Lease;
}

/// <summary>Captures open files and puts them back; drivers hear of theirs (FileOperations.Restored).</summary>
public sealed unsafe class OpenFileCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.OpenFile;

    /// <summary>
    /// Version 1 had no owners that are threads; version 2 knew owners by their numbers alone, and had no leases.
    /// </summary>
    public override byte Version => 3;

    protected override byte OldestVersion => 1;
    public override int LargestPayload => sizeof(OpenFileRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((OpenFile*)header));

    private static OpenFileRecord Describe(OpenFile* file)
        => new()
        {
            Inode = file->Inode->Header.Id,
            Offset = file->Offset,
            Attachment = IdOf(file->Attachment),
            Flags = file->Flags,
            Kind = file->Kind,
            Owner = file->Owner.Id,
            OwnerSignal = file->Owner.Signal,
            OwnerIsThread = file->Owner.IsThread ? (byte)1 : (byte)0,
            OwnerObject = file->Owner.Object,
            OwnerUid = file->Owner.Uid,
            OwnerEffectiveUid = file->Owner.EffectiveUid,
            WriterOpens = file->WriterOpens,
            AsyncPosted = (ushort)file->Watcher.Posted,
            AsyncPlace = file->AsyncPlace,
            Lease = file->Lease,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        OpenFile* file = (OpenFile*)header;
        return (header->References > 0 || file->IsClosing)
            && IsLive(file->Inode, ObjectKind.Inode) && IsValid(Describe(file)) && HasKindOf(file, file->Inode)
            && (file->Attachment == null || (MayAttach(file->Kind) && IsLive(file->Attachment, file->Attachment->Kind))) && IsServed(file);
    }

    private static bool IsValid(in OpenFileRecord record)
        => (record.Flags & ~(OpenFlags.Kept | OpenFlags.Opening)) == 0 && record.Offset <= long.MaxValue && OwnerOf(in record).IsValid
            && record.Lease.IsValid && (record.Lease.Kind == LeaseKind.None || record.Kind == FileKind.Regular)
            && IsAsyncValid(in record);

    private static bool IsAsyncValid(in OpenFileRecord record)
        => (record.AsyncPosted & ~(OpenFile.PostedIn | OpenFile.PostedOut)) == 0 && record.AsyncPlace <= 1U << 31
            && (record.AsyncPosted == 0 || record.AsyncPlace != 0)
            && (record.AsyncPlace == 0 || ((record.Flags & OpenFlags.Async) != 0
                && (record.Kind is FileKind.Pipe or FileKind.Device or FileKind.Socket or FileKind.Inotify)));

    private static FileOwner OwnerOf(in OpenFileRecord record)
        => new()
        {
            Id = record.Owner,
            Signal = record.OwnerSignal,
            IsThread = record.OwnerIsThread != 0,
            Object = record.OwnerObject,
            Uid = record.OwnerUid,
            EffectiveUid = record.OwnerEffectiveUid,
        };

    private static bool HasKindOf(OpenFile* file, Inode* inode)
    {
        bool isPathOnly = (file->Flags & OpenFlags.Path) != 0;
        if (inode->IsAnonymousFile && !isPathOnly)
            return IsOfAnonymousFile(file->Kind);
        return file->Kind != FileKind.None && file->Kind == (isPathOnly ? FileKind.PathOnly : OpenFiles.KindOf(inode));
    }

    private static bool IsOfAnonymousFile(FileKind kind)
        => kind is FileKind.EventCounter or FileKind.Timer or FileKind.Signals or FileKind.ProcessHandle or FileKind.EventPoll
            or FileKind.Inotify;

    // What devices attach, and what anonymous files are for; others would lead to an object that is not theirs.
    private static bool MayAttach(FileKind kind) => kind is FileKind.Device or FileKind.Socket || IsOfAnonymousFile(kind);

    private bool IsServed(OpenFile* file) => Files.OpenFiles.OperationsOf(file) is { } operations && operations.IsSound(file);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        int bytes = version <= 2 ? OpenFileRecord.BytesOfVersion2 : OpenFileRecord.Bytes;
        RestoreStatus status = ReadGrown(version, payload, bytes, out OpenFileRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        OpenFile* file = Files.State.OpenFiles.Allocate();
        if (file == null)
            return RestoreStatus.OutOfMemory;
        file->Offset = record.Offset;
        file->Flags = record.Flags;
        file->Kind = record.Kind;
        file->Owner = OwnerOf(in record);
        file->Lease = record.Lease;
        file->WriterOpens = record.WriterOpens;
        file->AsyncPlace = record.AsyncPlace;
        file->Watcher.Posted = record.AsyncPosted;
        tracker.Adopt(&file->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        ids[0] = RereadGrown<OpenFileRecord>(payload).Inode;
        return 1;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        OpenFile* file = (OpenFile*)header;
        OpenFileRecord record = RereadGrown<OpenFileRecord>(payload);
        Inode* inode = (Inode*)tracker.Find(record.Inode, ObjectKind.Inode);
        if (inode == null)
            return RestoreStatus.MissingReference;
        if (!HasKindOf(file, inode) || (!record.Attachment.IsNone && !MayAttach(file->Kind)))
            return RestoreStatus.BadRecord;
        file->Inode = inode;
        Files.Inodes.Hold(inode);
        file->Attachment = record.Attachment.IsNone ? null : tracker.Find(record.Attachment);
        if (file->Attachment == null && !record.Attachment.IsNone)
            return RestoreStatus.MissingReference;
        bool isAttached = file->Kind switch
        {
            FileKind.EventPoll => EventPolls.Attach(file),
            FileKind.Inotify => InotifyWatches.Attach(file),
            FileKind.ProcessHandle => ProcessHandleOperations.Restore(file),
            FileKind.Socket => SocketBooks.Restore(file),
            FileKind.Device when file->Attachment != null => Files.OpenFiles.OperationsOf(file)?.Linked(file) ?? false,
            _ => true,
        };
        return isAttached ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        OpenFile* file = (OpenFile*)header;
        FileOperations? operations = Files.OpenFiles.OperationsOf(file);
        if (operations is null || !operations.IsSound(file) || (file->AsyncPlace != 0 && !operations.CanWatch(file)))
            return RestoreStatus.MissingReference;
        operations.Restored(file);
        uint posted = file->Watcher.Posted;
        file->Watcher.Posted = 0;
        if (!Files.Watching.Restore(file, posted))
            return RestoreStatus.OutOfMemory;
        OpenFiles.CountOpening(file, 1);
        if (file->Lease.Kind != LeaseKind.None)
            FileLeases.Attach(file);
        if (header->References == 0)
            Files.OpenFiles.PutOff(file);
        return RestoreStatus.Ok;
    }
}
