using System;
using System.Collections.Generic;
using System.Globalization;
using Aurora.Memory;
using Aurora.Checkpoint;
using Aurora.Store;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Crash.Tests;

/// <summary>
/// Regions of many threads, wherever the power is cut: every acknowledged persist whole, and nothing of what was not persisted.
/// </summary>
[Collection("one after the other: the stores share their page allocator")]
public sealed class BankTests
{
    private const int Transfers = 12;

    private readonly ITestOutputHelper _output;

    public BankTests(ITestOutputHelper output)
    {
        HostEnvironment.Install();
        _output = output;
    }

    private static int Setting(string name, int byDefault)
        => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value : byDefault;

    [Fact]
    public void A_bank_of_twenty_threads_is_whole_wherever_the_power_is_cut()
    {
        int wanted = Setting("AURORA_BANK_STATES", 1000);
        var suite = new BankSuite(default);
        for (int seed = Setting("AURORA_CRASH_SEED", 1); suite.States < wanted; seed++)
        {
            try
            {
                suite.Run(seed, Transfers, statesPerPoint: 5, mostStates: 200, further: 1);
            }
            catch (CrashFindingException finding)
            {
                Assert.Fail($"seed {seed}, state {suite.States}: {finding.Message}");
            }
        }
        _output.WriteLine($"attack: power cuts of regions: {suite.Persists} persists of {BankHistory.Threads} threads beside "
            + $"{suite.Checkpoints} checkpoints, {suite.States} crash states, {suite.Outcomes} distinct outcomes");
        Assert.True(suite.Outcomes > wanted / 20, $"only {suite.Outcomes} distinct outcomes");
    }

    [Theory]
    [InlineData((int)SeededFaults.DroppedFlush, 0, 0)]
    [InlineData((int)SeededFaults.EarlyAcknowledge, 0, 0)]
    [InlineData((int)SeededFaults.EarlyBlockReuse, 0, 0)]
    [InlineData((int)SeededFaults.LostLogEntry, 0, 0)]
    [InlineData(0, (int)SeededMemoryFaults.TwoLists, 0)]
    [InlineData(0, (int)SeededMemoryFaults.EarlyLanding, 0)]
    [InlineData(0, (int)SeededMemoryFaults.WrittenInFlight, 0)]
    [InlineData(0, (int)SeededMemoryFaults.LostProtectEntry, 0)]
    [InlineData(0, 0, (int)SeededRegionFaults.UnorderedPersists)]
    [InlineData(0, 0, (int)SeededRegionFaults.EarlyPromise)]
    public void The_bank_finds_a_seeded_fault(int store, int memory, int regions)
    {
        var faults = new BankFaults((SeededFaults)store, (SeededMemoryFaults)memory, (SeededRegionFaults)regions);
        var suite = new BankSuite(faults);
        string found = "";
        for (int seed = 1; seed <= 6 && found.Length == 0; seed++)
        {
            try
            {
                suite.Run(seed, Transfers, statesPerPoint: 5, mostStates: 200, further: 0);
            }
            catch (Exception exception) when (exception is CrashFindingException or PanicException or InvalidOperationException
                or KeyNotFoundException or NullReferenceException)
            {
                found = exception.Message;
            }
        }
        Assert.True(found.Length > 0, $"{faults} was not found in {suite.States} crash states");
        _output.WriteLine("attack: seeded faults of regions: 1 seeded, 1 found");
        _output.WriteLine($"{faults} found after {suite.States} crash states: {found}");
    }

    [Fact]
    public void A_persist_behind_one_that_is_refused_is_refused_and_otherwise_that_is_found()
    {
        RefusedPersists.Run(default);
        Assert.ThrowsAny<Exception>(() => RefusedPersists.Run(new BankFaults(Regions: SeededRegionFaults.LostRefusal)));
        _output.WriteLine("attack: seeded faults of regions: 1 seeded, 1 found");
    }
}
