using System.CommandLine;
using Aurora.Cli.Soak;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak memory</c>: the model of virtual memory.</summary>
internal static class MemorySoakCommand
{
    private const long DefaultSteps = 10_000_000;

    private static readonly LongTest _test = new(
        "tests/unit/Aurora.Memory.Tests/Aurora.Memory.Tests.csproj", "FullyQualifiedName~MemorySoakTests", "building the memory tests");

    public static Command Create()
    {
        var command = new Command("memory", """
            Run ten million random steps of virtual memory against its model.
                Exits 1 when they differ, naming the seed and the shortest program.
            """);
        var steps = new Option<long>("--steps") { Description = "How many steps.", DefaultValueFactory = _ => DefaultSteps };
        Option<int> seed = LongTest.Seed("The first program's seed.");
        command.Options.Add(steps);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) => _test.RunAsync(
            [("AURORA_MEMORY_STEPS", parsed.GetValue(steps)), ("AURORA_MEMORY_SEED", parsed.GetValue(seed))], cancellation));
        return command;
    }
}
