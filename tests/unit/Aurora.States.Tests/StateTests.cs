using System;
using System.Diagnostics;
using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.States.Tests;

/// <summary>Whatever state legal programs build up, a restore gives it back.</summary>
public sealed class StateTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_state_comes_back_as_it_was_and_goes_on_as_it_would_have()
        => StateRun.Fuzz(groups: 1, StateRun.Number("AURORA_STATES", 100_000), output);
}

/// <summary>So it is in several groups that run beside each other, are copied and go back; and what is done in one changes no
/// other.</summary>
public sealed class GroupStateTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_state_of_three_groups_comes_back_as_it_was_and_none_changes_another()
        => StateRun.Fuzz(groups: 3, StateRun.Number("AURORA_GROUP_STATES", 6_000), output);
}

/// <summary>Runs programs until enough states have been seen; a failing one is shrunk and told.</summary>
internal static class StateRun
{
    public static int Number(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value : otherwise;

    public static void Fuzz(int groups, int states, ITestOutputHelper output)
    {
        int seed = Number("AURORA_STATES_SEED", 1);
        var fuzzer = new StateFuzzer(groups: groups);
        long start = Stopwatch.GetTimestamp();
        for (; fuzzer.States < states; seed++)
        {
            StateProgram program = StateFuzzer.Generate(seed, groups);
            try
            {
                fuzzer.Run(program);
            }
            catch (StateException)
            {
                (StateProgram smallest, string failure) = Shrinker.Shrink(program, null, groups);
                Assert.Fail($"seed {seed}, {smallest.Steps.Count} operations: {failure}\n{Shrinker.Explain(smallest, null, groups)}");
            }
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string all = $"{fuzzer.States} states, {fuzzer.Operations} operations, {fuzzer.Told} times told of a region, "
            + $"{fuzzer.Restarts} started again";
        output.WriteLine(groups == 1 ? $"attack: kernel states: {all}"
            : $"attack: states of several groups: {all}, {fuzzer.Copies} copies");
        Assert.True(fuzzer.Told > states / 3000, $"only {fuzzer.Told} times somebody had to hear of a region");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"state fuzzer: {fuzzer.States} states of {groups} groups in {seconds:0} s, seeds to {seed - 1}"));
    }
}
