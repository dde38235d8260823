using System;
using System.Numerics;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a descriptor table: its chunks say everything.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DescriptorTableRecord
{
    public const int Bytes = 8;

    public ulong Reserved;
}

/// <summary>Captures descriptor tables and puts them back; the processes that use one take their references themselves.</summary>
public sealed unsafe class DescriptorTableCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.DescriptorTable;
    public override int LargestPayload => DescriptorTableRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, default(DescriptorTableRecord));

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out DescriptorTableRecord _);
        if (status != RestoreStatus.Ok)
            return status;
        DescriptorTable* table = Files.State.Tables.Allocate();
        if (table == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&table->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload) => RestoreStatus.Ok;

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        if (header->References == 0)
            Files.Descriptors.PutOff((DescriptorTable*)header);
        return RestoreStatus.Ok;
    }
}

/// <summary>The state record of a chunk of descriptors; the ids of the open ones follow in ascending order.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DescriptorChunkRecord
{
    public const int Bytes = 32;

    public ObjectId Table;
    public int Index;
    public int Reserved;

    /// <summary>Bit n: descriptor n is open; is closed by execve.</summary>
    public ulong Open;
    public ulong CloseOnExec;
}

/// <summary>Captures descriptors and puts them back.</summary>
public sealed unsafe class DescriptorChunkCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.DescriptorChunk;
    public override int LargestPayload => DescriptorChunkRecord.Bytes + (DescriptorChunk.Capacity * sizeof(ObjectId));

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        DescriptorChunk* chunk = (DescriptorChunk*)header;
        var record = new DescriptorChunkRecord { Table = chunk->Table->Header.Id, Index = chunk->Index, CloseOnExec = chunk->CloseOnExec };
        int length = DescriptorChunkRecord.Bytes;
        for (int slot = 0; slot < DescriptorChunk.Capacity; slot++)
        {
            OpenFile* file = chunk->FileAt(slot);
            if (file == null)
                continue;
            record.Open |= 1UL << slot;
            length += Write(payload[length..], file->Header.Id);
        }
        Write(payload, in record);
        return length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        DescriptorChunk* chunk = (DescriptorChunk*)header;
        int count = 0;
        ulong open = 0;
        for (int slot = 0; slot < DescriptorChunk.Capacity; slot++)
        {
            OpenFile* file = chunk->FileAt(slot);
            if (file != null && !IsHeld(file, ObjectKind.OpenFile))
                return false;
            open |= file != null ? 1UL << slot : 0;
            count += file != null ? 1 : 0;
        }
        return IsValid(chunk->Index, open, chunk->CloseOnExec) && IsLive(chunk->Table, ObjectKind.DescriptorTable)
            && (chunk->Table->Header.References > 0 || chunk->Table->IsClosing)
            && chunk->Table->ChunkAt(chunk->Index) == chunk && count == chunk->OpenCount;
    }

    private static bool IsValid(int index, ulong open, ulong closeOnExec)
        => (uint)index < DescriptorTable.MaxChunks && (closeOnExec & ~open) == 0;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out DescriptorChunkRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        bool isValid = IsValid(record.Index, record.Open, record.CloseOnExec)
            && payload.Length == DescriptorChunkRecord.Bytes + (BitOperations.PopCount(record.Open) * sizeof(ObjectId));
        if (!isValid)
            return RestoreStatus.BadRecord;
        DescriptorChunk* chunk = Files.State.Chunks.Allocate();
        if (chunk == null)
            return RestoreStatus.OutOfMemory;
        chunk->Index = record.Index;
        chunk->CloseOnExec = record.CloseOnExec;
        tracker.Adopt(&chunk->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        DescriptorChunk* chunk = (DescriptorChunk*)header;
        DescriptorChunkRecord record = Reread<DescriptorChunkRecord>(payload);
        DescriptorTable* table = (DescriptorTable*)tracker.Find(record.Table, ObjectKind.DescriptorTable);
        if (table == null)
            return RestoreStatus.MissingReference;
        if (table->ChunkAt(chunk->Index) != null)
            return RestoreStatus.BadRecord;
        chunk->Table = table;
        table->SetChunk(chunk->Index, chunk);
        int position = DescriptorChunkRecord.Bytes;
        for (int slot = 0; slot < DescriptorChunk.Capacity; slot++)
        {
            if ((record.Open >> slot & 1) == 0)
                continue;
            OpenFile* file = (OpenFile*)tracker.Find(Reread<ObjectId>(payload[position..]), ObjectKind.OpenFile);
            if (file == null)
                return RestoreStatus.MissingReference;
            position += sizeof(ObjectId);
            Files.OpenFiles.Hold(file);
            chunk->SetFile(slot, file);
            chunk->OpenCount++;
            table->OpenCount++;
        }
        return RestoreStatus.Ok;
    }
}
