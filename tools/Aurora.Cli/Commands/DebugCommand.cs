// Starts a machine that waits for a debugger, and gdb with the kernel's symbols on it. QEMU's gdb stub listens on a socket in a private
// folder that is deleted with the machine. The guest's console goes to a file, because gdb owns the terminal.
using System.CommandLine;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora debug</c>: gdb with symbols on a running kernel.</summary>
internal static class DebugCommand
{
    public static Command Create()
    {
        var command = new Command("debug", "Boot a machine under gdb, with the kernel's symbols.");
        var machine = new MachineOptions();
        var disk = new Option<string?>("--disk") { Description = "The disk image to boot with." };
        var execute = new Option<string[]>("--execute", "-ex") { Description = "A gdb command to run after connecting (repeatable)." };
        var batch = new Option<bool>("--batch") { Description = "Leave gdb after the commands." };
        var program = new Argument<string[]>("program") { Description = "The first program and its arguments.", Arity = ArgumentArity.ZeroOrMore };
        foreach (Option option in (Option[])[disk, execute, batch])
            command.Options.Add(option);
        command.Arguments.Add(program);
        machine.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await Builder.EnsureKernelAsync(cancellation);
            MachineConfiguration configuration = machine.Configure(parsed) with { Disk = parsed.GetValue(disk) };
            configuration = configuration with { Boot = configuration.Boot with { Arguments = parsed.GetValue(program) ?? [] } };
            return await RunAsync(configuration, parsed.GetValue(execute) ?? [], parsed.GetValue(batch), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(MachineConfiguration configuration, string[] commands, bool batch, CancellationToken cancellation)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("aurora-gdb-");
        try
        {
            string socket = Path.Combine(folder.FullName, "gdb");
            await using VirtualMachine machine = await VirtualMachine.StartAsync(configuration with { GdbSocket = socket }, cancellation);
            Directory.CreateDirectory(Repository.Cache);
            string transcript = Path.Combine(Repository.Cache, "debug-console.log");
            await using FileStream log = new(transcript, FileMode.Create, FileAccess.Write, FileShare.Read);
            Task copying = machine.Console.CopyToAsync(log, cancellation);
            Report.Line($"the guest's console goes to {transcript}");
            int status = await HostProcess.RunInteractiveAsync("gdb", Arguments(socket, commands, batch), cancellation);
            await machine.CutPowerAsync();
            await Task.WhenAny(copying);
            return status == 0 ? ExitCode.Success : ExitCode.Failed;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<string> Arguments(string socket, string[] commands, bool batch)
    {
        List<string> arguments = ["-q", Repository.KernelImage, "-ex", "set pagination off", "-ex", $"target remote {socket}"];
        foreach (string command in commands)
            arguments.AddRange(["-ex", command]);
        if (batch)
            arguments.AddRange(["-batch"]);
        return arguments;
    }
}
