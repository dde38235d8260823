using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a timerfd. Times are on the clock that it counts.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TimerFileRecord
{
    public const int Bytes = 56;

    public ObjectId File;
    public TimerFileClock Clock;
    public TimerFileFlags Flags;
    public ulong ExpiryNanoseconds;
    public ulong IntervalNanoseconds;
    public ulong Ticks;
    public ulong LeadNanoseconds;
    public TimerFileState State;
    public uint Reserved;
}

/// <summary>What a timerfd is doing. The values are part of the record format.</summary>
[Flags]
public enum TimerFileState : uint
{
    None = 0,
    Armed = 1,
    Expired = 2,
    Canceled = 4,
    All = 7,
}

/// <summary>Captures timerfds; a restored one is armed against the clocks as they are now.</summary>
public sealed unsafe class TimerFileCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.TimerFile;
    public override int LargestPayload => sizeof(TimerFileRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((TimerFile*)header));

    private static TimerFileRecord Describe(TimerFile* timer)
        => new()
        {
            File = IdOf(&timer->File->Header),
            Clock = timer->Clock,
            Flags = timer->Flags,
            ExpiryNanoseconds = timer->ExpiryNanoseconds,
            IntervalNanoseconds = timer->IntervalNanoseconds,
            Ticks = timer->Ticks,
            LeadNanoseconds = timer->LeadNanoseconds,
            State = (timer->IsArmed ? TimerFileState.Armed : TimerFileState.None)
                | (timer->IsExpired ? TimerFileState.Expired : TimerFileState.None)
                | (timer->IsCanceled ? TimerFileState.Canceled : TimerFileState.None),
        };

    // What is armed or has expired has an expiry, and what stands still has counted at least that.
    private static bool IsValid(in TimerFileRecord record)
    {
        TimerFileState running = record.State & (TimerFileState.Armed | TimerFileState.Expired);
        bool isOfRealtime = record.Clock is TimerFileClock.Realtime or TimerFileClock.RealtimeAlarm;
        return (isOfRealtime || record.Clock is TimerFileClock.Monotonic or TimerFileClock.BootTime or TimerFileClock.BootTimeAlarm)
            && (record.Flags & ~TimerFileFlags.All) == 0 && (record.State & ~TimerFileState.All) == 0 && record.Reserved == 0
            && record.ExpiryNanoseconds <= TimerFile.LatestNanoseconds && record.IntervalNanoseconds <= TimerFile.LatestNanoseconds
            && (running == TimerFileState.None || record.ExpiryNanoseconds != 0)
            && running != (TimerFileState.Armed | TimerFileState.Expired)
            && ((record.State & TimerFileState.Canceled) == 0 || (isOfRealtime && record.Flags == TimerFileFlags.All));
    }

    public override bool IsSound(ObjectHeader* header)
    {
        TimerFile* timer = (TimerFile*)header;
        return IsLive(timer->File, ObjectKind.OpenFile) && IsWhole(timer) && IsValid(Describe(timer));
    }

    private static bool IsWhole(TimerFile* timer) => timer->File->Attachment == &timer->Header && timer->File->Kind == FileKind.Timer;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out TimerFileRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        TimerFile* timer = Files.State.TimerFiles.Allocate();
        if (timer == null)
            return RestoreStatus.OutOfMemory;
        timer->Clock = record.Clock;
        timer->Flags = record.Flags;
        timer->ExpiryNanoseconds = record.ExpiryNanoseconds;
        timer->IntervalNanoseconds = record.IntervalNanoseconds;
        timer->Ticks = record.Ticks;
        timer->LeadNanoseconds = record.LeadNanoseconds;
        timer->IsArmed = (record.State & TimerFileState.Armed) != 0;
        timer->IsExpired = (record.State & TimerFileState.Expired) != 0;
        timer->IsCanceled = (record.State & TimerFileState.Canceled) != 0;
        tracker.Adopt(&timer->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        TimerFile* timer = (TimerFile*)header;
        timer->File = (OpenFile*)tracker.Find(Reread<TimerFileRecord>(payload).File, ObjectKind.OpenFile);
        return timer->File == null ? RestoreStatus.MissingReference : RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        if (!IsWhole((TimerFile*)header))
            return RestoreStatus.BadRecord;
        Files.TimerFiles.Restored((TimerFile*)header);
        return RestoreStatus.Ok;
    }
}
