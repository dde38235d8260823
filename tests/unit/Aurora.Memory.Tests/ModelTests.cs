using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Random programs against the model. A failing one is shrunk by leaving operations out.</summary>
public sealed class ModelTests
{
    [Fact]
    public void Any_sequence_of_operations_agrees_with_the_model_and_survives_crashes() => Check(operations: 300, programs: 80);

    [Fact]
    public void Long_sequences_agree_with_the_model() => Check(operations: 3000, programs: 3);

    [Fact]
    public void An_ephemeral_group_agrees_with_the_model() => Check(operations: 300, programs: 40, isEphemeral: true);

    private static void Check(int operations, int programs, bool isEphemeral = false)
    {
        Gen<int[]> programsOf = Gen.Choose(0, int.MaxValue).ArrayOf(operations);
        Arbitrary<int[]> arbitrary = Arb.From(programsOf, Shorter);
        Prop.ForAll(arbitrary, program =>
        {
            using var run = new ModelRun();
            if (isEphemeral && program.Length != 0)
                run.RunEphemeral(program);
            else
                run.Run(program);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(programs));
    }

    private static IEnumerable<int[]> Shorter(int[] program)
    {
        for (int piece = program.Length / 2; piece >= 1; piece /= 2)
        {
            for (int at = 0; at + piece <= program.Length; at += piece)
                yield return [.. program.Take(at), .. program.Skip(at + piece)];
        }
    }
}
