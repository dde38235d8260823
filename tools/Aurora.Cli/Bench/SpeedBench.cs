// The speed section: the cost of checkpoints, against the raw device in the same emulator and the same run. The device is measured by the
// kernel before any session, on a scratch disk; everything else by the guest program bench in machines with standard settings. Under TCG
// the figures are ratios and orders of magnitude, never claims about hardware.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Bench.Instructions;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>Runs the measurements and judges them.</summary>
internal sealed class SpeedBench(MachineConfiguration machine, string folder)
{
    /// <summary>The sections there are.</summary>
    public const string Checkpoints = "checkpoints";
    public const string Groups = "groups";
    public const string Starts = "starts";

    private const int HeldMebibytes = 256;
    private const int ResumeMemoryMebibytes = 1024;

    // An epoch may have an eighth of the memory: the largest measured has 64 MiB and what the program itself changes.
    private const int StopMemoryMebibytes = 2048;
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(5);

    private readonly BenchGuest _guest = new(folder);
    private readonly List<Measurement> _rows = [];

    public IReadOnlyList<Measurement> Rows => _rows;

    /// <summary>Runs one section, or all.</summary>
    public async Task RunAsync(string? section, Action<string> progress, CancellationToken cancellation)
    {
        if (section is null or Checkpoints)
            await MeasureCheckpointsAsync(progress, cancellation);
        if (section is null or Groups)
            _rows.AddRange(await new GroupBench(machine, _guest).RunAsync(progress, cancellation));
        if (section is null or Starts)
            _rows.AddRange(await new StartBench(machine, folder).RunAsync(progress, cancellation));
    }

    private async Task MeasureCheckpointsAsync(Action<string> progress, CancellationToken cancellation)
    {
        progress("the raw device");
        DeviceReport device = await RawDevice.MeasureAsync(machine, folder, cancellation);
        progress("stop times");
        GuestReport stop = await _guest.RunAsync(machine with { MemoryMebibytes = StopMemoryMebibytes }, cancellation, "stop");
        AddStopTimes(stop);
        progress("waiting for a flush, counting instructions");
        AddWait(await _guest.RunAsync(
            InstructionRun.Counting(machine with { MemoryMebibytes = StopMemoryMebibytes }), cancellation, "wait"));
        progress("one page to durable");
        AddOnePage(await _guest.RunAsync(machine, cancellation, "one"), device);
        progress("one page, counting instructions");
        AddInstructions(await _guest.RunAsync(InstructionRun.Counting(machine), cancellation, "one"));
        AddStreaming(stop, device);
        progress("start and resume");
        await AddStartAsync(cancellation);
        progress("a program that redirties");
        double speed = (await _guest.RunAsync(machine, cancellation, "redirty")).Value("redirty", 64, "speed_ppm_median") / 10_000;
        Add("64 pages redirtied in every period: speed against no checkpoints", $"{speed:0.0} %", "≥ 90 %", speed >= 90);
    }

    private void AddStopTimes(GuestReport stop)
    {
        double baseCost = stop.Value("stop", 1, "stop_ns_median");
        foreach (long pages in (long[])[1, 4, 16, 64, 256, 1024, 4096, 16384])
        {
            double median = stop.Value("stop", pages, "stop_ns_median");
            string perPage = pages == 1 ? "" : $"; {(median - baseCost) / (pages - 1):0} ns per further page";
            string value = $"{Microseconds(median)}{perPage}";
            if (pages == 256)
                Add($"stop time, {pages} dirty pages", value, "≤ 1 ms", median <= 1e6);
            else
                Add($"stop time, {pages} dirty pages", value);
        }
    }

    private void AddWait(GuestReport wait)
    {
        double longest = wait.Value("wait", 16384, "longest_ns");
        Add("64 MiB flushed: the longest wait of a call, in instructions", $"{longest:N0}", "≤ 1,000,000", longest <= 1e6);
    }

    private void AddOnePage(GuestReport one, DeviceReport device)
    {
        double durable = one.Value("one", 1, "durable_ns_median");
        double raw = device.Value("write_4k_flush", "p50_us") * 1000;
        Add("raw 4-KiB write and FLUSH, same driver", Microseconds(raw));
        Add("one dirty page to durable", $"{Microseconds(durable)} = {durable / raw:0.00} × raw", "≤ 2 ×", durable <= 2 * raw);
    }

    private void AddInstructions(GuestReport one)
    {
        Add("instructions of its stop", $"{one.Value("one", 1, "stop_ns_median"):0}");
        Add("instructions from the store to the return of sls_checkpoint", $"{one.Value("one", 1, "worked_ns_median"):0}");
    }

    private void AddStreaming(GuestReport stop, DeviceReport device)
    {
        const long Pages = 16384;
        double streamed = Pages * 4096 / (1 << 20) / (stop.Value("stop", Pages, "durable_ns_median") / 1e9);
        double raw = device.Value("sequential_write_8x128k", "mib_per_s");
        Add("raw sequential write, same driver", $"{raw:0} MiB/s");
        Add("streaming a checkpoint of 64 MiB", $"{streamed:0} MiB/s = {100 * streamed / raw:0} % of raw", "≥ 70 %", streamed >= 0.7 * raw);
    }

    private async Task AddStartAsync(CancellationToken cancellation)
    {
        double cold = (await _guest.RunAsync(machine, cancellation, "boot")).Value("boot", 0, "ns");
        Add("kernel entry to first guest instruction, cold", Milliseconds(cold), "≤ 150 ms", cold <= 150e6);
        double resume = await MeasureResumeAsync(cancellation);
        Add($"the same, resuming a {HeldMebibytes}-MiB guest", Milliseconds(resume), "≤ 200 ms", resume <= 200e6);
    }

    private async Task<double> MeasureResumeAsync(CancellationToken cancellation)
    {
        string disk = await _guest.MakeDiskAsync("hold", cancellation);
        MachineConfiguration holding = BenchGuest.WithProgram(
            machine with { MemoryMebibytes = ResumeMemoryMebibytes }, disk, "hold", HeldMebibytes.ToString(CultureInfo.InvariantCulture));
        await using (VirtualMachine first = await VirtualMachine.StartAsync(holding, cancellation))
        {
            await new ConsoleTranscript(first).WaitForAsync("holding", _deadline, cancellation);
            await first.CutPowerAsync();
        }
        await using VirtualMachine second = await VirtualMachine.StartAsync(holding, cancellation);
        var console = new ConsoleTranscript(second);
        await second.Exited.WaitAsync(_deadline, cancellation);
        await console.Completed;
        return new GuestReport(console.Text).Value("resume", HeldMebibytes, "ns");
    }

    private void Add(string measure, string value, string target = "", bool? holds = null) => _rows.Add(new Measurement(measure, value, target, holds));

    private static string Microseconds(double nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1000:0.0} µs");

    private static string Milliseconds(double nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.0} ms");
}
