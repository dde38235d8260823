// Copies and rewinds of groups, by the guest program bench as the host's root: once on the machine's clock, once with the instruction
// counter as clock, for what the processor does besides waiting; rewinds also on that clock with the waits.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Bench.Instructions;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>The measurements of groups.</summary>
internal sealed class GroupBench(MachineConfiguration machine, BenchGuest guest)
{
    private const long ResidentMebibytes = 64;
    private const long Copies = 200;
    private const int MemoryMebibytes = 1024;

    /// <summary>Measures and judges.</summary>
    public async Task<IReadOnlyList<Measurement>> RunAsync(Action<string> progress, CancellationToken cancellation)
    {
        MachineConfiguration large = machine with { MemoryMebibytes = MemoryMebibytes };
        progress("groups");
        GuestReport timed = await MeasureAsync(large, cancellation);
        progress("groups, counting instructions");
        GuestReport counted = await MeasureAsync(InstructionRun.Counting(large), cancellation);
        progress("rewinds, counting instructions");
        MachineConfiguration paced = InstructionRun.Counting(large) with { WaitsTakeTime = true };
        GuestReport emulated = await guest.RunAsync(paced, cancellation, "rewinds");
        double stop = timed.Value("groups", ResidentMebibytes, "stop_ns_median");
        double forkStop = timed.Value("groups", ResidentMebibytes, "fork_stop_ns_median");
        double rewind = emulated.Value("groups", ResidentMebibytes, "rewind_ns_median");
        double bytes = timed.Value("copies", Copies, "bytes");
        double instructions = counted.Value("copies", Copies, "busy_ns");
        return
        [
            new($"group with {ResidentMebibytes} MiB, 1,000 dirty pages: stop of a checkpoint", Milliseconds(stop)),
            new("the same, stop of a fork", $"{Milliseconds(forkStop)} = {forkStop / stop:0.0} ×", "≤ 3 ×", forkStop <= 3 * stop),
            new(
                "the same, fork until the copy is durable and runs",
                Milliseconds(timed.Value("groups", ResidentMebibytes, "fork_ns_median"))),
            new(
                "the same, rewind by one second until it runs, a nanosecond an instruction",
                Milliseconds(rewind), "≤ 10 ms", rewind <= 10e6),
            new("the same, on the machine's clock", Milliseconds(timed.Value("groups", ResidentMebibytes, "rewind_ns_median"))),
            new("the same, until that is durable", Milliseconds(timed.Value("groups", ResidentMebibytes, "rewind_durable_ns_median"))),
            new("copy of an idle program with 16 MiB", Milliseconds(timed.Value("copies", Copies, "fork_ns_median"))),
            First(counted, "kept", "instructions of a copy of such an image, to the copy's first"),
            new("instructions of such a copy, with all that the machine does meanwhile", $"{instructions:N0}"),
            new("memory of such a copy", $"{bytes / 1024:0} KiB", "≤ 256 KiB", bytes <= 256 * 1024),
            First(counted, "image", "instructions of an ephemeral copy of such an image, to the copy's first"),
            First(counted, "ended", "the same, of an image that is not in memory"),
            Busy(counted, "image", "the same, with all that the machine does meanwhile"),
            new("ephemeral copy of an idle program with 16 MiB", Milliseconds(timed.Value("image", Copies, "made_ns_median"))),
        ];
    }

    private static Measurement First(GuestReport counted, string measure, string words)
    {
        double instructions = counted.Value(measure, Copies, "first_ns_median");
        return new Measurement(words, $"{instructions:N0}", "≤ 300,000", instructions <= 300_000);
    }

    private static Measurement Busy(GuestReport counted, string measure, string words)
        => new(words, $"{counted.Value(measure, Copies, "busy_ns"):N0}");

    private Task<GuestReport> MeasureAsync(MachineConfiguration large, CancellationToken cancellation)
        => guest.RunAsync(large, cancellation, "groups", Copies.ToString(CultureInfo.InvariantCulture));

    private static string Milliseconds(double nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.00} ms");
}
