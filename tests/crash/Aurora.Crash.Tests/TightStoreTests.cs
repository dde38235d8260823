using System;
using Aurora.Store;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Crash.Tests;

/// <summary>Stores without room, without memory, without a steady clock.</summary>
[Collection("one after the other: the stores share their page allocator")]
public sealed class TightStoreTests(ITestOutputHelper output)
{
    private const int Steps = 90;

    // "aurora soak store" asks for more, and other seeds.
    private static int Runs => Setting("AURORA_TIGHT_RUNS", 40);

    private static int FirstSeed => Setting("AURORA_CRASH_SEED", 1);

    [Fact]
    public void What_has_been_taken_can_always_be_cut()
    {
        int taken = 0;
        int refused = 0;
        int crashes = 0;
        for (int seed = FirstSeed; seed < FirstSeed + Runs; seed++)
        {
            try
            {
                TightStore store = TightStore.Run(seed, Steps);
                taken += store.Taken;
                refused += store.Refused;
                crashes += store.Crashes;
            }
            catch (Exception finding) when (finding is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {finding.Message}\n{finding.StackTrace}");
            }
        }
        output.WriteLine($"attack: stores in a tight place: {Runs} histories, {taken} commits taken, {refused} refused, {crashes} crashes");
        Assert.True(refused > Runs / 2 && taken > Runs * 10, $"{taken} taken, {refused} refused");
    }

    // Blocks are soon used again where there are few.
    [Fact]
    public void They_find_a_seeded_fault_in_the_ages_of_views()
    {
        string found = "";
        int seed = 0;
        while (found.Length == 0 && seed < 40)
        {
            try
            {
                TightStore.Run(++seed, 3 * Steps, SeededFaults.MisjudgedAge);
            }
            catch (Exception finding) when (finding is CrashFindingException or PanicException)
            {
                found = finding.Message;
            }
        }
        Assert.True(found.Length > 0, $"not found in {seed} histories");
        output.WriteLine("attack: seeded faults of the store: 1 seeded, 1 found");
        output.WriteLine($"{SeededFaults.MisjudgedAge} found after {seed} histories: {found}");
    }

    private static int Setting(string name, int byDefault)
        => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) && value > 0 ? value : byDefault;
}
