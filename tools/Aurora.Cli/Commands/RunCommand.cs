using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
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
        var at = AtOption();
        var timeout = new Option<double?>("--timeout") { Description = "Seconds after which the plug is pulled (exit status 124)." };
        var program = new Argument<string[]>("program") { Description = "The program and its arguments, after --.", Arity = ArgumentArity.OneOrMore };
        foreach (Option option in (Option[])[disk, root, at, timeout])
            command.Options.Add(option);
        machine.AddTo(command);
        command.Arguments.Add(program);
        command.Validators.Add(result =>
        {
            if (result.GetValue(at) != null && result.GetValue(disk) == null)
                result.AddError("--at wants the --disk that has the checkpoint");
        });
        command.SetAction((parsed, cancellation) =>
        {
            MachineConfiguration configuration = machine.Configure(parsed);
            GoBack(parsed.GetValue(disk), parsed.GetValue(at));
            configuration = configuration with { Boot = configuration.Boot with { Arguments = parsed.GetValue(program)!, Environment = GuestEnvironment.Default } };
            TimeSpan? limit = parsed.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            return RunAsync(configuration, parsed.GetValue(disk), parsed.GetValue(root), limit, machine.Verbose(parsed), cancellation);
        });
        return command;
    }

    internal static Option<string?> AtOption() => new("--at")
    {
        Description = "Continue from an earlier checkpoint: its name, or its epoch (aurora history). What came later stays in the history.",
    };

    /// <summary>Makes the disk continue from an earlier checkpoint, when one is asked for.</summary>
    internal static void GoBack(string? disk, string? at)
    {
        if (disk == null || at == null)
            return;
        ImageCheckpoint checkpoint = DiskImage.GoBack(disk, at);
        string taken = checkpoint.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        Report.Line($"continuing from epoch {checkpoint.Epoch}, taken {taken}");
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
