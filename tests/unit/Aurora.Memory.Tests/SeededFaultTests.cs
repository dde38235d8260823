using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Memory.Tests;

/// <summary>Deliberate bugs of virtual memory: random programs against the model find each of them.</summary>
public sealed class SeededFaultTests
{
    private const int MostPrograms = 200;
    private const int Operations = 1000;

    private readonly ITestOutputHelper _output;

    public SeededFaultTests(ITestOutputHelper output) => _output = output;

    [Theory]
    [InlineData((int)SeededMemoryFaults.LostMerge)]
    [InlineData((int)SeededMemoryFaults.StaleEntryPointer)]
    [InlineData((int)SeededMemoryFaults.LostProtectEntry)]
    [InlineData((int)SeededMemoryFaults.WrittenInFlight)]
    [InlineData((int)SeededMemoryFaults.EvictedDirtyPage)]
    [InlineData((int)SeededMemoryFaults.ForgottenCloneOfMerge)]
    [InlineData((int)SeededMemoryFaults.ForgottenUnmap)]
    [InlineData((int)SeededMemoryFaults.SharedGrowth)]
    [InlineData((int)SeededMemoryFaults.StackGrowth)]
    [InlineData((int)SeededMemoryFaults.TableGrowsOnce)]
    [InlineData((int)SeededMemoryFaults.SparseForgotten)]
    [InlineData((int)SeededMemoryFaults.ForgottenOverlayCut)]
    [InlineData((int)SeededMemoryFaults.ElidedZeroes)]
    [InlineData((int)SeededMemoryFaults.TrustedOpenedPage)]
    [InlineData((int)SeededMemoryFaults.UnaskedStores)]
    [InlineData((int)SeededMemoryFaults.ForgottenCloneOfAlone)]
    public void The_model_finds_a_seeded_fault(int fault) => Find(((SeededMemoryFaults)fault).ToString(), (SeededMemoryFaults)fault, DroppedInvalidations.None);

    [Theory]
    [InlineData(DroppedInvalidations.Pages)]
    [InlineData(DroppedInvalidations.Spaces)]
    [InlineData(DroppedInvalidations.Everything)]
    public void The_model_finds_a_skipped_shootdown(DroppedInvalidations dropped) => Find($"skipped shootdown: {dropped}", SeededMemoryFaults.None, dropped);

    private void Find(string name, SeededMemoryFaults seeded, DroppedInvalidations dropped)
    {
        string? found = null;
        int program = 0;
        for (; program < MostPrograms && found == null; program++)
            found = Try(program, seeded, dropped);
        Assert.True(found != null, $"{name} was not found by {MostPrograms} programs");
        _output.WriteLine("attack: seeded faults of memory: 1 seeded, 1 found");
        _output.WriteLine($"{name} found by program {program}: {found}");
    }

    // A broken machine may fail in any way: by what it holds, by its own checks, or by a wild pointer among the frames.
    private static string? Try(int seed, SeededMemoryFaults seeded, DroppedInvalidations dropped)
    {
        var random = new Random(seed);
        var run = new ModelRun(seeded, dropped);
        try
        {
            run.Run([.. Enumerable.Range(0, Operations).Select(_ => random.Next())]);
            run.Dispose();
            return null;
        }
        catch (Exception exception) when (exception is PanicException or Xunit.Sdk.XunitException or InvalidOperationException
            or KeyNotFoundException or NullReferenceException)
        {
            return exception.Message.Split('\n')[0];
        }
    }
}
