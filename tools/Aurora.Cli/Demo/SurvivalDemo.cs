// The main job. A shell on a terminal starts a workload of several processes: selfcheck (a counter in memory, a file that two processes
// append to, two pipes, all of which must agree), a pipeline of two shells whose reader appends to a file, and a half-typed command at the
// prompt. The power is cut at random moments. After every cut the image is checked and the machine started again, and everything it prints
// is compared with what it printed before. At the end the command is typed to its end and the pipeline's file is counted.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Demo;

/// <summary>Runs the workload through power cuts and judges it.</summary>
internal sealed partial class SurvivalDemo(MachineConfiguration machine, DemoDisk disk, int powerCuts, Random random, bool sabotage)
{
    private const string Prompt = "# ";
    private const string Pipeline = "(while usleep 20000; do echo tick; done) | (n=0; while read line; do n=$((n+1)); echo $n >> /tmp/pipeline; done) &\n";
    private const string HalfTyped = "echo half-";
    private const string OtherHalf = "typed $((6*7))\n";
    private const string CountLines = "awk '$1 != NR {bad++} END {print \"pipeline\", NR, \"lines,\", bad+0, \"wrong\"}' /tmp/pipeline\n";
    private const int ExitStatus = 7;

    private static readonly TimeSpan _bootDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _stepDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _shortestLife = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan _longestLife = TimeSpan.FromMilliseconds(2500);

    private readonly ConsoleStream _stream = new();
    private readonly SelfCheckWitness _witness = new();
    private readonly List<DemoLife> _lives = [];
    private readonly List<DemoClaim> _claims = [];
    private ulong _durableEpoch;
    private long _pipelineLines;

    public IReadOnlyList<DemoLife> Lives => _lives;
    public IReadOnlyList<DemoClaim> Claims => _claims;

    /// <summary>Runs to the end, telling progress; the claims hold the verdict.</summary>
    public async Task RunAsync(Action<string> progress, CancellationToken cancellation)
    {
        for (int cut = 1; cut <= powerCuts; cut++)
        {
            progress($"life {cut} of {powerCuts + 1}");
            await LiveAndDieAsync(cut, cancellation);
            if (disk.Check(cut) is { } damage)
                _claims.Add(damage);
            if (sabotage)
                disk.Sabotage(cut);
        }
        progress("the last life");
        await FinishAsync(cancellation);
        Judge();
    }

    private async Task LiveAndDieAsync(int number, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        await using VirtualMachine running = await VirtualMachine.StartAsync(machine with { Disk = disk.Path }, cancellation);
        var console = new ConsoleTranscript(running);
        TimeSpan powerOn = await BeginAsync(number, running, console, start, cancellation);
        await Task.Delay(_shortestLife + ((_longestLife - _shortestLife) * random.NextDouble()), cancellation);
        await running.CutPowerAsync();
        await console.Completed;
        Record(number, start, powerOn, running, console);
    }

    // The first life starts the workload; each later one must go on beyond what the one before had shown.
    private async Task<TimeSpan> BeginAsync(int number, VirtualMachine running, ConsoleTranscript console, long start, CancellationToken cancellation)
    {
        if (number == 1)
        {
            await running.Events.WaitAsync<ReadyEvent>(_bootDeadline, cancellation: cancellation);
            TimeSpan ready = Stopwatch.GetElapsedTime(start);
            await StartWorkloadAsync(console, cancellation);
            return ready;
        }
        ResumedEvent resumed = await running.Events.WaitAsync<ResumedEvent>(_bootDeadline, cancellation: cancellation);
        TimeSpan powerOn = Stopwatch.GetElapsedTime(start);
        if (resumed.Epoch < _durableEpoch)
            _claims.Add(new DemoClaim(false, $"life {number} resumed from checkpoint {resumed.Epoch}, but {_durableEpoch} had been reported durable"));
        await WaitForStepAsync(console, _witness.Last + 1, cancellation);
        return powerOn;
    }

