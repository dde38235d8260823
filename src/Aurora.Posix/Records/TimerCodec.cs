using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Time;

namespace Aurora.Posix.Records;

/// <summary>Which clock a timer was made for and which it counts.</summary>
public enum TimerClock
{
    Monotonic = 0,
    Realtime = 1,

    /// <summary>Made for real time, set relatively: counts monotonic time. Not in records of versions that knew no difference.</summary>
    RealtimeRelative = 2,

    /// <summary>Processor time of Target: all of it, and the program's alone.</summary>
    ProcessorTime = 3,
    ProcessorUserTime = 4,
}

/// <summary>The state record of a POSIX timer. On-disk format, version 2: version 1 ends before Target.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TimerRecord
{
    public const int Bytes = 72;
    public const int BytesOfVersion1 = 64;

    public ObjectId Process;
    public int Id;
    public TimerNotify Notify;
    public int Signal;
    public int ThreadId;
    public ulong Value;
    public ulong IntervalNanoseconds;

    /// <summary>On the clock it counts: session-monotonic or real time.</summary>
    public ulong ExpiryNanoseconds;
    public int Reserved;
    public int Overruns;
    public TimerClock Clock;
    public TimerPhase Phase;

    /// <summary>
    /// The thread of the process, or the process, whose processor time it counts; it may have ended. None for other clocks.
    /// </summary>
    public ObjectId Target;
}

/// <summary>Captures POSIX timers; a restored one is armed against the clocks as they are now.</summary>
public sealed unsafe class TimerCodec(TimerService timers) : RecordCodec
{
    public override ObjectKind Kind => ObjectKind.Timer;
    public override byte Version => 2;
    public override int LargestPayload => sizeof(TimerRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((Timer*)header));

    // A timer that only counts has no use for a signal: Linux lets programs leave that field as it was.
    private static bool IsValid(in TimerRecord record)
        => (uint)record.Clock <= (uint)TimerClock.ProcessorUserTime && record.Clock >= TimerClock.ProcessorTime == !record.Target.IsNone
            && record.Reserved == 0 && (uint)record.Phase <= (uint)TimerPhase.Refused
            && (record.Notify == TimerNotify.None
            || (record.Notify is TimerNotify.Signal or TimerNotify.LibraryThread or TimerNotify.ThreadSignal
                && record.Signal is >= 1 and <= (int)Signal.Last));

    private static TimerRecord Describe(Timer* timer)
        => new()
        {
            Process = timer->Process->Header.Id,
            Id = timer->Id,
            Notify = timer->Notify,
            Signal = timer->Signal,
            ThreadId = timer->ThreadId,
            Value = timer->Value,
            IntervalNanoseconds = timer->IntervalNanoseconds,
            ExpiryNanoseconds = timer->ExpiryNanoseconds,
            Phase = timer->Phase,
            Overruns = timer->Overruns,
            Target = timer->Target,
            Clock = timer->Processor != ProcessorClock.None
                ? timer->Processor == ProcessorClock.All ? TimerClock.ProcessorTime : TimerClock.ProcessorUserTime
                : !timer->IsRealtime ? TimerClock.Monotonic : timer->IsRelative ? TimerClock.RealtimeRelative : TimerClock.Realtime,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        TimerRecord record = Describe((Timer*)header);
        return IsValid(in record) && IsLive(((Timer*)header)->Process, ObjectKind.Process)
            && ((Timer*)header)->Process->State == ProcessState.Alive
            && ((Timer*)header)->Processor <= ProcessorClock.User && timers.MayCount((Timer*)header);
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is < 1 or > 2)
            return RestoreStatus.UnknownVersion;
        TimerRecord record = default;
        int length = version == 1 ? TimerRecord.BytesOfVersion1 : TimerRecord.Bytes;
        if (payload.Length != length)
            return RestoreStatus.BadRecord;
        payload.CopyTo(new Span<byte>(&record, length));
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        Timer* timer = timers.Allocate();
        if (timer == null)
            return RestoreStatus.OutOfMemory;
        timer->Id = record.Id;
        timer->Notify = record.Notify;
        timer->Signal = record.Signal;
        timer->ThreadId = record.ThreadId;
        timer->Value = record.Value;
        timer->IntervalNanoseconds = record.IntervalNanoseconds;
        timer->ExpiryNanoseconds = record.ExpiryNanoseconds;
        timer->Phase = record.Phase;
        timer->Overruns = record.Overruns;
        timer->Target = record.Target;
        timer->Processor = record.Clock switch
        {
            TimerClock.ProcessorTime => ProcessorClock.All,
            TimerClock.ProcessorUserTime => ProcessorClock.User,
            _ => ProcessorClock.None,
        };
        timer->IsRealtime = record.Clock is TimerClock.Realtime or TimerClock.RealtimeRelative;
        timer->IsRelative = record.Clock == TimerClock.RealtimeRelative;
        tracker.Adopt(&timer->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Process* process = (Process*)tracker.Find(MemoryMarshal.Read<ObjectId>(payload), ObjectKind.Process);
        if (process == null)
            return RestoreStatus.MissingReference;
        if (process->State != ProcessState.Alive)
            return RestoreStatus.BadRecord;
        TimerService.Link(process, (Timer*)header);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        if (!timers.MayCount((Timer*)header))
            return RestoreStatus.BadRecord;
        timers.Rearm((Timer*)header);
        return timers.Account(((Timer*)header)->Process) ? RestoreStatus.Ok : RestoreStatus.OutOfMemory;
    }
}
