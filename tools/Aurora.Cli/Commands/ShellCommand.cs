using System;
using System.CommandLine;
using System.IO;
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
            """);
        var machine = new MachineOptions();
        var disk = new Option<string>("--disk") { Description = "The disk image that keeps the session.", DefaultValueFactory = _ => DefaultDisk };
        var root = new Option<string?>("--root") { Description = "A folder or tar archive for the root file system of a new image (default: busybox)." };
        Option<string?> at = RunCommand.AtOption();
        command.Options.Add(at);
        command.Options.Add(disk);
        command.Options.Add(root);
        machine.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            string image = parsed.GetValue(disk)!;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(image))!);
            RunCommand.GoBack(image, parsed.GetValue(at));
            Report.Line($"the session is on {image}; Ctrl-] q powers off, Ctrl-] k pulls the plug");
            MachineConfiguration configuration = machine.Configure(parsed);
            configuration = configuration with
            {
                Boot = configuration.Boot with { Arguments = ["/bin/sh", "-l"], Environment = GuestEnvironment.Default, WorkingDirectory = "/root" },
            };
            return RunCommand.RunAsync(configuration, image, parsed.GetValue(root), limit: null, machine.Verbose(parsed), cancellation);
        });
        return command;
    }

    // Outside the working tree: a session must survive a cleaned build.
    private static string DefaultDisk => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "aurora", "shell.img");
}
