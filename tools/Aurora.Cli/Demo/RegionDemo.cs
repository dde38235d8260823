// A bank whose accounts are in a region (docs/api.md). Four threads move money, each transfer one persist. Their program is killed twice a
// second and started again, and the power is cut at a random moment, time and again. The region is never rolled back with the session:
// whoever opens the books next finds every transfer that was acknowledged, none by half, and the sum that was there in the beginning. The
// image is checked after every cut.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Demo;

/// <summary>Runs a bank through power cuts and judges its books.</summary>
internal sealed class RegionDemo(MachineConfiguration machine, DemoDisk disk, int powerCuts, Random random, bool sabotage)
{
    // More lives of the program than there will be, of so many seconds.
    private static readonly string[] _program = ["/usr/lib/aurora/bank", "1000000", "0.5"];

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _longestLife = TimeSpan.FromMilliseconds(1500);

    private readonly BankWitness _witness = new();
    private readonly List<DemoClaim> _claims = [];

    public IReadOnlyList<DemoClaim> Claims => _claims;

    /// <summary>Runs to the end, telling progress; the claims hold the verdict.</summary>
    public async Task RunAsync(Action<string> progress, CancellationToken cancellation)
    {
        for (int life = 1; life <= powerCuts + 1 && _claims.Count == 0; life++)
        {
            progress($"life {life} of {powerCuts + 1}, {_witness.Transfers} transfers so far");
            await LiveAsync(life, cancellation);
            Judge(life);
            if (sabotage)
                disk.Sabotage(life);
        }
        if (_claims.Count > 0)
            return;
        if (_witness.Transfers == 0)
            _claims.Add(new DemoClaim(false, "no transfer was acknowledged"));
        string times = $"each of {_witness.Openings} times they were opened";
        _claims.Add(new DemoClaim(true, $"the books balanced after each of {powerCuts} power cuts, and {times}"));
        _claims.Add(new DemoClaim(true, $"none of {_witness.Transfers} acknowledged transfers was lost, and none was there by half"));
        _claims.Add(new DemoClaim(true, "the image was whole after every power cut"));
    }

    // In each life the books are opened, and found in balance: the program is killed soon if it could go on. What an earlier life has shown
    // already does not count. The last one is cut off as well.
    private async Task LiveAsync(int life, CancellationToken cancellation)
    {
        MachineConfiguration bank = machine with { Disk = disk.Path, Boot = machine.Boot with { Arguments = _program } };
        await using VirtualMachine running = await VirtualMachine.StartAsync(bank, cancellation);
        var console = new ConsoleTranscript(running);
        long shown = life == 1 ? 0 : await ShownBeforeAsync(running, cancellation);
        do
            await console.WaitForAsync("books ", _deadline, cancellation);
        while (console.Text.LastIndexOf("books ", StringComparison.Ordinal) < shown);
        await Task.Delay(_longestLife * random.NextDouble(), cancellation);
        await running.CutPowerAsync();
        await console.Completed;
        _witness.Observe(running.Events, console.Text);
    }

    // So many bytes of the console are shown again.
    private static async Task<long> ShownBeforeAsync(VirtualMachine running, CancellationToken cancellation)
    {
        ResumedEvent resumed = await running.Events.WaitAsync<ResumedEvent>(_deadline, cancellation: cancellation);
        return long.Parse(resumed.Values["replay"], CultureInfo.InvariantCulture);
    }

    private void Judge(int life)
    {
        foreach (string fault in _witness.Faults.Take(3))
            _claims.Add(new DemoClaim(false, $"life {life}: {fault}"));
        if (disk.Check(life) is { } damage)
            _claims.Add(damage);
    }
}
