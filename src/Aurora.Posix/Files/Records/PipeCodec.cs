using System;
using System.Numerics;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>The state record of a pipe; its bytes are the pages of its memory objects. Version 1 ends before Rest.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PipeRecord
{
    public const int Bytes = 56;
    public const int BytesOfVersion1 = 40;

    public ObjectId Inode;
    public ObjectId Data;
    public uint Capacity;
    public uint Head;
    public uint Length;
    public uint ReaderOpens;
    public uint WriterOpens;

    /// <summary>Ignored; was once written.</summary>
    public uint Reserved;
    public ObjectId Rest;
    public uint RestHead;
    public uint RestLength;
}

/// <summary>Captures pipes and puts them back; their ends are counted as the open files come back.</summary>
public sealed unsafe class PipeCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.Pipe;

    /// <summary>Version 1 had no rests.</summary>
    public override byte Version => 2;

    protected override byte OldestVersion => 1;
    public override int LargestPayload => sizeof(PipeRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        PipeRecord record = Describe((Pipe*)header);
        return Write(payload, in record);
    }

    private static PipeRecord Describe(Pipe* pipe)
        => new()
        {
            Inode = pipe->Inode->Header.Id,
            Data = pipe->Data == null ? default : pipe->Data->Header.Id,
            Capacity = pipe->Capacity,
            Head = pipe->Head,
            Length = pipe->Length,
            ReaderOpens = pipe->ReaderOpens,
            WriterOpens = pipe->WriterOpens,
            Rest = pipe->Rest == null ? default : pipe->Rest->Header.Id,
            RestHead = pipe->RestHead,
            RestLength = pipe->RestLength,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        Pipe* pipe = (Pipe*)header;
        PipeRecord record = Describe(pipe);
        return IsValid(in record) && IsLive(pipe->Inode, ObjectKind.Inode) && pipe->Inode->IsFifo && pipe->Inode->Pipe == pipe
            && (pipe->Data == null || IsHeld(pipe->Data, ObjectKind.MemoryObject))
            && (pipe->Rest == null || IsHeld(pipe->Rest, ObjectKind.MemoryObject)) && HasRoom(pipe) && AreContents(pipe);
    }

    private static bool IsValid(in PipeRecord record)
        => BitOperations.IsPow2(record.Capacity) && record.Capacity is >= PageSize.Bytes and <= Pipe.LargestCapacity
            && record.Head < record.Capacity && record.Length <= record.Capacity && record.RestLength <= record.Length
            && (record.Length == record.RestLength || !record.Data.IsNone)
            && (record.Rest.IsNone ? record.RestHead == 0 && record.RestLength == 0 : record.Head == 0 && record.RestLength > 0);

    private static bool HasRoom(Pipe* pipe)
    {
        ulong restBytes = pipe->Rest == null ? 0 : pipe->Rest->SizePages << PageSize.Shift;
        return (pipe->Data == null || pipe->Data->SizePages == pipe->Capacity >> PageSize.Shift)
            && (pipe->Rest == null || (pipe->RestHead < restBytes && pipe->RestLength <= restBytes));
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status =
            ReadGrown(version, payload, version == 1 ? PipeRecord.BytesOfVersion1 : PipeRecord.Bytes, out PipeRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        Pipe* pipe = Files.State.Pipes.Allocate();
        if (pipe == null)
            return RestoreStatus.OutOfMemory;
        pipe->Capacity = record.Capacity;
        pipe->Head = record.Head;
        pipe->Length = record.Length;
        pipe->Produced = record.Length;
        pipe->ReaderOpens = record.ReaderOpens;
        pipe->WriterOpens = record.WriterOpens;
        pipe->RestHead = record.RestHead;
        pipe->RestLength = record.RestLength;
        tracker.Adopt(&pipe->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        ids[0] = RereadGrown<PipeRecord>(payload).Inode;
        return 1;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Pipe* pipe = (Pipe*)header;
        PipeRecord record = RereadGrown<PipeRecord>(payload);
        pipe->Inode = (Inode*)tracker.Find(record.Inode, ObjectKind.Inode);
        if (pipe->Inode == null)
            return RestoreStatus.MissingReference;
        if (!pipe->Inode->IsFifo || pipe->Inode->Pipe != null)
            return RestoreStatus.BadRecord;
        pipe->Inode->Pipe = pipe;
        if (!Take(tracker, record.Data, out pipe->Data) || !Take(tracker, record.Rest, out pipe->Rest))
            return RestoreStatus.MissingReference;
        return HasRoom(pipe) && AreContents(pipe) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    private static bool AreContents(Pipe* pipe)
        => (pipe->Data == null || pipe->Data->MayBeContents) && (pipe->Rest == null || pipe->Rest->MayBeContents);

    private bool Take(ObjectTracker tracker, ObjectId id, out VmObject* pages)
    {
        pages = (VmObject*)tracker.Find(id, ObjectKind.MemoryObject);
        if (pages != null)
            Files.Memory.Objects.Retain(pages);
        return pages != null || id.IsNone;
    }
}
