// Aurora, the peer and the peer without mitigations in turn, again and again: each boot runs all parts that go together, on a new disk, in
// machines with the same settings. Two kinds of boot: work on files and memory, and programs saved and restored, which takes more memory
// because an epoch has at most an eighth of it.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Bench.Pairs;
using Aurora.Bench.Peer;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Images.Root;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>Takes pairs of measurements.</summary>
internal sealed class PairBench(BenchChoices choices, PeerWorkspace peer)
{
    private const int Processors = 2;
    private const int WorkMebibytes = 1024;
    private const int DumpMebibytes = 3072;
    private const string AuroraFolder = "/root";
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(8);

    private string Template => Path.Combine(choices.Folder, "aurora-root.img");

    /// <summary>Makes a disk image for Aurora that has the peer's SQLite.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        IEnumerable<RootEntry> entries = new StandardRoot(Repository.Guests).Read().Concat(peer.Programs.Entries("sqlite3"));
        await Task.Run(() => DiskImage.Create(Template, DiskImage.DefaultBytes, entries), cancellation);
    }

    /// <summary>One pair of these parts.</summary>
    public async Task<IReadOnlyList<PairRun>> RunAsync(
        IReadOnlySet<PairPart> parts, Action<string> progress, CancellationToken cancellation)
    {
        var runs = new List<PairRun>();
        string[] work = [.. parts.Where(part => part != PairPart.Dumps).Order().Select(part => part.ToString().ToLowerInvariant())];
        if (work.Length > 0)
        {
            string[] arguments = [Number(choices.Quick ? 40 : 200), .. work];
            PairRun run = await BothAsync(WorkMebibytes, "pairs", "pairs", arguments, line => progress($"files, {line}"), cancellation);
            runs.Add(parts.Contains(PairPart.Persists) ? run with { Device = await DeviceAsync(progress, cancellation) } : run);
        }
        if (parts.Contains(PairPart.Dumps))
        {
            string[] arguments = [Number(choices.Quick ? 1 : 3), .. PairMeasure.Sizes.SkipLast(choices.Quick ? 1 : 0).Select(Number)];
            runs.Add(await BothAsync(
                DumpMebibytes, "sls_dumps", "criu_dumps", arguments, line => progress($"dumps, {line}"), cancellation));
        }
        return runs;
    }

    private async Task<GuestReport> DeviceAsync(Action<string> progress, CancellationToken cancellation)
    {
        progress("the device by itself");
        MachineConfiguration machine = choices.Machine with { MemoryMebibytes = WorkMebibytes, Cpus = Processors };
        return (await RawDevice.MeasureAsync(machine, choices.Folder, cancellation)).Flushes();
    }

    private async Task<PairRun> BothAsync(
        int mebibytes, string ours, string theirs, string[] arguments, Action<string> progress, CancellationToken cancellation)
    {
        MachineConfiguration machine = choices.Machine with { MemoryMebibytes = mebibytes, Cpus = Processors };
        progress("Aurora");
        GuestReport aurora = await AuroraAsync(machine, [Program(ours), AuroraFolder, .. arguments], cancellation);
        string[] program = [Program(theirs), PeerMachine.DiskFolder, .. arguments];
        progress("Linux");
        GuestReport linux = await peer.RunAsync(machine, mitigations: true, cancellation, program);
        progress("Linux without mitigations");
        return new PairRun(aurora, linux, await peer.RunAsync(machine, mitigations: false, cancellation, program));
    }

    private async Task<GuestReport> AuroraAsync(MachineConfiguration machine, string[] program, CancellationToken cancellation)
    {
        string disk = Path.Combine(choices.Folder, "aurora.img");
        HostResult copy = await HostProcess.RunAsync(
            "cp", ["--sparse=always", "--reflink=auto", Template, disk], cancellation: cancellation);
        if (copy.Status != 0)
            throw new UserException($"cannot make {disk}: {copy.Output.Trim()}");
        MachineConfiguration configured = machine with
        {
            Disk = disk,
            Boot = machine.Boot with { Arguments = program, Environment = GuestEnvironment.Default },
        };
        GuestReport report = await AuroraMachine.RunAsync(configured, _deadline, cancellation);
        File.Delete(disk);
        return report;
    }

    private static string Program(string name) => $"{StandardRoot.TestFolder}/{name}";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
