using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Images.Oci;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora run</c>: one program, its console on the standard streams, its exit status as the tool's own.</summary>
internal static class RunCommand
{
    private const string Help = """
        Run a program in a machine: its console on standard input and output, its exit status as this command's own.
        With --disk the disk keeps the session: the same command after a kill resumes it.
        Meanwhile aurora exec runs further programs in the machine.
        With --oci the image's entrypoint, command, environment, user and directory are used unless others are given:
        what is after -- takes the command's place, --entrypoint the entrypoint's.

        Exit status: the program's own; 126 when it could not be started and 127 when it is not there; 122 when the session's newest
        state cannot be restored and 123 when it is held because it panicked three times in a row within ten seconds of running
        (both say what can be done); 124 after --timeout; 125 when Aurora itself failed; 137 when the plug was pulled from the
        keyboard; 141 when the reader of standard output went away.
        """;

    public static Command Create()
    {
        var command = new Command("run", Help);
        var machine = new MachineOptions();
        Option<string?> disk = DiskOption();
        var root = new RootOptions();
        var how = new ProgramOptions();
        var at = AtOption();
        Option<bool> fallback = FallbackOption();
        Option<bool> hold = HoldOption();
        var timeout = new Option<double?>("--timeout") { Description = "Seconds after which the plug is pulled (exit status 124)." };
        Argument<string[]> program = ProgramArgument();
        foreach (Option option in (Option[])[disk, at, fallback, hold, timeout])
            command.Options.Add(option);
        root.AddTo(command);
        how.AddTo(command);
        machine.AddTo(command);
        command.Arguments.Add(program);
        command.Validators.Add(result =>
        {
            if (result.GetValue(disk) == null)
                CheckWithoutDisk(result, result.GetValue(at) != null, result.GetValue(fallback) || result.GetValue(hold));
            if (result.GetValue(program)!.Length == 0 && !result.GetValue(hold) && !root.NamesProgram(result) && !how.NamesProgram(result))
                result.AddError("run wants a program");
        });
        command.SetAction((parsed, cancellation) =>
        {
            MachineConfiguration configuration = machine.Configure(parsed);
            GoBack(parsed.GetValue(disk), parsed.GetValue(at));
            configuration = configuration with { Boot = configuration.Boot with { Hold = parsed.GetValue(hold) } };
            TimeSpan? limit = parsed.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            var run = new RunOptions(
                root.Get(parsed), how.Get(parsed, parsed.GetValue(program)!), limit, machine.Verbose(parsed), parsed.GetValue(fallback),
                [.. parsed.Tokens.Select(token => token.Value)]);
            return RunAsync(configuration, parsed.GetValue(disk), run, cancellation);
        });
        return command;
    }

    private static Option<string?> DiskOption() => new("--disk")
    {
        Description = "The disk image; made when it does not exist. Without it a throw-away image is used.",
    };

    private static Argument<string[]> ProgramArgument() => new("program")
    {
        Description = "The program and its arguments, after --. Without a slash it is looked for in PATH.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static void CheckWithoutDisk(CommandResult result, bool goesBack, bool wantsSession)
    {
        if (goesBack)
            result.AddError("--at wants the --disk that has the checkpoint");
        if (wantsSession)
            result.AddError("--fallback and --hold want the --disk that has the session");
    }

    internal static Option<bool> FallbackOption() => new("--fallback")
    {
        Description = "When the newest state cannot be restored, continue from the newest checkpoint that can. "
            + "What was newer stays in the history.",
    };

    internal static Option<bool> HoldOption() => new("--hold")
    {
        Description = "Run nothing: restore the session, show its processes and what was last on its screen, and power off.",
    };

    internal static Option<string?> AtOption() => new("--at")
    {
        Description = "Continue from an earlier checkpoint: its name, or its epoch (aurora history). "
            + "What came later stays in the history.",
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
        MachineConfiguration configuration, string? disk, RunOptions options, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        configuration = configuration with { Boot = GuestEnvironment.WithTerminal(configuration.Boot) };
        using OciImage? image = options.Root.Oci is { } oci ? OciImages.Open(oci) : null;
        var program = new GuestProgram(options.Program, image?.Config);
        if (disk != null)
        {
            if (File.Exists(disk))
                TellWhatIsForNew(disk, options);
            await DiskImages.EnsureAsync(disk, options.Root, program.Furnish, cancellation);
            configuration = configuration with { Disk = disk, AcceptsPrograms = true, Boot = program.Complete(configuration.Boot, disk) };
            return await RunOnDiskAsync(configuration, disk, options, cancellation);
        }
        string temporary = Path.Combine(Path.GetTempPath(), $"aurora-{Guid.NewGuid():N}.img");
        try
        {
            await DiskImages.EnsureAsync(temporary, options.Root, program.Furnish, cancellation);
            configuration = configuration with { Disk = temporary, Boot = program.Complete(configuration.Boot, temporary) };
            // QEMU holds the image open once it runs; without a name it cannot be left behind, whatever ends this process.
            return await GuestSession.RunAsync(
                configuration, options.IsVerbose, options.Limit, () => File.Delete(temporary), cancellation);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static void TellWhatIsForNew(string disk, RunOptions options)
    {
        if (!options.Root.IsStandard || options.Program.Volumes.Count > 0)
            Report.Line($"{disk} is there already, with what is in it: --root, --oci, --packages and -v are for a new image");
    }

    private static async Task<int> RunOnDiskAsync(
        MachineConfiguration configuration, string disk, RunOptions options, CancellationToken cancellation)
    {
        // Going back leads to a state that has been restored here; a kernel that refuses that one too is not asked again.
        for (bool mayFallBack = options.FallsBack; ; mayFallBack = false)
        {
            try
            {
                return await GuestSession.RunAsync(configuration, options.IsVerbose, options.Limit, onBooted: null, cancellation);
            }
            catch (RefusedException failure) when (failure.Refused.IsUnrestorable || failure.Refused.IsHeld)
            {
                Report.Error(failure.Message);
                if (!TryRecover(new SessionRecovery(disk, options.CommandLine, mayFallBack), failure.Refused))
                    return failure.Refused.IsHeld ? ExitCode.Held : ExitCode.Unrestorable;
            }
        }
    }

    // True when the disk has gone back to a state that can be started. What the image cannot tell does not change what the status says.
    private static bool TryRecover(SessionRecovery recovery, RefusedEvent refused)
    {
        try
        {
            if (!refused.IsHeld)
                return recovery.FromUnrestorable();
            recovery.FromHeld();
        }
        catch (ImageException failure)
        {
            Report.Error(failure.Message);
        }
        return false;
    }
}

/// <summary>How a machine is run, beside what it is.</summary>
/// <param name="Root">What a new image holds.</param>
/// <param name="Program">What is run.</param>
/// <param name="Limit">When the plug is pulled.</param>
/// <param name="IsVerbose">Show the kernel's log.</param>
/// <param name="FallsBack">Go back by itself when the newest state cannot be restored.</param>
/// <param name="CommandLine">The command as it was given, for messages that name another.</param>
internal sealed record RunOptions(
    RootChoice Root, ProgramChoice Program, TimeSpan? Limit, bool IsVerbose, bool FallsBack, IReadOnlyList<string> CommandLine);
