using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Files;

/// <summary>The state record of a signalfd.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SignalFileRecord
{
    public const int Bytes = 16;

    public ObjectId File;
    public SignalSet Mask;
}

/// <summary>Captures signalfds and puts them back.</summary>
public sealed unsafe class SignalFileCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.SignalFile;
    public override int LargestPayload => sizeof(SignalFileRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        SignalFile* signals = (SignalFile*)header;
        return Write(payload, new SignalFileRecord { File = IdOf(&signals->File->Header), Mask = signals->Mask });
    }

    public override bool IsSound(ObjectHeader* header)
    {
        SignalFile* signals = (SignalFile*)header;
        return IsLive(signals->File, ObjectKind.OpenFile) && IsWhole(signals) && IsValid(signals->Mask);
    }

    private static bool IsValid(SignalSet mask) => mask.And(SignalSet.Unstoppable).IsEmpty;

    private static bool IsWhole(SignalFile* signals)
        => signals->File->Attachment == &signals->Header && signals->File->Kind == FileKind.Signals;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out SignalFileRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(record.Mask))
            return RestoreStatus.BadRecord;
        SignalFile* signals = Files.State.SignalFiles.Allocate();
        if (signals == null)
            return RestoreStatus.OutOfMemory;
        signals->Mask = record.Mask;
        tracker.Adopt(&signals->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        SignalFile* signals = (SignalFile*)header;
        signals->File = (OpenFile*)tracker.Find(Reread<SignalFileRecord>(payload).File, ObjectKind.OpenFile);
        return signals->File == null ? RestoreStatus.MissingReference : RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((SignalFile*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
