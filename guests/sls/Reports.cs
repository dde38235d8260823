using System;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

/// <summary>The tables that sls prints.</summary>
internal static unsafe class Reports
{
    private const int LineBytes = 256;
    private const long NoEntry = -2;

    /// <summary>The history of a group, or of the caller's.</summary>
    public static int History(byte* group)
    {
        Span<byte> buffer = stackalloc byte[LineBytes];
        var output = new Output(buffer);
        SlsHistoryEntry entry;
        for (int index = 0; ; index++)
        {
            long result = group == null ? GuestCalls.History(index, &entry) : GuestCalls.HistoryOf(group, index, &entry);
            if (result < 0 && !(result == NoEntry && (index != 0 || IsThere(group))))
                return SlsCommand.Report("history"u8, group, result);
            if (index == 0)
                Row(ref output, buffer, "EPOCH"u8, "TAKEN"u8, "BYTES"u8, "BRANCH"u8, "NAME"u8, default);
            if (result < 0)
                return 0;
            output.Number(entry.Epoch);
            output.Column(12);
            TimeOfDay(ref output, entry.RealtimeNanoseconds);
            output.Column(12);
            output.Size(entry.Bytes);
            output.Column(12);
            output.Text((entry.Flags & SlsHistoryEntry.IsLeft) != 0 ? "left"u8 : (entry.Flags & SlsHistoryEntry.IsPresent) != 0 ? "here"u8 : default);
            output.Column(12);
            output.Text(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry.Name));
            output.End(buffer);
        }
    }

    // The caller's group is.
    private static bool IsThere(byte* group)
        => group == null || GroupReports.Exists(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group));

    public static int Statistics(bool isVerbose)
    {
        SlsStatistics s = default;
        long result = GuestCalls.Statistics(&s);
        if (result < 0)
            return SlsCommand.Fail("stat"u8, result);
        Span<byte> buffer = stackalloc byte[LineBytes];
        var output = new Output(buffer);
        Count(ref output, buffer, "checkpoints"u8, s.Checkpoints);
        Count(ref output, buffer, "epoch captured"u8, s.CapturedEpoch);
        Count(ref output, buffer, "epoch durable"u8, s.DurableEpoch);
        Count(ref output, buffer, "epoch restored"u8, s.RestoredEpoch);
        Time(ref output, buffer, "period"u8, s.PeriodNanoseconds);
        Time(ref output, buffer, "stop median"u8, s.StopMedianNanoseconds);
        Time(ref output, buffer, "stop p99"u8, s.StopP99Nanoseconds);
        Time(ref output, buffer, "longest wait"u8, s.LongestWaitNanoseconds);
        Time(ref output, buffer, "durable median"u8, s.DurableMedianNanoseconds);
        Time(ref output, buffer, "durable p99"u8, s.DurableP99Nanoseconds);
        if (isVerbose)
            Phases(ref output, buffer, in s);
        Time(ref output, buffer, "boot to guest"u8, s.RestoreNanoseconds);
        Count(ref output, buffer, "pages written"u8, s.Pages);
        Count(ref output, buffer, "records written"u8, s.Records);
        Bytes(ref output, buffer, "bytes streamed"u8, s.Bytes);
        Count(ref output, buffer, "minor faults"u8, s.MinorFaults);
        Count(ref output, buffer, "major faults"u8, s.MajorFaults);
        Count(ref output, buffer, "system calls"u8, s.SystemCalls);
        Bytes(ref output, buffer, "memory free"u8, s.FreeBytes);
        Bytes(ref output, buffer, "memory total"u8, s.TotalBytes);
        Bytes(ref output, buffer, "store free"u8, s.StoreFreeBytes);
        Bytes(ref output, buffer, "store total"u8, s.StoreTotalBytes);
        Count(ref output, buffer, "discarded as wrong"u8, s.Violations);
        Count(ref output, buffer, "unknown calls"u8, s.UnknownCalls);
        UnknownCalls(ref output, buffer);
        if (s.Failed != 0)
        {
            output.Text("the store has refused a commit: nothing becomes durable any more"u8);
            output.End(buffer);
        }
        return 0;
    }

    // Of the latest checkpoints: the mean of what each part took, and the most.
    private static void Phases(ref Output output, Span<byte> buffer, in SlsStatistics s)
    {
        Phase(ref output, buffer, "  quiesce"u8, s.PhaseMean.QuiesceNanoseconds, s.PhaseLongest.QuiesceNanoseconds);
        Phase(ref output, buffer, "  freeze"u8, s.PhaseMean.FreezeNanoseconds, s.PhaseLongest.FreezeNanoseconds);
        Phase(ref output, buffer, "  capture"u8, s.PhaseMean.CaptureNanoseconds, s.PhaseLongest.CaptureNanoseconds);
        Phase(ref output, buffer, "  resume"u8, s.PhaseMean.ResumeNanoseconds, s.PhaseLongest.ResumeNanoseconds);
        Phase(ref output, buffer, "  sum"u8, s.PhaseMean.SumNanoseconds, s.PhaseLongest.SumNanoseconds);
        Phase(ref output, buffer, "  write"u8, s.PhaseMean.WriteNanoseconds, s.PhaseLongest.WriteNanoseconds);
        Phase(ref output, buffer, "  flush"u8, s.PhaseMean.FlushNanoseconds, s.PhaseLongest.FlushNanoseconds);
    }

    private static void Phase(ref Output output, Span<byte> buffer, ReadOnlySpan<byte> name, ulong mean, ulong longest)
    {
        output.Text(name);
        output.Column(24);
        output.Duration(mean);
        output.Column(12);
        output.Text("at most "u8);
        output.Duration(longest);
        output.End(buffer);
    }

    private static void UnknownCalls(ref Output output, Span<byte> buffer)
    {
        SlsUnknownCall call;
        for (int index = 0; GuestCalls.Unknown(index, &call) >= 0; index++)
        {
            output.Text("  call "u8);
            output.Number(call.Number);
            output.Column(24);
            output.Number(call.Count);
            output.End(buffer);
        }
    }

    private static void Row(ref Output output, Span<byte> buffer, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c,
        ReadOnlySpan<byte> d, ReadOnlySpan<byte> e, ReadOnlySpan<byte> f)
    {
        output.Text(a);
        output.Column(12);
        output.Text(b);
        output.Column(12);
        output.Text(c);
        output.Column(12);
        output.Text(d);
        output.Column(12);
        output.Text(e);
        output.Column(12);
        output.Text(f);
        output.End(buffer);
    }

    private static void Count(ref Output output, Span<byte> buffer, ReadOnlySpan<byte> name, ulong value)
    {
        output.Text(name);
        output.Column(24);
        output.Number(value);
        output.End(buffer);
    }

    private static void Time(ref Output output, Span<byte> buffer, ReadOnlySpan<byte> name, ulong nanoseconds)
    {
        output.Text(name);
        output.Column(24);
        output.Duration(nanoseconds);
        output.End(buffer);
    }

    private static void Bytes(ref Output output, Span<byte> buffer, ReadOnlySpan<byte> name, ulong bytes)
    {
        output.Text(name);
        output.Column(24);
        output.Size(bytes);
        output.End(buffer);
    }

    /// <summary>Hours, minutes and seconds UTC of the day of a moment.</summary>
    public static void TimeOfDay(ref Output output, ulong realtimeNanoseconds)
    {
        ulong second = realtimeNanoseconds / 1_000_000_000 % 86_400;
        TwoDigits(ref output, second / 3600);
        output.Text(":"u8);
        TwoDigits(ref output, second / 60 % 60);
        output.Text(":"u8);
        TwoDigits(ref output, second % 60);
    }

    private static void TwoDigits(ref Output output, ulong value)
    {
        if (value < 10)
            output.Text("0"u8);
        output.Number(value);
    }
}
