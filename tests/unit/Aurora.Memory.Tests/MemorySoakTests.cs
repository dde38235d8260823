using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Memory.Tests;

/// <summary>
/// The model over many programs, each named by its seed; a failing one is shortened. <c>./aurora soak memory</c> says how many steps
/// (AURORA_MEMORY_STEPS), from which seed (AURORA_MEMORY_SEED) on.
/// </summary>
public sealed class MemorySoakTests
{
    private const int StepsOfProgram = 1000;

    private readonly ITestOutputHelper _output;

    public MemorySoakTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public void Programs_of_many_seeds_agree_with_the_model()
    {
        long steps = Number("AURORA_MEMORY_STEPS", 10 * StepsOfProgram);
        int first = (int)Number("AURORA_MEMORY_SEED", 1);
        var time = Stopwatch.StartNew();
        int programs = 0;
        for (; (long)programs * StepsOfProgram < steps; programs++)
            Run(first + programs);
        _output.WriteLine($"attack: steps of memory programs: {(long)programs * StepsOfProgram} steps");
        _output.WriteLine($"memory soak: {programs} programs of {StepsOfProgram} steps from seed {first} in {time.Elapsed.TotalSeconds:0} s");
    }

    private static void Run(int seed)
    {
        int[] program = ProgramOf(seed);
        string? fault = FaultOf(program);
        if (fault != null)
            Assert.Fail($"seed {seed}: {fault}; the shortest program that fails: {string.Join(' ', Shortest(program))}");
    }

    private static int[] ProgramOf(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, StepsOfProgram).Select(_ => random.Next())];
    }

    private static string? FaultOf(int[] program)
    {
        try
        {
            using var run = new ModelRun();
            run.Run(program);
            return null;
        }
        catch (Exception exception)
        {
            return exception.Message.ReplaceLineEndings(" ");
        }
    }

    private static int[] Shortest(int[] program)
    {
        for (int piece = program.Length / 2; piece >= 1; piece /= 2)
        {
            for (int at = 0; at + piece <= program.Length;)
            {
                int[] shorter = [.. program.Take(at), .. program.Skip(at + piece)];
                if (FaultOf(shorter) == null)
                    at += piece;
                else
                    program = shorter;
            }
        }
        return program;
    }

    private static long Number(string variable, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : otherwise;
}
