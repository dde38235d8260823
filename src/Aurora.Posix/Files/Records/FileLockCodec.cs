using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an advisory lock.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileLockRecord
{
    public const int Bytes = 40;

    public ObjectId Inode;
    public ObjectId Owner;
    public ulong Start;
    public ulong End;
    public int Process;
    public byte IsWholeFile;
    public byte IsExclusive;
    public ushort Reserved;
}

/// <summary>Captures advisory locks and puts them back.</summary>
public sealed unsafe class FileLockCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.FileLock;
    public override int LargestPayload => FileLockRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        FileLock* held = (FileLock*)header;
        return Write(payload, new FileLockRecord
        {
            Inode = held->Inode->Header.Id,
            Owner = held->Owner,
            Start = held->Start,
            End = held->End,
            Process = held->Process,
            IsWholeFile = held->IsWholeFile ? (byte)1 : (byte)0,
            IsExclusive = held->IsExclusive ? (byte)1 : (byte)0,
        });
    }

    public override bool IsSound(ObjectHeader* header)
    {
        FileLock* held = (FileLock*)header;
        return IsValid(held->Start, held->End) && IsLive(held->Inode, ObjectKind.Inode)
            && Files.State.TrackerOf(header).Find(held->Owner, held->OwnerKind) != null;
    }

    private static bool IsValid(ulong start, ulong end) => start <= end;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out FileLockRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(record.Start, record.End))
            return RestoreStatus.BadRecord;
        FileLock* held = Files.Locks.Allocate();
        if (held == null)
            return RestoreStatus.OutOfMemory;
        held->Owner = record.Owner;
        held->Start = record.Start;
        held->End = record.End;
        held->Process = record.Process;
        held->IsWholeFile = record.IsWholeFile != 0;
        held->IsExclusive = record.IsExclusive != 0;
        tracker.Adopt(&held->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        ids[0] = Reread<FileLockRecord>(payload).Inode;
        return 1;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        FileLock* held = (FileLock*)header;
        Inode* inode = (Inode*)tracker.Find(Reread<FileLockRecord>(payload).Inode, ObjectKind.Inode);
        if (inode == null || tracker.Find(held->Owner, held->OwnerKind) == null)
            return RestoreStatus.MissingReference;
        FileLocks.Attach(inode, held);
        return RestoreStatus.Ok;
    }
}
