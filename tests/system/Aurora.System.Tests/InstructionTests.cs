// The hot paths of the kernel, in instructions, against what was recorded (bench/instructions.json). They are the same on any host with
// the same emulator, C library and compiler; on another host there is nothing to compare, and the test is skipped and says so.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Bench.Instructions;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class InstructionTests(ITestOutputHelper output)
{
    internal static InstructionBaseline Baseline { get; }
        = InstructionBaseline.Read(Path.Combine(Products.Root, "bench/instructions.json"));

    [ComparableFact]
    public async Task No_primitive_costs_five_percent_more_instructions_than_recorded()
    {
        GuestReport report = await CountAsync();
        IReadOnlyList<InstructionRise> rises = Baseline.Rises(report);
        Assert.Empty(Baseline.Unmatched(report));
        Assert.DoesNotContain(InstructionBaseline.Figures(report), figure => Primitive.IsMissed(figure.Name, figure.Each));
        // When the disk answers is not counted, and can move a round: what has become dearer is so in every boot.
        if (rises.Count != 0)
            rises = [.. Baseline.Rises(await CountAsync()).IntersectBy(rises.Select(rise => rise.Name), rise => rise.Name)];
        output.WriteLine($"attack: instructions against the recorded: {Baseline.Instructions.Count} measures, {rises.Count} rises");
        Assert.True(rises.Count == 0, string.Join(Environment.NewLine, rises));
    }

    private static async Task<GuestReport> CountAsync()
    {
        using var disk = new TestDisk();
        var machine = new MachineConfiguration { Kernel = Products.KernelImage, MemoryMebibytes = InstructionRun.MemoryMebibytes };
        return await InstructionRun.OnAuroraAsync(machine, disk.Path, filter: null, CancellationToken.None);
    }

    /// <summary>Skipped, with the reason, on a host whose figures are others.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ComparableFactAttribute : FactAttribute
    {
        public ComparableFactAttribute() => Skip = Baseline.WhyNotComparable(HostVersions.Read());
    }
}
