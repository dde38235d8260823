// Groups that live beside each other. In one shell: a program that counts is started as a group of its own and forked; the copy is
// rewound by
// some seconds, and the power is cut at a random moment, time and again. After each cut both logs are looked at: each counts from one
// without
// a gap or a repeat, none is behind what had been seen of it before, and the copy that went back went back. At the end the image is
// checked.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Demo;

/// <summary>Runs two groups through power cuts and judges their logs.</summary>
internal sealed class GroupDemo(MachineConfiguration machine, DemoDisk disk, int powerCuts, Random random, bool sabotage)
{
    private const string Counting = "sls run -d --name a -- sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done'\n";
    private const int FirstSteps = 10;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _longestLife = TimeSpan.FromMilliseconds(1500);

    private readonly List<DemoClaim> _claims = [];
    private readonly Dictionary<string, long> _seen = new() { ["a"] = 0, ["b"] = 0 };
    private int _questions;

    public IReadOnlyList<DemoClaim> Claims => _claims;

    /// <summary>The numbers that were seen last, for the report.</summary>
    public string Summary => string.Join(", ", _seen.Select(pair => $"{pair.Key} counted to {pair.Value}"));

    /// <summary>Runs to the end, telling progress; the claims hold the verdict.</summary>
    public async Task RunAsync(Action<string> progress, CancellationToken cancellation)
    {
        for (int life = 1; life <= powerCuts + 1 && _claims.All(claim => claim.Holds); life++)
        {
            progress($"life {life} of {powerCuts + 1}");
            await LiveAsync(life, cancellation);
            if (disk.Check(life) is { } damage)
                _claims.Add(damage);
        }
        if (_claims.Count > 0)
            return;
        _claims.Add(new DemoClaim(true, $"both logs counted from 1 without a gap or a repeat, across {powerCuts} power cuts ({Summary})"));
        _claims.Add(new DemoClaim(true, $"the copy went back in each of {powerCuts} lives, and its source did not"));
        _claims.Add(new DemoClaim(true, "the image was whole after every power cut"));
    }

    private async Task LiveAsync(int life, CancellationToken cancellation)
    {
        await using VirtualMachine running = await VirtualMachine.StartAsync(machine with { Disk = disk.Path }, cancellation);
        var console = new ConsoleTranscript(running);
        if (life == 1)
            await BeginAsync(running, console, cancellation);
        else
            await running.Events.WaitAsync<ResumedEvent>(_deadline, cancellation: cancellation);
        await LookAsync(console, life, cancellation);
        if (life <= powerCuts)
            await RewindAsync(console, life, cancellation);
        await Task.Delay(_longestLife * random.NextDouble(), cancellation);
        await running.CutPowerAsync();
        await console.Completed;
    }

    private static async Task BeginAsync(VirtualMachine running, ConsoleTranscript console, CancellationToken cancellation)
    {
        await running.Events.WaitAsync<ReadyEvent>(_deadline, cancellation: cancellation);
        await console.WaitForAsync("# ", _deadline, cancellation);
        await console.TypeAsync(Counting, cancellation);
        await console.TypeAsync(
            $"while [ $(sls logs a | wc -l) -lt {FirstSteps} ]; do usleep 50000; done; sls fork a b && echo for''ked\n",
            cancellation);
        await console.WaitForAsync("forked", _deadline, cancellation);
    }

    // The copy must be old enough to go back by a second and still be there.
    private async Task RewindAsync(ConsoleTranscript console, int life, CancellationToken cancellation)
    {
        long before = await CountAsync(console, "b", cancellation);
        string target = sabotage ? "a -3" : "b -1";
        await console.TypeAsync($"until sls rewind {target} 2>/dev/null; do usleep 100000; done; echo ba''ck\n", cancellation);
        await console.WaitForAsync("back", _deadline, cancellation);
        long after = await CountAsync(console, "b", cancellation);
        long source = await CountAsync(console, "a", cancellation);
        if (after >= before + FirstSteps)
            _claims.Add(new DemoClaim(false, $"life {life}: the copy had counted to {before} and to {after} after it went back"));
        if (source < _seen["a"])
            _claims.Add(new DemoClaim(false, $"life {life}: the source went back with its copy, to {source}"));
        _seen["a"] = Math.Max(_seen["a"], source);
        _seen["b"] = after;
    }

    private async Task LookAsync(ConsoleTranscript console, int life, CancellationToken cancellation)
    {
        foreach (string group in (string[])["a", "b"])
        {
            long count = await CountAsync(console, group, cancellation);
            if (count < _seen[group])
                _claims.Add(new DemoClaim(false, $"life {life}: {group} had counted to {_seen[group]}, and now to {count}"));
            _seen[group] = Math.Max(_seen[group], count);
        }
    }

    // The last number of a log whose lines are 1, 2, 3 and so on; what is not is a failed claim.
    private async Task<long> CountAsync(ConsoleTranscript console, string group, CancellationToken cancellation)
    {
        int question = ++_questions;
        await console.TypeAsync(
            $"sls logs {group} | awk '$1 != NR {{bad++}} END {{print \"log\", {question}, NR, bad+0, \"end\"}}'\n", cancellation);
        Match answer = await console.WaitForAsync(
            new Regex($"log {question} (?<lines>\\d+) (?<wrong>\\d+) end"), _deadline, cancellation);
        if (answer.Groups["wrong"].Value != "0")
            _claims.Add(new DemoClaim(false, $"the log of {group} has {answer.Groups["wrong"].Value} numbers that are not the next one"));
        return long.Parse(answer.Groups["lines"].ValueSpan, CultureInfo.InvariantCulture);
    }
}
