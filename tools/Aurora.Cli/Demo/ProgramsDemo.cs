// Programs that nobody wrote for Aurora, as Debian has them: redis, PostgreSQL, a server of HTTP in node that keeps each word it is sent in
// both and in its own memory, and its client. QEMU is killed at random moments while they work. At the end the programs themselves are
// asked: each must be the process that was started in the first life, with what that drew at random in its memory, and must have every word
// that was acknowledged, once and in order. redis writes nothing to the disk of its own.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;
using Spectre.Console;

namespace Aurora.Cli.Demo;

/// <summary>Runs the programs through power cuts and judges their answers.</summary>
internal sealed class ProgramsDemo(MachineConfiguration machine, DemoDisk disk, int powerCuts, Random random, bool sabotage)
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

    private readonly ProgramsWitness _witness = new();
    private readonly List<DemoClaim> _claims = [];
    private ulong _durableEpoch;

    /// <summary>What the disk must hold beside the standard tree.</summary>
    public static RootChoice Root { get; } = new(null, null, ["nodejs", "postgresql-15", "redis-server"]);

    public IReadOnlyList<DemoClaim> Claims => _claims;

    /// <summary>Puts the demo's own scripts into a new image.</summary>
    public static void Furnish(string image) => DiskImages.PutVolume(image, Repository.In("guests/programs/together"), Folder);

    /// <summary>Runs to the end, telling progress; the claims hold the verdict.</summary>
    public async Task RunAsync(Action<string> progress, CancellationToken cancellation)
    {
        for (int life = 1; life <= powerCuts + 1 && _claims.Count == 0; life++)
        {
            progress($"life {life} of {powerCuts + 1}, {_witness.Acknowledged} requests acknowledged so far");
            await LiveAsync(life, cancellation);
            if (disk.Check(life) is { } damage)
                _claims.Add(damage);
            if (sabotage)
                disk.Sabotage(life);
        }
        _claims.AddRange(_witness.Faults.Take(5).Select(fault => new DemoClaim(false, fault)));
        if (_claims.Count == 0)
            Judge();
    }

    /// <summary>What the programs said before the first request and after the last, side by side; null when they did not.</summary>
    public Table? Tabulate()
    {
        if (_witness.States is not [var first, var last])
            return null;
        var table = new Table().AddColumns(
            "program", "process", "drawn in memory at its start", "then", "up", "requests it has", "acknowledged", "lost", "started again");
        foreach ((string name, ProgramState now) in last)
        {
            ProgramState then = first[name];
            table.AddRow(
                name, Text(now.Pid), Markup.Escape(Short(now.Identity)), IsSame(then, now) ? "the same" : Markup.Escape(Short(then.Identity)),
                $"{now.UptimeSeconds} s", Text(now.Count), Text(_witness.Acknowledged), HasAll(now) ? "0" : "SOME", IsSame(then, now) ? "no" : "YES");
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
        await BeginAsync(life, running, console, cancellation);
        if (life <= powerCuts)
            await Task.Delay(_longestLife * random.NextDouble(), cancellation);
        else
            await EndAsync(running, console, cancellation);
        if (!running.Exited.IsCompleted)
            await running.CutPowerAsync();
        await console.Completed;
        _durableEpoch = Math.Max(_durableEpoch, running.Events.DurableEpoch);
        _witness.Observe(running.Events, console.Text);
    }

    // The programs work before the first cut. Later ones come whether they have begun to again or not.
    private async Task BeginAsync(int life, VirtualMachine running, ConsoleTranscript console, CancellationToken cancellation)
    {
        if (life == 1)
        {
            await console.WaitForAsync("acknowledged ", _startDeadline, cancellation);
            return;
        }
        ResumedEvent resumed = await running.Events.WaitAsync<ResumedEvent>(_deadline, cancellation: cancellation);
        if (resumed.Epoch < _durableEpoch)
            _claims.Add(new DemoClaim(
                false, $"life {life} resumed from checkpoint {resumed.Epoch}, but {_durableEpoch} had been reported durable"));
    }

    // Further work, and the client is told to end.
    private async Task EndAsync(VirtualMachine running, ConsoleTranscript console, CancellationToken cancellation)
    {
        await console.WaitForAsync($"acknowledged {_witness.Acknowledged + 1} ", _deadline, cancellation);
        await Task.Delay(_longestLife * random.NextDouble(), cancellation);
        await console.TypeAsync("end\n", cancellation);
        await Task.WhenAny(running.Exited, Task.Delay(_deadline, cancellation));
        if (!running.Exited.IsCompleted)
            _claims.Add(new DemoClaim(false, $"the client does not end within {_deadline.TotalMinutes:0} minutes"));
        else if ((await running.Exited).GuestStatus != 0)
            _claims.Add(new DemoClaim(false, $"the client ended with status {(await running.Exited).GuestStatus}"));
    }

    private void Judge()
    {
        if (_witness.States is not [var first, var last] || _witness.Client is not { } client)
        {
            _claims.Add(new DemoClaim(false, "the programs did not say what they have"));
            return;
        }
        int acknowledged = _witness.Acknowledged;
        _claims.Add(new DemoClaim(acknowledged > 0, $"{acknowledged} requests were acknowledged while the machine was killed {powerCuts} times"));
        foreach ((string name, ProgramState now) in last)
        {
            _claims.Add(new DemoClaim(HasAll(now), $"{name} says that it has each of them, with its word, once and in order"));
            _claims.Add(new DemoClaim(
                IsSame(first[name], now) && now.UptimeSeconds >= first[name].UptimeSeconds,
                $"{name} is the process {now.Pid} that was started in the first life, and has been up for {now.UptimeSeconds} s"));
        }
        _claims.Add(new DemoClaim(client.Count == acknowledged, $"the client, process {client.Pid}, remembers {client.Count} answers"));
        _claims.Add(new DemoClaim(true, "the image was whole after every kill"));
    }

    private bool HasAll(ProgramState state) => state.Count == _witness.Acknowledged && state.Digest == _witness.Digest;

    private static bool IsSame(ProgramState then, ProgramState now) => (then.Pid, then.Identity) == (now.Pid, now.Identity);

    private static string Short(string identity) => identity.Length <= 48 ? identity : identity[..48];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
