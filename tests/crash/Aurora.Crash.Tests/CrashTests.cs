using System;
using Aurora.Store;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Crash.Tests;

/// <summary>Every acknowledged commit whole, none half there, check clean, after every power cut we can construct in the time.</summary>
[Collection("one after the other: the stores share their page allocator")]
public sealed class CrashTests
{
    private static readonly TimeSpan _reportPeriod = TimeSpan.FromMinutes(1);

    private readonly ITestOutputHelper _output;

    public CrashTests(ITestOutputHelper output)
    {
        HostEnvironment.Install();
        _output = output;
    }

    // "aurora soak store" asks for more, and other seeds.
    private static int WantedStates => Setting("AURORA_CRASH_STATES", 20_000);

    private static int FirstSeed => Setting("AURORA_CRASH_SEED", 1);

    [Fact]
    public void Recovery_survives_every_enumerated_power_cut()
    {
        var suite = new CrashSuite(SeededFaults.None);
        var sinceReport = System.Diagnostics.Stopwatch.StartNew();
        for (int seed = FirstSeed; suite.States < WantedStates; seed++)
        {
            try
            {
                suite.Run(seed, CommitsOf(seed), statesPerPoint: 8, secondHistories: 2);
            }
            catch (CrashFindingException finding)
            {
                Assert.Fail($"seed {seed}, state {suite.States}: {finding.Message}");
            }
            if (sinceReport.Elapsed < _reportPeriod)
                continue;
            sinceReport.Restart();
            Report(suite);
        }
        Report(suite);
        _output.WriteLine("attack: power cuts of the store: " + Summary(suite));
        Assert.True(suite.Outcomes > WantedStates / 20, $"only {suite.Outcomes} distinct outcomes");
    }

    // For those who watch a long run.
    private static void Report(CrashSuite suite)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        Console.WriteLine($"crash suite: {Summary(suite)}, {process.TotalProcessorTime.TotalSeconds:F0} s of processor time, {process.PeakWorkingSet64 >> 20} MiB");
    }

    private static string Summary(CrashSuite suite)
        => $"{suite.Histories} histories, {suite.Constructed} crash states, {suite.States} of them distinct, {suite.Outcomes} distinct recovery outcomes";

    private static int Setting(string name, int byDefault)
        => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) && value > 0 ? value : byDefault;

    // Every second history goes around the log ring more than once.
    private static int CommitsOf(int seed) => seed % 2 == 0 ? 130 : 40;

    [Theory]
    [InlineData((int)SeededFaults.DroppedFlush)]
    [InlineData((int)SeededFaults.EarlyBlockReuse)]
    [InlineData((int)SeededFaults.SkippedDataCheck)]
    [InlineData((int)SeededFaults.StaleGeneration)]
    [InlineData((int)SeededFaults.IgnoredWriteStatus)]
    [InlineData((int)SeededFaults.WatermarkOffByOne)]
    [InlineData((int)SeededFaults.LostLogEntry)]
    [InlineData((int)SeededFaults.EarlyAcknowledge)]
    [InlineData((int)SeededFaults.ReusedLogSpace)]
    [InlineData((int)SeededFaults.UnflushedCut)]
    [InlineData((int)SeededFaults.UncountedClone)]
    [InlineData((int)SeededFaults.UnorderedLargeCommit)]
    [InlineData((int)SeededFaults.OverwrittenSpacePage)]
    [InlineData((int)SeededFaults.EarlyDiscard)]
    [InlineData((int)SeededFaults.UncountedRollback)]
    [InlineData((int)SeededFaults.ForgottenRollback)]
    [InlineData((int)SeededFaults.InexactCheckpoint)]
    [InlineData((int)SeededFaults.ForgottenName)]
    [InlineData((int)SeededFaults.UncountedBase)]
    [InlineData((int)SeededFaults.UnsealedClone)]
    [InlineData((int)SeededFaults.ForgottenDrop)]
    [InlineData((int)SeededFaults.DoubleReclaim)]
    [InlineData((int)SeededFaults.ReusedVolumeNumber)]
    [InlineData((int)SeededFaults.LostSwap)]
    [InlineData((int)SeededFaults.StayingHidden)]
    [InlineData((int)SeededFaults.UncheckedParts)]
    [InlineData((int)SeededFaults.SplitJoined)]
    public void The_suite_finds_a_seeded_fault(int fault)
    {
        var suite = new CrashSuite((SeededFaults)fault);
        string found = "";
        for (int seed = 1; seed <= 12 && found.Length == 0; seed++)
        {
            try
            {
                suite.Run(seed, CommitsOf(seed), statesPerPoint: 5, secondHistories: 3);
            }
            catch (CrashFindingException finding)
            {
                found = finding.Message;
            }
            catch (PanicException panic)
            {
                found = "panic: " + panic.Message;
            }
        }
        Assert.True(found.Length > 0, $"{(SeededFaults)fault} was not found in {suite.States} crash states");
        _output.WriteLine("attack: seeded faults of the store: 1 seeded, 1 found");
        _output.WriteLine($"{(SeededFaults)fault} found after {suite.States} crash states: {found}");
    }
}
