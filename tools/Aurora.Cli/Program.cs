using System;
using System.CommandLine;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Cli.Commands;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Qemu;

namespace Aurora.Cli;

/// <summary>The command line behind <c>./aurora</c>.</summary>
internal static class Program
{
    private static readonly TimeSpan _unwindTime = TimeSpan.FromSeconds(10);

    public static async Task<int> Main(string[] arguments)
    {
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = _unwindTime };
        ParseResult parsed = CreateRoot().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            await parsed.InvokeAsync(configuration);
            return ExitCode.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (Exception failure) when (failure is UserException or MachineException or ImageException or BenchException)
        {
            Report.Error(failure.Message);
            return ExitCode.Trouble;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    internal static RootCommand CreateRoot()
    {
        var root = new RootCommand("Aurora: a single level store operating system. Programs survive power cuts because their memory is the saved state.");
        foreach (Command command in (Command[])
            [
                SetupCommand.Create(), BuildCommand.Create(), RunCommand.Create(), ShellCommand.Create(), ExecCommand.Create(),
                TraceCommand.Create(), DemoCommand.Create(),
                ImageCommand.Create(), ImageCommand.CreateExtract(), VolumeCommand.Create(), FsckCommand.Create(), HistoryCommand.Create(),
                PsCommand.Create(), DumpCommand.Create(), TestCommand.Create(), BenchCommand.Create(), SoakCommand.Create(),
                AttackCommand.Create(),
                DebugCommand.Create(),
            ])
            root.Subcommands.Add(command);
        return root;
    }
}
