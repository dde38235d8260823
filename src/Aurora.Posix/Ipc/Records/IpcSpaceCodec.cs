using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>Which ids a group has given of one kind of System V object.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IpcTableRecord
{
    public int Sequence, NextIndex, ChosenId, Reserved;

    internal static unsafe IpcTableRecord Of(IpcTable* table)
        => new() { Sequence = table->Sequence, NextIndex = table->NextIndex, ChosenId = table->ChosenId };

    internal readonly bool IsValid => Reserved == 0 && IpcTable.IsValid(Sequence, NextIndex, ChosenId);

    internal readonly unsafe void Fill(IpcTable* table)
    {
        table->Sequence = Sequence;
        table->NextIndex = NextIndex;
        table->ChosenId = ChosenId;
    }
}

/// <summary>The state record of the System V objects of a group as a whole.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IpcSpaceRecord
{
    public const int Bytes = 144;

    /// <summary>Version 1 ends before Named.</summary>
    public const int BytesOfVersion1 = 96;

    public IpcSettings Settings;
    public IpcTableRecord Segments, Sets, Queues;
    public IpcTableRecord Named;
    public NamedQueueSettings NamedSettings;
    public int Reserved;
    public long NamesChanged;
}

/// <summary>Captures what a group has given of ids, and its limits; restored before its objects are linked.</summary>
public sealed unsafe class IpcSpaceCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.IpcSpace;
    public override int LargestPayload => sizeof(IpcSpaceRecord);

    /// <summary>Version 1 had no POSIX message queues.</summary>
    public override byte Version => 2;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((IpcSpace*)header));

    public override bool IsSound(ObjectHeader* header)
        => header == &Ipc.State.Of(header)->Header && IsValid(Describe((IpcSpace*)header));

    private static IpcSpaceRecord Describe(IpcSpace* space) => new()
    {
        Settings = space->Settings,
        Segments = IpcTableRecord.Of(&space->Segments),
        Sets = IpcTableRecord.Of(&space->Sets),
        Queues = IpcTableRecord.Of(&space->Queues),
        Named = IpcTableRecord.Of(&space->Named),
        NamedSettings = space->NamedSettings,
        NamesChanged = space->NamesChanged,
    };

    private static bool IsValid(in IpcSpaceRecord record)
        => record.Settings.IsValid && record.Segments.IsValid && record.Sets.IsValid && record.Queues.IsValid && record.Named.IsValid
            && record.NamedSettings.IsValid && record.NamesChanged >= 0 && record.Reserved == 0;

    private RestoreStatus ReadAny(byte version, ReadOnlySpan<byte> payload, out IpcSpaceRecord record)
    {
        if (version != 1)
            return ReadExactly(version, payload, out record);
        record = default;
        if (payload.Length != IpcSpaceRecord.BytesOfVersion1)
            return RestoreStatus.BadRecord;
        Span<byte> whole = stackalloc byte[IpcSpaceRecord.Bytes];
        whole.Clear();
        payload.CopyTo(whole);
        record = Reread<IpcSpaceRecord>(whole);
        record.Named.ChosenId = -1;
        record.NamedSettings = NamedQueueSettings.Default;
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadAny(version, payload, out IpcSpaceRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record) || Ipc.State.Of(tracker) != null)
            return RestoreStatus.BadRecord;
        IpcSpace* space = Ipc.State.Allocate(tracker);
        if (space == null)
            return RestoreStatus.OutOfMemory;
        space->Settings = record.Settings;
        record.Segments.Fill(&space->Segments);
        record.Sets.Fill(&space->Sets);
        record.Queues.Fill(&space->Queues);
        record.Named.Fill(&space->Named);
        space->NamedSettings = record.NamedSettings;
        space->NamesChanged = record.NamesChanged;
        tracker.Adopt(&space->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload) => RestoreStatus.Ok;
}