    private static async Task StartWorkloadAsync(ConsoleTranscript console, CancellationToken cancellation)
    {
        await console.WaitForAsync(Prompt, _stepDeadline, cancellation);
        await console.TypeAsync("selfcheck -i 15 -m 512 &\n", cancellation);
        await console.WaitForAsync(CheckLine(), _stepDeadline, cancellation);
        await console.TypeAsync("bench watch 500 &\n", cancellation);
        await console.WaitForAsync(CounterLine(), _stepDeadline, cancellation);
        await console.TypeAsync(Pipeline + HalfTyped, cancellation);
        await console.WaitForAsync(HalfTyped, _stepDeadline, cancellation);
    }

    private static async Task WaitForStepAsync(ConsoleTranscript console, long step, CancellationToken cancellation)
    {
        while (SelfCheckWitness.LastStepIn(console.Text) < step)
            await console.WaitForAsync(CheckLine(), _stepDeadline, cancellation);
    }

    private void Record(int number, long start, TimeSpan powerOn, VirtualMachine running, ConsoleTranscript console)
    {
        string text = console.Text;
        _witness.Observe(_stream.Add(running.Events, text));
        _durableEpoch = Math.Max(_durableEpoch, running.Events.DurableEpoch);
        Match? counters = CounterLine().Matches(text).LastOrDefault();
        _lives.Add(DemoLife.From(
            number, Stopwatch.GetElapsedTime(start), powerOn, _witness.Last, ControlLineParser.ParseValues(counters?.Groups["values"].Value ?? "")));
    }

    private async Task FinishAsync(CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        await using VirtualMachine running = await VirtualMachine.StartAsync(machine with { Disk = disk.Path }, cancellation);
        var console = new ConsoleTranscript(running);
        TimeSpan powerOn = await BeginAsync(powerCuts + 1, running, console, start, cancellation);
        await console.TypeAsync(OtherHalf, cancellation);
        bool isWhole = await AppearsAsync(console, "half-typed 42", cancellation);
        _claims.Add(new DemoClaim(isWhole, "the command typed half before the first power cut was completed after the last"));
        await console.TypeAsync(CountLines, cancellation);
        Match count = await console.WaitForAsync(PipelineLine(), _stepDeadline, cancellation);
        _pipelineLines = long.Parse(count.Groups["lines"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
        _claims.Add(new DemoClaim(
            _pipelineLines > 0 && count.Groups["wrong"].Value == "0", $"the pipeline's {_pipelineLines} lines are all there, once and in order"));
        await console.TypeAsync($"exit {ExitStatus}\n", cancellation);
        MachineExit exit = await running.Exited.WaitAsync(_stepDeadline, cancellation);
        await console.Completed;
        Record(powerCuts + 1, start, powerOn, running, console);
        _claims.Add(new DemoClaim(exit.GuestStatus == ExitStatus, "the shell that was started in the first life ended with its own exit status"));
    }

    private static async Task<bool> AppearsAsync(ConsoleTranscript console, string text, CancellationToken cancellation)
    {
        try
        {
            await console.WaitForAsync(text, _stepDeadline, cancellation);
            return true;
        }
        catch (MachineException)
        {
            return false;
        }
    }

    private void Judge()
    {
        string[] faults = [.. _stream.Faults, .. _witness.Faults];
        if (faults.Length == 0)
        {
            _claims.Add(new DemoClaim(_witness.Last > 0, $"memory, file and pipes agreed in each of {_witness.Last} steps, across {powerCuts} power cuts"));
            _claims.Add(new DemoClaim(true, "no step that was shown was lost or made again, and none is missing"));
        }
        _claims.AddRange(faults.Take(5).Select(fault => new DemoClaim(false, fault)));
        if (!_claims.Any(claim => !claim.Holds && claim.Text.StartsWith("the image", StringComparison.Ordinal)))
            _claims.Add(new DemoClaim(true, "the image was whole after every power cut"));
    }

    [GeneratedRegex(@"check \d+ (ok|FAIL)[^\r\n]*\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex CheckLine();

    [GeneratedRegex(@"S (?<values>checkpoints=[^\r\n]*boot=\d+)\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex CounterLine();

    [GeneratedRegex(@"pipeline (?<lines>\d+) lines, (?<wrong>\d+) wrong", RegexOptions.CultureInvariant)]
    private static partial Regex PipelineLine();
}

/// <summary>Something the demo shows, and whether it held.</summary>
internal sealed record DemoClaim(bool Holds, string Text);
