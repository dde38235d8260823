using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Random programs of memory, files, checkpoints and power cuts against a model. A failing one is shrunk.</summary>
public sealed class MixedModelTests
{
    [Fact]
    public void WhatIsRestoredIsOneInstant() => Check(operations: 250, programs: 25);

    [Fact]
    public void LongProgramsAgree() => Check(operations: 2000, programs: 4);

    private static void Check(int operations, int programs)
    {
        Gen<int[]> programsOf = Gen.Choose(0, int.MaxValue).ArrayOf(operations);
        Arbitrary<int[]> arbitrary = Arb.From(programsOf, Shorter);
        Prop.ForAll(arbitrary, program =>
        {
            using var run = new MixedRun();
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
