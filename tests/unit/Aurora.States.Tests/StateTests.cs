using System;
using System.Diagnostics;
using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.States.Tests;

/// <summary>Whatever state legal programs build up, a restore gives it back.</summary>
public sealed class StateTests(ITestOutputHelper output)
{
    private static int Number(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value : otherwise;

    [Fact]
    public void Every_state_comes_back_as_it_was_and_goes_on_as_it_would_have()
    {
        int states = Number("AURORA_STATES", 100_000);
        int seed = Number("AURORA_STATES_SEED", 1);
        var fuzzer = new StateFuzzer();
        long start = Stopwatch.GetTimestamp();
        for (; fuzzer.States < states; seed++)
        {
            StateProgram program = StateFuzzer.Generate(seed);
            try
            {
                fuzzer.Run(program);
            }
            catch (StateException)
            {
                (StateProgram smallest, string failure) = Shrinker.Shrink(program, null);
                Assert.Fail($"seed {seed}, {smallest.Steps.Count} operations: {failure}\n{Shrinker.Explain(smallest, null)}");
            }
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        output.WriteLine($"attack: kernel states: {fuzzer.States} states, {fuzzer.Operations} operations");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"state fuzzer: {fuzzer.States} states in {seconds:0} s, seeds to {seed - 1}"));
    }
}
