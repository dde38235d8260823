using System.CommandLine;
using System.Diagnostics;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora build</c>: everything, or only the kernel image.</summary>
internal static class BuildCommand
{
    public static Command Create()
    {
        var command = new Command("build", "Build the kernel image, the guest programs, the tools and the tests.");
        var kernelOnly = new Option<bool>("--kernel") { Description = "Build only the kernel image." };
        command.Options.Add(kernelOnly);
        command.SetAction(async (parsed, cancellation) =>
        {
            long start = Stopwatch.GetTimestamp();
            bool small = parsed.GetValue(kernelOnly);
            await Builder.BuildAsync(small ? Builder.KernelProject : Builder.Solution, small ? "building the kernel" : "building Aurora", cancellation);
            Report.Good($"built in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s: {Repository.KernelImage}");
            return ExitCode.Success;
        });
        return command;
    }
}
