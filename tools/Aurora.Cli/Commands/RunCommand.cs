using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora run</c>: one program, its console on the standard streams, its exit status as the tool's own.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", """
            Run a program in a machine: its console on standard input and output, its exit status as this command's own.
            With --disk the disk keeps the session: the same command after a kill resumes it.
            """);
        var machine = new MachineOptions();
        var disk = new Option<string?>("--disk") { Description = "The disk image; made when it does not exist. Without it a throw-away image is used." };
        var root = new Option<string?>("--root") { Description = "A folder or tar archive for the root file system of a new image (default: busybox)." };
        var timeout = new Option<double?>("--timeout") { Description = "Seconds after which the plug is pulled (exit status 124)." };
        var program = new Argument<string[]>("program") { Description = "The program and its arguments, after --.", Arity = ArgumentArity.OneOrMore };
        foreach (Option option in (Option[])[disk, root, timeout])
            command.Options.Add(option);
        machine.AddTo(command);
        command.Arguments.Add(program);
        command.SetAction((parsed, cancellation) =>
        {
            MachineConfiguration configuration = machine.Configure(parsed);
            configuration = configuration with { Boot = configuration.Boot with { Arguments = parsed.GetValue(program)!, Environment = GuestEnvironment.Default } };
            TimeSpan? limit = parsed.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            return RunAsync(configuration, parsed.GetValue(disk), parsed.GetValue(root), limit, machine.Verbose(parsed), cancellation);
        });
        return command;
    }

    internal static async Task<int> RunAsync(
        MachineConfiguration configuration, string? disk, string? root, TimeSpan? limit, bool verbose, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        configuration = configuration with { Boot = GuestEnvironment.WithTerminal(configuration.Boot) };
        if (disk != null)
        {
            await DiskImages.EnsureAsync(disk, root, cancellation);
            return await GuestSession.RunAsync(configuration with { Disk = disk }, verbose, limit, onBooted: null, cancellation);
        }
        string temporary = Path.Combine(Path.GetTempPath(), $"aurora-{Guid.NewGuid():N}.img");
        try
        {
            await DiskImages.EnsureAsync(temporary, root, cancellation);
            // QEMU holds the image open once it runs; without a name it cannot be left behind, whatever ends this process.
            return await GuestSession.RunAsync(configuration with { Disk = temporary }, verbose, limit, () => File.Delete(temporary), cancellation);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
