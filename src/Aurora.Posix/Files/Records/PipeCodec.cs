using System;
using System.Numerics;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>The state record of a pipe; its bytes are the pages of its memory object.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PipeRecord
{
    public const int Bytes = 40;

    public ObjectId Inode;
    public ObjectId Data;
    public uint Capacity;
    public uint Head;
    public uint Length;
    public uint ReaderOpens;
    public uint WriterOpens;

    /// <summary>Ignored; was once written.</summary>
    public uint Reserved;
}

/// <summary>Captures pipes and puts them back; their ends are counted as the open files come back.</summary>
public sealed unsafe class PipeCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.Pipe;
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
        };

    public override bool IsSound(ObjectHeader* header)
    {
        Pipe* pipe = (Pipe*)header;
        PipeRecord record = Describe(pipe);
        return IsValid(in record) && IsLive(pipe->Inode, ObjectKind.Inode) && pipe->Inode->IsFifo && pipe->Inode->Pipe == pipe
            && (pipe->Data == null || (IsHeld(pipe->Data, ObjectKind.MemoryObject) && HasRoom(pipe)));
    }

    private static bool IsValid(in PipeRecord record)
        => BitOperations.IsPow2(record.Capacity) && record.Capacity is >= PageSize.Bytes and <= Pipe.LargestCapacity
            && record.Head < record.Capacity && record.Length <= record.Capacity && (record.Length == 0 || !record.Data.IsNone);

    private static bool HasRoom(Pipe* pipe) => pipe->Data->SizePages >= pipe->Capacity >> PageSize.Shift;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out PipeRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        Pipe* pipe = Files.PipeSlab.Allocate();
        if (pipe == null)
            return RestoreStatus.OutOfMemory;
        pipe->Capacity = record.Capacity;
        pipe->Head = record.Head;
        pipe->Length = record.Length;
        pipe->ReaderOpens = record.ReaderOpens;
        pipe->WriterOpens = record.WriterOpens;
        tracker.Adopt(&pipe->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Pipe* pipe = (Pipe*)header;
        PipeRecord record = Reread<PipeRecord>(payload);
        pipe->Inode = (Inode*)tracker.Find(record.Inode, ObjectKind.Inode);
        if (pipe->Inode == null)
            return RestoreStatus.MissingReference;
        if (!pipe->Inode->IsFifo || pipe->Inode->Pipe != null)
            return RestoreStatus.BadRecord;
        pipe->Inode->Pipe = pipe;
        if (record.Data.IsNone)
            return RestoreStatus.Ok;
        pipe->Data = (VmObject*)tracker.Find(record.Data, ObjectKind.MemoryObject);
        if (pipe->Data == null)
            return RestoreStatus.MissingReference;
        Files.Memory.Retain(pipe->Data);
        return HasRoom(pipe) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}
