// aurora bench kv: durable puts of 1 to 16 threads into the key-value store in a region (guests/kv), beside the same puts into LMDB with
// full synchronization on ext4. LMDB's program is compiled with the library of the peer's packages.
using System;
using System.Collections.Generic;
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

/// <summary>The section of key-value stores.</summary>
internal sealed class KeyValueSection(BenchChoices choices)
{
    private const int Pairs = 3;
    private const int Processors = 2;
    private const int Mebibytes = 1024;
    private const string PutsOfEachThread = "200";
    private const string Rival = "lmdbbench";
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(8);

    private static IReadOnlyList<long> Threads { get; } = [1, 2, 4, 8, 16];

    /// <summary>Measures, shows and judges.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        IReadOnlyList<PairRun> runs = await Workspace.Report.WorkAsync("measuring", show => MeasureAsync(show, cancellation));
        Comparison[] rows =
        [
            .. Threads.Select(threads => Row(runs, threads, "each", "the time of one")),
            .. Threads.Select(threads => Row(runs, threads, "p50", "how long one waits")),
        ];
        Workspace.Report.Print(ComparisonTable.Of(rows));
        return rows.All(row => row.Verdict is not Verdict.Missed) ? ExitCode.Success : ExitCode.Failed;
    }

    private static Comparison Row(IReadOnlyList<PairRun> runs, long threads, string metric, string words) => new()
    {
        Measure = $"put_{threads}_{metric}",
        Words = $"durable puts of {threads} thread{(threads == 1 ? "" : "s")}: {words}",
        Unit = Unit.Nanoseconds,
        Aurora = [.. runs.Select(run => run.Aurora.Value("kv_put", threads, metric))],
        Peer = [.. runs.Select(run => run.Peer.Value("lmdb_put", threads, metric))],
        Bare = [.. runs.Select(run => run.Bare.Value("lmdb_put", threads, metric))],
        Target = 1,
    };

    private async Task<IReadOnlyList<PairRun>> MeasureAsync(Action<string> show, CancellationToken cancellation)
    {
        show("the peer's packages and its root file system");
        PeerWorkspace peer = await PeerWorkspace.PrepareAsync(
            choices.Folder, cancellation, async programs => [await CompileRivalAsync(programs, cancellation)]);
        MachineConfiguration machine = choices.Machine with { MemoryMebibytes = Mebibytes, Cpus = Processors };
        string[] rival = [$"{StandardRoot.TestFolder}/{Rival}", PutsOfEachThread];
        var runs = new List<PairRun>();
        for (int pair = 1; pair <= Pairs; pair++)
        {
            show($"pair {pair} of {Pairs}");
            runs.Add(new PairRun(
                await AuroraAsync(machine, cancellation),
                await peer.RunAsync(machine, mitigations: true, cancellation, rival),
                await peer.RunAsync(machine, mitigations: false, cancellation, rival)));
        }
        return runs;
    }

    private async Task<GuestReport> AuroraAsync(MachineConfiguration machine, CancellationToken cancellation)
    {
        string disk = Path.Combine(choices.Folder, "aurora.img");
        await Task.Run(() => DiskImage.Create(disk, DiskImage.DefaultBytes, new StandardRoot(Repository.Guests).Read()), cancellation);
        string[] program = [$"{StandardRoot.TestFolder}/kvbench", PutsOfEachThread];
        MachineConfiguration configured = machine with
        {
            Disk = disk,
            Boot = machine.Boot with { Arguments = program, Environment = GuestEnvironment.Default },
        };
        GuestReport report = await AuroraMachine.RunAsync(configured, _deadline, cancellation);
        File.Delete(disk);
        return report;
    }

    private async Task<string> CompileRivalAsync(DebianPrograms programs, CancellationToken cancellation)
    {
        string target = Path.Combine(choices.Folder, Rival);
        string[] arguments =
        [
            "-std=gnu11", "-O2", "-static", "-I", programs.In("usr/include"), "-o", target, Repository.In("guests/kv/peer/lmdbbench.c"),
            programs.In("usr/lib/x86_64-linux-gnu/liblmdb.a"), "-lpthread",
        ];
        HostResult compiled = await HostProcess.RunAsync("gcc", arguments, cancellation: cancellation);
        return compiled.Status == 0 ? target : throw new UserException($"the program with LMDB is not compiled:\n{compiled.Output}");
    }
}
