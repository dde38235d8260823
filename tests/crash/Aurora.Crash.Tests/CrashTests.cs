using System;
using Aurora.Store;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Crash.Tests;

/// <summary>Every acknowledged commit whole, none half there, check clean, after every power cut we can construct in the time.</summary>
public sealed class CrashTests
{
    private readonly ITestOutputHelper _output;

    public CrashTests(ITestOutputHelper output)
    {
        HostEnvironment.Install();
        _output = output;
    }

    [Fact]
    public void Recovery_survives_every_enumerated_power_cut()
    {
        var suite = new CrashSuite(SeededFaults.None);
        for (int seed = 1; seed <= 10; seed++)
        {
            try
            {
                suite.Run(seed, CommitsOf(seed), statesPerPoint: 4, secondHistories: 2);
            }
            catch (CrashFindingException finding)
            {
                Assert.Fail($"seed {seed}, state {suite.States}: {finding.Message}");
            }
        }
        string summary = $"{suite.Histories} histories, {suite.States} crash states, {suite.Outcomes} distinct recovery outcomes";
        _output.WriteLine(summary);
        Console.WriteLine("crash suite: " + summary);
        Assert.True(suite.States > 2000 && suite.Outcomes > 200, summary);
    }

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
        _output.WriteLine($"{(SeededFaults)fault} found after {suite.States} crash states: {found}");
    }
}
