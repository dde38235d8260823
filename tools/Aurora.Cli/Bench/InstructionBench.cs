// The instructions of kernel primitives, on Aurora and on the peer with and without its mitigations. Counted instructions do not depend on
// the host's speed or load, so one run of each is enough.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Bench.Instructions;
using Aurora.Bench.Peer;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>Counts, compares and records.</summary>
internal sealed class InstructionBench(MachineConfiguration machine, string folder)
{
    private readonly MachineConfiguration _machine = machine with { MemoryMebibytes = InstructionRun.MemoryMebibytes };

    /// <summary>Where the baseline is.</summary>
    public static string BaselineFile => Repository.In("bench/instructions.json");

    /// <summary>Aurora's figures.</summary>
    public async Task<GuestReport> CountAuroraAsync(string? filter, CancellationToken cancellation)
    {
        if (filter != null && !Primitive.All.Any(primitive => primitive.Name.Contains(filter, StringComparison.Ordinal)))
            throw new UserException(
                $"no primitive's name contains {filter}: {string.Join(", ", Primitive.All.Select(primitive => primitive.Name))}");
        string disk = Path.Combine(folder, "prims.img");
        await DiskImages.EnsureAsync(disk, cancellation);
        GuestReport report = await InstructionRun.OnAuroraAsync(_machine, disk, filter, cancellation);
        File.Delete(disk);
        return report;
    }

    /// <summary>Aurora's figures beside the peer's.</summary>
    public async Task<IReadOnlyList<Comparison>> CompareAsync(string? filter, Action<string> progress, CancellationToken cancellation)
    {
        progress("Aurora");
        GuestReport aurora = await CountAuroraAsync(filter, cancellation);
        progress("the peer's packages");
        PeerWorkspace peer = await PeerWorkspace.PrepareAsync(folder, cancellation);
        progress("Linux");
        GuestReport linux = await CountPeerAsync(peer, filter, mitigations: true, cancellation);
        progress("Linux without mitigations");
        GuestReport bare = await CountPeerAsync(peer, filter, mitigations: false, cancellation);
        return [.. Primitive.All.Where(primitive => filter == null || primitive.Name.Contains(filter, StringComparison.Ordinal))
            .Select(primitive => Compare(primitive, aurora, linux, bare))];
    }

    private async Task<GuestReport> CountPeerAsync(PeerWorkspace peer, string? filter, bool mitigations, CancellationToken cancellation)
        => await peer.RunAsync(
            InstructionRun.Counting(_machine), mitigations, cancellation,
            [InstructionRun.Program, PeerMachine.DiskFolder, .. InstructionRun.Words(filter)]);

    private static Comparison Compare(Primitive primitive, GuestReport aurora, GuestReport linux, GuestReport bare) => new()
    {
        Measure = primitive.Name,
        Words = primitive.Words,
        Unit = Unit.Instructions,
        Aurora = [Each(aurora, primitive)],
        Peer = primitive.Most == null ? [Each(linux, primitive)] : [],
        Bare = primitive.Most == null ? [Each(bare, primitive)] : [],
        Target = primitive.IsCompared ? 1 : null,
        Most = primitive.Most,
    };

    private static double Each(GuestReport report, Primitive primitive)
        => InstructionBaseline.Figures(report).FirstOrDefault(figure => figure.Name == primitive.Name) is { Name: not null } found
            ? found.Each
            : throw new BenchException($"the guest reported no {primitive.Name}");
}
