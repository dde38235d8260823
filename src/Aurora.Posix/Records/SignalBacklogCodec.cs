using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Records;

/// <summary>The state record of a piece of the signals behind a queue; Count of them follow, oldest first.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SignalBacklogRecord
{
    public const int Bytes = 16;

    /// <summary>A thread or a process.</summary>
    public ObjectId Owner;
    public int Count;
    public int Reserved;
}

/// <summary>Captures signals behind queues; restored, pieces are in order of their ids.</summary>
public sealed unsafe class SignalBacklogCodec(SignalQueue signals) : RecordCodec
{
    public override ObjectKind Kind => ObjectKind.SignalBacklog;
    public override int LargestPayload => sizeof(SignalBacklogRecord) + (SignalBacklog.Capacity * SignalInfo.Bytes);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        SignalBacklog* piece = (SignalBacklog*)header;
        int length = Write(payload, new SignalBacklogRecord { Owner = piece->Owner->Id, Count = piece->Count });
        int bytes = piece->Count * SignalInfo.Bytes;
        new ReadOnlySpan<byte>(piece->Storage, bytes).CopyTo(payload[length..]);
        return length + bytes;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        SignalBacklog* piece = (SignalBacklog*)header;
        return HasLiveOwner(piece) && IsValid(piece, SignalQueue.PendingOf(piece->Owner)->Set);
    }

    private static bool HasLiveOwner(SignalBacklog* piece)
        => IsLive(piece->Owner, ObjectKind.Thread)
            || (IsLive(piece->Owner, ObjectKind.Process) && ((Process*)piece->Owner)->State == ProcessState.Alive);

    private static bool IsValid(SignalBacklog* piece, SignalSet pending)
    {
        if (piece->Count is < 1 or > SignalBacklog.Capacity)
            return false;
        SignalSet set = default;
        for (int i = 0; i < piece->Count; i++)
        {
            if (!SignalRecords.IsValid(in SignalBacklog.Of(piece)[i], pending))
                return false;
            set = set.With(SignalBacklog.Of(piece)[i].Signal);
        }
        return set.Bits == piece->Set.Bits;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out SignalBacklogRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> tail = payload[sizeof(SignalBacklogRecord)..];
        if (record.Reserved != 0 || record.Count is < 1 or > SignalBacklog.Capacity || tail.Length != record.Count * SignalInfo.Bytes)
            return RestoreStatus.BadRecord;
        SignalBacklog* piece = signals.AllocatePiece();
        if (piece == null)
            return RestoreStatus.OutOfMemory;
        tail.CopyTo(new Span<byte>(piece->Storage, tail.Length));
        piece->Count = record.Count;
        tracker.Adopt(&piece->Header, Kind, id);
        for (int i = 0; i < piece->Count; i++)
        {
            if (!SignalRecords.IsValid(in SignalBacklog.Of(piece)[i], new SignalSet(ulong.MaxValue)))
                return RestoreStatus.BadRecord;
            piece->Set = piece->Set.With(SignalBacklog.Of(piece)[i].Signal);
        }
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        SignalBacklog* piece = (SignalBacklog*)header;
        ObjectHeader* owner = tracker.Find(Reread<SignalBacklogRecord>(payload).Owner);
        if (owner == null || owner->Kind is not (ObjectKind.Thread or ObjectKind.Process))
            return RestoreStatus.MissingReference;
        piece->Owner = owner;
        if (!HasLiveOwner(piece) || !IsValid(piece, SignalQueue.PendingOf(owner)->Set))
            return RestoreStatus.BadRecord;
        SignalQueue.LinkPiece(piece);
        return RestoreStatus.Ok;
    }

    // A thread knows its process, and that its user, only when all are linked.
    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => signals.Account((SignalBacklog*)header) ? RestoreStatus.Ok : RestoreStatus.OutOfMemory;
}
