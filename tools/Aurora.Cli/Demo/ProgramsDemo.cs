// Programs that nobody wrote for Aurora, as Debian has them: redis, PostgreSQL, a server of HTTP in node that keeps each word it is sent
// in both and in its own memory, and its client. QEMU is killed at random moments while they work. At the end the programs themselves are
// asked: each must be the process that was started in the first life, with what that drew at random in its memory, and must have every
// word that was acknowledged, once and in order (ProgramsVerdict). redis writes nothing to the disk of its own.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;
using Spectre.Console;

namespace Aurora.Cli.Demo;

/// <summary>Runs the programs through power cuts and judges their answers.</summary>
internal sealed partial class ProgramsDemo(MachineConfiguration machine, DemoDisk disk, int powerCuts, Random random, bool sabotage)
{
    /// <summary>What they need, with room for what the kernel keeps of them.</summary>
    public const int LeastMebibytes = 768;

    /// <summary>
    /// The time between checkpoints unless another is asked for: these programs change much memory, and a busy host that emulates the
    /// machine would have it do little else with the kernel's default.
    /// </summary>
    public const int PeriodMilliseconds = 50;

    private const string Folder = "/srv/demo";

    private static readonly TimeSpan _startDeadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan _longestLife = TimeSpan.FromMilliseconds(2500);

    // Of so many lives one is killed whether the programs have begun to work again or not.
    private const int LivesToAnIdleOne = 4;

    private readonly ProgramsWitness _witness = new();
    private readonly List<ProgramsLife> _lives = [];
    private readonly List<DemoClaim> _damage = [];

    /// <summary>What the disk must hold beside the standard tree.</summary>
    public static RootChoice Root { get; } = new(null, null, ["nodejs", "postgresql-15", "redis-server"]);

    /// <summary>What is proved and what is not.</summary>
    public IReadOnlyList<DemoClaim> Claims
        => _damage.Count > 0
            ? [.. Verdict.Failures, .. _damage]
            : [.. Verdict.Claims, new DemoClaim(true, "the image was whole after every kill")];

    private ProgramsVerdict Verdict => new(_witness, _lives, powerCuts);

    /// <summary>Puts the demo's own scripts into a new image.</summary>
    public static void Furnish(string image) => DiskImages.PutVolume(image, Repository.In("guests/programs/together"), Folder);

    /// <summary>Runs to the end or to the first failure, telling progress; the claims hold the verdict.</summary>
    public async Task RunAsync(Action<string> progress, CancellationToken cancellation)
    {
        for (int life = 1; life <= powerCuts + 1 && _damage.Count == 0 && Verdict.Failures.Count == 0; life++)
        {
            progress($"life {life} of {powerCuts + 1}, {_witness.Acknowledged} requests acknowledged so far");
            await LiveAsync(life, cancellation);
            if (disk.Check(life) is { } damage)
                _damage.Add(damage);
            if (sabotage)
                disk.Sabotage(life);
        }
    }

    /// <summary>The lives, and what each saw of the work.</summary>
    public Table TabulateLives()
    {
        var table = new Table().AddColumns("life", "start", "further requests acknowledged", "end");
        foreach (ProgramsLife life in _lives)
            table.AddRow(Text(life.Number), life.Start, Text(life.Acknowledged), life.End);
        return table;
    }

    /// <summary>What the programs said before the first request and after the last, side by side; null when they did not.</summary>
    public Table? TabulatePrograms()
    {
        if (_witness.States is not [var first, var last])
            return null;
        var table = new Table().AddColumns(
            "program", "process", "drawn in memory at its start", "then", "up", "requests it has", "acknowledged", "lost",
            "started again");
        foreach ((string name, ProgramState now) in last)
        {
            bool isSame = ProgramsVerdict.IsSame(first[name], now);
            table.AddRow(
                name, Text(now.Pid), Markup.Escape(Short(now.Identity)),
                isSame ? "the same" : Markup.Escape(Short(first[name].Identity)),
                $"{now.UptimeSeconds} s", Text(now.Count), Text(_witness.Acknowledged), Verdict.HasAll(now) ? "0" : "SOME",
                isSame ? "no" : "YES");
        }
        return table;
    }

    private async Task LiveAsync(int life, CancellationToken cancellation)
    {
        MachineConfiguration programs = machine with
        {
            Disk = disk.Path,
            Boot = machine.Boot with
            {
                Arguments = ["/bin/sh", Folder + "/start.sh"], Environment = GuestEnvironment.Default, WorkingDirectory = "/root",
            },
        };
        await using VirtualMachine running = await VirtualMachine.StartAsync(programs, cancellation);
        var console = new ConsoleTranscript(running);
        string? failure = await TryLiveAsync(life, running, console, cancellation);
        bool isKilled = !running.Exited.IsCompleted;
        MachineExit exit = isKilled ? await running.CutPowerAsync() : await running.Exited;
        await console.Completed;
        Record(life, running.Events, console.Text, failure, isKilled, exit.GuestStatus);
    }

    private void Record(int life, EventLog events, string console, string? failure, bool isKilled, int? status)
    {
        int before = _witness.Acknowledged;
        _witness.Observe(events, console);
        ControlEvent? start = events.Snapshot().FirstOrDefault(item => item is ReadyEvent or ResumedEvent);
        _lives.Add(new ProgramsLife(
            life, (start as ResumedEvent)?.Epoch, start is ReadyEvent, events.DurableEpoch, _witness.Acknowledged - before,
            isKilled, status, failure));
    }

    // Until the moment of the kill, or the end of the last life. Returns what was waited for in vain.
    private async Task<string?> TryLiveAsync(int life, VirtualMachine running, ConsoleTranscript console, CancellationToken cancellation)
    {
        try
        {
            ControlEvent start = await running.Events.WaitAsync<ControlEvent>(
                _deadline, item => item is ReadyEvent or ResumedEvent, cancellation);
            if (life == 1 || life > powerCuts || life % LivesToAnIdleOne != 0)
                await WorkAsync(running, start, console, life == 1 ? _startDeadline : _deadline, cancellation);
            TimeSpan rest = _longestLife * random.NextDouble();
            if (await HasEndedAsync(running, rest, cancellation) || life <= powerCuts)
                return null;
            await console.TypeAsync("end\n", cancellation);
            return await HasEndedAsync(running, _deadline, cancellation)
                ? null
                : $"the client does not end within {_deadline.TotalMinutes:0} minutes";
        }
        catch (MachineException failure)
        {
            return failure.Message;
        }
    }

    // What the life before had made durable and not shown comes first; any later request will do.
    private static async Task WorkAsync(
        VirtualMachine running, ControlEvent start, ConsoleTranscript console, TimeSpan deadline, CancellationToken cancellation)
    {
        ulong epoch = (start as ResumedEvent)?.Epoch ?? 0;
        await running.Events.WaitAsync<DurableEvent>(deadline, durable => durable.Epoch > epoch, cancellation);
        for (int shown = AcknowledgedLine().Count(console.Text); shown >= 0; shown--)
            await console.WaitForAsync(AcknowledgedLine(), deadline, cancellation);
    }

    private static async Task<bool> HasEndedAsync(VirtualMachine running, TimeSpan deadline, CancellationToken cancellation)
    {
        try
        {
            await running.Exited.WaitAsync(deadline, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static string Short(string identity) => identity.Length <= 48 ? identity : identity[..48];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"acknowledged \d+ [0-9a-f]+\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex AcknowledgedLine();
}
