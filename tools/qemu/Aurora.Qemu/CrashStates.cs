// Crash states of a real session. A self-checking session is started and its power cut; it is resumed with every write of its disk recorded,
// and cut again. Then states are made in which the disk could have been if the power had gone at any moment in between: everything up to the
// last flush before that moment, and of what followed it all, nothing, or some, with one write torn in the middle of it. Each must be a
// whole image that is no older than what had been flushed, and must resume and go on counting without a fault. Only the state of the
// real cut is held against what the recorded life had shown; the others against the life before it.
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>What a check of an image says: its faults, and the number of its newest commit.</summary>
public readonly record struct ImageVerdict(IReadOnlyList<string> Faults, ulong LastSequence);

/// <summary>Makes and tries crash states of one session.</summary>
/// <param name="machine">The machine, without a disk.</param>
/// <param name="disk">An image with the standard root and no session; it is used up.</param>
/// <param name="check">Checks an image.</param>
/// <param name="random">Chooses the states.</param>
public sealed class CrashStates(MachineConfiguration machine, string disk, Func<string, ImageVerdict> check, Random random)
{
    private const int StepsRecorded = 600;
    private const int StepsAfterwards = 3;

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(2);

    private readonly List<string> _faults = [];
    private readonly string _state = disk + ".state";
    private readonly string _log = disk + ".log";
    private string _firstLife = "";
    private string _recordedLife = "";

    /// <summary>The program the session runs.</summary>
    public static IReadOnlyList<string> Program { get; } = ["/usr/lib/aurora/selfcheck", "-i", "2", "-m", "512"];

    /// <summary>Everything that must not have happened.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Requests in the record.</summary>
    public int Recorded { get; private set; }

    /// <summary>Records a session and tries this many states of it, besides that of the real cut.</summary>
    public async Task RunAsync(int states, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        _firstLife = await LiveAsync(machine with { Disk = disk }, 0, cancellation).ConfigureAwait(false);
        string start = disk + ".start";
        File.Copy(disk, start, overwrite: true);
        File.WriteAllBytes(_log, []);
        long last = SelfCheckWitness.LastStepIn(_firstLife);
        _recordedLife = await LiveAsync(machine with { Disk = disk, DiskWriteLog = _log }, last + StepsRecorded, cancellation).ConfigureAwait(false);
        using WriteLog log = WriteLog.Open(_log);
        Recorded = log.Requests.Count;
        for (int state = 0; state <= states && _faults.Count == 0; state++)
        {
            progress?.Invoke($"state {state} of {states}");
            bool isReal = state == states;
            int cut = isReal ? Recorded : random.Next(Recorded + 1);
            string name = Make(log, start, cut, isReal);
            await TryAsync(name, isReal, cancellation).ConfigureAwait(false);
        }
    }

    // The state without anything behind the last flush says how new the image must be at least.
    private string Make(WriteLog log, string start, int cut, bool isReal)
    {
        File.Copy(start, _state, overwrite: true);
        int flush = log.LastFlushBefore(cut);
        using (FileStream image = File.OpenWrite(_state))
        {
            for (int index = 0; index <= flush; index++)
                log.Apply(index, image);
        }
        ulong flushed = Judge($"cut {cut}, flushed part", 0);
        int kept = isReal ? 2 : random.Next(3);
        int torn = kept == 1 && cut > flush + 1 ? random.Next(flush + 1, cut) : -1;
        string name = $"cut {cut} of {Recorded}, flush {flush}, {(kept == 0 ? "nothing" : kept == 2 ? "all" : $"some (request {torn} torn)")} behind it";
        using (FileStream image = File.OpenWrite(_state))
        {
            for (int index = flush + 1; index < cut && kept != 0; index++)
            {
                if (index == torn)
                    log.Apply(index, image, random.NextInt64(log.Requests[index].Bytes / WriteLog.SectorBytes + 1) * WriteLog.SectorBytes);
                else if (kept == 2 || random.Next(2) == 0)
                    log.Apply(index, image);
            }
        }
        Judge(name, flushed);
        return name;
    }

    private ulong Judge(string name, ulong flushed)
    {
        ImageVerdict verdict = check(_state);
        foreach (string fault in verdict.Faults)
            _faults.Add($"{name}: {fault}");
        if (verdict.LastSequence < flushed)
            _faults.Add($"{name}: the newest commit is {verdict.LastSequence}, but {flushed} had been flushed");
        return verdict.LastSequence;
    }

    private async Task TryAsync(string name, bool isReal, CancellationToken cancellation)
    {
        var witness = new SelfCheckWitness();
        if (isReal)
        {
            witness.Observe(_firstLife);
            witness.Observe(_recordedLife);
        }
        try
        {
            witness.Observe(await LiveAsync(machine with { Disk = _state }, witness.Last, cancellation).ConfigureAwait(false));
            if (witness.Last <= SelfCheckWitness.LastStepIn(_firstLife))
                _faults.Add($"{name}: resumed before what the first life had shown");
        }
        catch (MachineException failure)
        {
            _faults.Add($"{name}: {failure.Message}");
        }
        foreach (string fault in witness.Faults)
            _faults.Add($"{name}: {fault}");
        foreach (string fault in check(_state).Faults)
            _faults.Add($"{name}, after it was resumed: {fault}");
    }

    // Until the console has shown some steps and is beyond the given one; then the power goes.
    private static async Task<string> LiveAsync(MachineConfiguration configuration, long beyond, CancellationToken cancellation)
    {
        await using VirtualMachine running = await VirtualMachine.StartAsync(
            configuration with { Boot = configuration.Boot with { Arguments = Program } }, cancellation).ConfigureAwait(false);
        var console = new ConsoleTranscript(running);
        try
        {
            for (int shown = 0; shown < StepsAfterwards || SelfCheckWitness.LastStepIn(console.Text) <= beyond; shown++)
                await console.WaitForAsync("\n", _deadline, cancellation).ConfigureAwait(false);
        }
        catch (MachineException failure)
        {
            throw new MachineException($"{failure.Message}\n--- kernel log ---\n{running.Events.Tail()}");
        }
        await running.CutPowerAsync().ConfigureAwait(false);
        await console.Completed.WaitAsync(_deadline, cancellation).ConfigureAwait(false);
        return console.Text;
    }
}
