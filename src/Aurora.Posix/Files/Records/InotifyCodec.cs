using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an inotify instance; its watches and events say the rest.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InotifyRecord
{
    public const int Bytes = 24;

    /// <summary>The event behind which events have been lost; none: before all there are.</summary>
    public ObjectId OverflownBehind;
    public uint Uid;
    public uint Capacity;
    public int NextNumber;

    /// <summary>1 when events have been lost.</summary>
    public uint HasOverflown;
}

/// <summary>Captures inotify instances and puts them back; open files take theirs.</summary>
public sealed unsafe class InotifyCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.Inotify;
    public override int LargestPayload => InotifyRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((Inotify*)header));

    private static InotifyRecord Describe(Inotify* instance)
        => new()
        {
            OverflownBehind = instance->OverflownBehind == null ? default : instance->OverflownBehind->Header.Id,
            Uid = instance->Uid,
            Capacity = instance->Capacity,
            NextNumber = instance->NextNumber,
            HasOverflown = instance->HasOverflown ? 1U : 0,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        Inotify* instance = (Inotify*)header;
        return IsLive(instance->File, ObjectKind.OpenFile) && InotifyWatches.Of(instance->File) == instance
            && IsLiveOrNone(instance->OverflownBehind, ObjectKind.InotifyEvent) && IsValid(Describe(instance)) && IsWhole(instance);
    }

    private static bool IsValid(in InotifyRecord record)
        => record.Capacity <= int.MaxValue && record.NextNumber > 0 && record.HasOverflown <= 1
            && (record.OverflownBehind.IsNone || record.HasOverflown == 1);

    private static bool IsWhole(Inotify* instance)
        => instance->EventCount <= instance->Capacity
            && (instance->OverflownBehind == null || instance->OverflownBehind->Instance == instance);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out InotifyRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        Inotify* instance = Files.State.Inotifies.Allocate();
        if (instance == null)
            return RestoreStatus.OutOfMemory;
        instance->Uid = record.Uid;
        instance->Capacity = record.Capacity;
        instance->NextNumber = record.NextNumber;
        instance->HasOverflown = record.HasOverflown == 1;
        instance->ReadableBytes = instance->HasOverflown ? (ulong)InotifyEvent.HeadBytes : 0;
        if (!Files.Inotify.Enter(tracker, instance))
        {
            Files.State.Inotifies.Free(instance);
            return RestoreStatus.OutOfMemory;
        }
        tracker.Adopt(&instance->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ObjectId behind = Reread<InotifyRecord>(payload).OverflownBehind;
        if (behind.IsNone)
            return RestoreStatus.Ok;
        var told = (InotifyEvent*)tracker.Find(behind, ObjectKind.InotifyEvent);
        ((Inotify*)header)->OverflownBehind = told;
        return told == null ? RestoreStatus.MissingReference : RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Inotify* instance = (Inotify*)header;
        return instance->File != null && IsWhole(instance) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}
