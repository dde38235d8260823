using System;
using System.Collections.Concurrent;
using System.Threading.Tasks;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Store.Tests;

/// <summary>Random histories of volumes against the model. AURORA_VOLUME_RUNS sets how many, AURORA_CRASH_SEED the first.</summary>
public sealed class VolumeModelTests(ITestOutputHelper output)
{
    private const int Steps = 150;

    private static int Runs => Setting("AURORA_VOLUME_RUNS", 24);

    private static int FirstSeed => Setting("AURORA_CRASH_SEED", 1);

    [Fact]
    public void Random_histories_of_volumes_agree_with_the_model()
    {
        var findings = new ConcurrentBag<string>();
        Parallel.For(FirstSeed, FirstSeed + Runs, seed =>
        {
            try
            {
                using var world = new VolumeWorld(seed);
                world.Run(Steps);
            }
            catch (Exception finding)
            {
                findings.Add($"seed {seed}: {finding.Message}\n{finding.StackTrace}");
            }
        });
        Assert.True(findings.IsEmpty, string.Join("\n\n", findings));
        output.WriteLine($"attack: histories of volumes: {Runs} histories of {Steps} steps");
    }

    private static int Setting(string name, int byDefault)
        => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) && value > 0 ? value : byDefault;
}
