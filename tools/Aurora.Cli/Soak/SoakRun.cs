// One session on one disk, cut off and resumed until the time is up. How each life ends is drawn from the seed:
//   power cut       QEMU is killed some time after the session runs
//   early cut       QEMU is killed within half a second of its start: in the firmware, in the boot, in the restore
//   power-off       the kernel is asked to power off, and must do so
//   disk errors     requests begin to fail in the middle of it, once or for good, and it is cut off; the session may pause, with a word of why
// and now and then the session goes back to one of its last checkpoints.
// After each, the image is checked, every tenth time with all its data. The first fault ends the soak.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Qemu;

namespace Aurora.Cli.Soak;

/// <summary>How a life of the soaked session ended.</summary>
internal enum SoakEnd
{
    PowerCut,
    EarlyCut,
    PowerOff,
    DiskErrors,
}

/// <summary>Runs a soak and collects what went wrong.</summary>
internal sealed class SoakRun(MachineConfiguration machine, string disk, Random random)
{
    private const int WholeCheckEvery = 10;
    private const int RollbackEvery = 12;
    private const int RollbackReach = 40;
    private const int MaxWritesBeforeFault = 300;

    private static readonly TimeSpan _startDeadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _statisticsPeriod = TimeSpan.FromMinutes(1);

    private readonly SoakWorkload _workload = new();
    private readonly SoakStatistics _statistics = new();
    private readonly List<string> _faults = [];
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private ulong _durableEpoch;
    private ulong _firstEpoch;
    private bool _hasSession;

    /// <summary>Everything that must not have happened; empty after a good soak.</summary>
    public IReadOnlyList<string> Faults => [.. _faults, .. _workload.Faults];

    /// <summary>Soaks for this long, printing a line of statistics a minute.</summary>
    public async Task RunAsync(TimeSpan duration, CancellationToken cancellation)
    {
        TimeSpan next = _statisticsPeriod;
        while (_elapsed.Elapsed < duration && Faults.Count == 0)
        {
            await LiveAsync(NextEnd(), cancellation);
            if (_firstEpoch != 0 && Faults.Count == 0 && random.Next(RollbackEvery) == 0)
                GoBack();
            if (_elapsed.Elapsed < next)
                continue;
            Console.WriteLine(Summary());
            next = _elapsed.Elapsed + _statisticsPeriod;
        }
    }

    public string Summary() => _statistics.Line(_elapsed.Elapsed, _workload.Steps, Faults.Count);

    private SoakEnd NextEnd() => random.Next(12) switch
    {
        < 6 => SoakEnd.PowerCut,
        < 9 => SoakEnd.EarlyCut,
        < 10 => SoakEnd.PowerOff,
        // A session of which nothing is durable yet may be lost with its disk.
        _ => _firstEpoch != 0 ? SoakEnd.DiskErrors : SoakEnd.PowerCut,
    };

    // Reads fail once only: a disk that loses pages for good costs the programs that want them, and that is then durable too.
    private DiskFaults DrawFaults()
    {
        var requests = (FailingRequests)random.Next(3);
        bool once = requests == FailingRequests.Reads || random.Next(2) == 0;
        return DiskFaults.Create(disk + ".faults", requests, afterWrites: random.Next(MaxWritesBeforeFault), once);
    }

    private void GoBack()
    {
        ImageCheckpoint[] reachable = [.. DiskImage.History(disk).Where(checkpoint => checkpoint.Epoch >= _firstEpoch).TakeLast(RollbackReach)];
        if (reachable.Length == 0)
            return;
        ImageCheckpoint target = reachable[random.Next(reachable.Length)];
        DiskImage.GoBack(disk, target.Epoch.ToString(CultureInfo.InvariantCulture));
        _workload.Forget();
        _statistics.Rollbacks++;
        _durableEpoch = 0;
    }

    private async Task LiveAsync(SoakEnd end, CancellationToken cancellation)
    {
        await using VirtualMachine running = await VirtualMachine.StartAsync(
            machine with { Disk = disk, DiskFaults = end == SoakEnd.DiskErrors ? DrawFaults() : null }, cancellation);
        var console = new ConsoleTranscript(running);
        try
        {
            if (end == SoakEnd.EarlyCut)
                await Task.Delay(random.Next(500), cancellation);
            else
                await RunAsync(running, mayRefuse: end == SoakEnd.DiskErrors, cancellation);
        }
        catch (MachineException failure)
        {
            _faults.Add(failure.Message);
        }
        MachineExit exit = end == SoakEnd.PowerOff ? await running.StopAsync(_startDeadline) : await running.CutPowerAsync();
        await console.Completed;
        if (end == SoakEnd.PowerOff && !exit.PoweredOff)
            _faults.Add($"the kernel did not power off when asked\n{running.Events.Tail()}");
        Judge(end, running, console.Text);
    }

    private async Task RunAsync(VirtualMachine running, bool mayRefuse, CancellationToken cancellation)
    {
        ControlEvent started = await running.Events.WaitAsync<ControlEvent>(
            _startDeadline, item => item is ReadyEvent or ResumedEvent or RefusedEvent or PanicEvent, cancellation);
        if (started is RefusedEvent && mayRefuse)
            return;
        if (started is RefusedEvent or PanicEvent)
            throw new MachineException($"{started.Line}\n{running.Events.Tail()}");
        if (started is ReadyEvent && _hasSession)
            throw new MachineException($"the session was lost: the machine started a new one\n{running.Events.Tail()}");
        _hasSession = true;
        if (started is ResumedEvent resumed)
            NoteResume(resumed);
        await Task.Delay(random.Next(200, 4000), cancellation);
    }

    private void NoteResume(ResumedEvent resumed)
    {
        // Every checkpoint from this one on has the whole session in it.
        if (_firstEpoch == 0)
            _firstEpoch = resumed.Epoch;
        if (resumed.Epoch < _durableEpoch)
            _faults.Add($"resumed from checkpoint {resumed.Epoch}, but {_durableEpoch} had been reported durable");
        if (resumed.Values.TryGetValue("boot_ns", out string? text) && ulong.TryParse(text, out ulong nanoseconds))
            _statistics.AddRestore(nanoseconds);
    }

    private void Judge(SoakEnd end, VirtualMachine running, string console)
    {
        _durableEpoch = Math.Max(_durableEpoch, running.Events.DurableEpoch);
        _statistics.Add(end, console);
        _workload.Observe(running.Events, console);
        _faults.AddRange(running.Events.Snapshot().Where(item => item is PanicEvent or ExitEvent).Select(item => $"{item.Line}\n{running.Events.Tail()}"));
        IReadOnlyList<string> damage = DiskImage.Check(disk, verifyData: _statistics.Lives % WholeCheckEvery == 0).Faults;
        _faults.AddRange(damage.Select(fault => $"the image is damaged: {fault}"));
    }
}
