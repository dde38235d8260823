using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace Aurora.States.Tests;

/// <summary>Finds a smallest program that still fails: ever smaller stretches are left out while the rest still fails.</summary>
internal static class Shrinker
{
    /// <summary>The program, shrunk, and why it fails.</summary>
    public static (StateProgram Program, string Failure) Shrink(StateProgram program, SeededCodecFault? fault, int groups = 1)
    {
        string failure = Failure(program, fault, groups) ?? throw new InvalidOperationException("the program does not fail");
        string kind = KindOf(failure);
        for (int length = Math.Max(1, program.Steps.Count / 2); length >= 1; length = length == 1 ? 0 : length / 2)
        {
            bool hasShrunk;
            do
            {
                hasShrunk = false;
                for (int start = 0; start < program.Steps.Count; start += hasShrunk ? 0 : length)
                {
                    var rest = new StateProgram([.. program.Steps.Take(start), .. program.Steps.Skip(start + length)]);
                    string? still = Failure(rest, fault, groups);
                    hasShrunk = still != null && KindOf(still) == kind && rest.Steps.Count < program.Steps.Count;
                    if (hasShrunk)
                        (program, failure) = (rest, still!);
                }
            }
            while (hasShrunk);
        }
        return Simplify(program, failure, fault, groups);
    }

    /// <summary>The calls of a failing program, readable, and why it fails.</summary>
    public static string Explain(StateProgram program, SeededCodecFault? fault, int groups = 1)
    {
        var trace = new StringBuilder();
        try
        {
            new StateFuzzer(fault, groups).Run(program, trace);
        }
        catch (StateException failure)
        {
            trace.AppendLine(failure.Message);
        }
        return trace.ToString();
    }

    // Without captures in between, and with everybody having their turn, if it fails like that as well.
    private static (StateProgram Program, string Failure) Simplify(
        StateProgram program, string failure, SeededCodecFault? fault, int groups = 1)
    {
        for (int i = 0; i < program.Steps.Count; i++)
        {
            StateStep step = program.Steps[i];
            foreach (StateStep simpler in new[] { step with { Captures = false, Replaces = false }, step with { Replaces = false },
                step with { Settles = true }, step with { ComparesMemory = false }, step with { Target = 0 } })
            {
                if (simpler == program.Steps[i])
                    continue;
                var changed = new StateProgram([.. program.Steps.Take(i), simpler, .. program.Steps.Skip(i + 1)]);
                if (Failure(changed, fault, groups) is { } still && KindOf(still) == KindOf(failure))
                    (program, failure) = (changed, still);
            }
        }
        return (program, failure);
    }

    // The same fault with other numbers: a program must not be shrunk to one that fails for another reason.
    private static string KindOf(string failure) => Regex.Replace(failure.Split('\n')[0], "0x[0-9a-f]+|[0-9]+", "#");

    private static string? Failure(StateProgram program, SeededCodecFault? fault, int groups = 1)
    {
        try
        {
            new StateFuzzer(fault, groups).Run(program);
            return null;
        }
        catch (StateException failure)
        {
            return failure.Message;
        }
    }
}
