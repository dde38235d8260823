using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora shell</c>: an interactive shell that survives.</summary>
internal static class ShellCommand
{
    public static Command Create()
    {
        var command = new Command("shell", """
            An interactive shell that survives: edit in vi, pull the plug, run it again, and the half-edited line is on the screen.
            Ctrl-] q powers off, Ctrl-] k pulls the plug; the session stays on the disk either way. `exit` ends the session.
            From another terminal aurora exec runs further programs in the machine.

            Exit status: the shell's own; 122 when the session's newest state cannot be restored and 123 when it is held because it
            panicked three times in a row within ten seconds of running (both say what can be done); 125 when Aurora itself failed; 137 when
            the plug was pulled.
            """);
        var machine = new MachineOptions();
        var disk = new Option<string>("--disk")
        {
            Description = "The disk image that keeps the session.", DefaultValueFactory = _ => DefaultDisk,
        };
        var root = new RootOptions();
        Option<string?> at = RunCommand.AtOption();
        Option<bool> fallback = RunCommand.FallbackOption();
        Option<bool> hold = RunCommand.HoldOption();
        command.Options.Add(at);
        command.Options.Add(fallback);
        command.Options.Add(hold);
        command.Options.Add(disk);
        root.AddTo(command);
        machine.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            string image = parsed.GetValue(disk)!;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(image))!);
            RunCommand.GoBack(image, parsed.GetValue(at));
            Report.Line($"the session is on {image}; Ctrl-] q powers off, Ctrl-] k pulls the plug");
            MachineConfiguration configuration = machine.Configure(parsed);
            configuration = configuration with { Boot = configuration.Boot with { Hold = parsed.GetValue(hold) } };
            var run = new RunOptions(
                root.Get(parsed), _shell, Limit: null, machine.Verbose(parsed), parsed.GetValue(fallback),
                [.. parsed.Tokens.Select(token => token.Value)]);
            return RunCommand.RunAsync(configuration, image, run, cancellation);
        });
        return command;
    }

    private static readonly ProgramChoice _shell = new(["/bin/sh", "-l"]) { WorkingDirectory = "/root", IgnoresEntrypoint = true };

    // Outside the working tree: a session must survive a cleaned build.
    private static string DefaultDisk => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "aurora", "shell.img");
}
