using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The state record of a chunk of held output; its bytes not yet emitted follow.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct OutputHoldRecord
{
    public const int Size = 16;

    /// <summary>The position of the first byte that follows in the group's whole output.</summary>
    public ulong Start;

    /// <summary>The number of bytes that follow; zero in the last chunk when all of it has been emitted.</summary>
    public uint Length;
    public uint Reserved;
}

/// <summary>Captures held output and puts it back.</summary>
public sealed unsafe class OutputHoldCodec(OutputHold hold) : StateCodec
{
    public override ObjectKind Kind => ObjectKind.OutputHold;
    public override byte Version => 1;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        OutputChunk* chunk = (OutputChunk*)header;
        int length = chunk->Length - chunk->Emitted;
        var record = new OutputHoldRecord { Start = chunk->Start + (ulong)chunk->Emitted, Length = (uint)length };
        MemoryMarshal.Write(payload, in record);
        new ReadOnlySpan<byte>(chunk->Data + chunk->Emitted, length).CopyTo(payload[OutputHoldRecord.Size..]);
        return OutputHoldRecord.Size + length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        OutputChunk* chunk = (OutputChunk*)header;
        return chunk->Emitted >= 0 && chunk->Emitted <= chunk->Length && IsValid(chunk->Start + (ulong)chunk->Emitted, (uint)chunk->Length)
            && IsAdjacent(chunk);
    }

    private static bool IsValid(ulong start, uint length) => length <= OutputChunk.Capacity && start <= long.MaxValue;

    private static bool IsAdjacent(OutputChunk* chunk)
        => chunk->Next == null || (chunk->Length != chunk->Emitted && chunk->Next->Start == chunk->Start + (ulong)chunk->Length);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version != Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length < OutputHoldRecord.Size)
            return RestoreStatus.BadRecord;
        var record = MemoryMarshal.Read<OutputHoldRecord>(payload);
        if (!IsValid(record.Start, record.Length) || payload.Length != OutputHoldRecord.Size + (int)record.Length)
            return RestoreStatus.BadRecord;
        OutputChunk* chunk = hold.Of(tracker).AllocateRecorded();
        if (chunk == null)
            return RestoreStatus.OutOfMemory;
        chunk->Start = record.Start;
        chunk->Length = (int)record.Length;
        payload[OutputHoldRecord.Size..].CopyTo(new Span<byte>(chunk->Data, chunk->Length));
        tracker.Adopt(&chunk->Header, Kind, id);
        hold.Of(tracker).Insert(chunk);
        return RestoreStatus.Ok;
    }

    /// <summary>Refuses chunks that overlap or leave a gap: then the positions would not say which bytes were emitted.</summary>
    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
        => IsAdjacent((OutputChunk*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
