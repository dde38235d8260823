using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Bench;
using Aurora.Cli.Workspace;
using Aurora.Qemu;
using Spectre.Console;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora bench</c>: the speed section.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var command = new Command("bench", """
            Measure checkpoints against the raw device in the same machine (stop times, time to durable, streaming, start and resume),
            copies and rewinds of groups, and starts beside many files.
            Exits 1 when a target is missed. Under TCG the figures are ratios, not claims about hardware.
            """);
        var section = new Argument<string?>("section")
        {
            Description = "checkpoints, groups or starts; all of them when it is not given.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        section.AcceptOnlyFromAmong(SpeedBench.Checkpoints, SpeedBench.Groups, SpeedBench.Starts);
        command.Arguments.Add(section);
        var machine = new MachineOptions();
        var disks = new Option<string>("--disks")
        {
            Description = "A folder for the disk images; in host memory by default, where a flush costs the host nothing and runs are comparable.",
            DefaultValueFactory = _ => Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
        };
        command.Options.Add(disks);
        machine.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(
            machine.Configure(parsed), parsed.GetValue(section), parsed.GetValue(disks)!, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        MachineConfiguration configuration, string? section, string disks, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        string folder = Path.Combine(disks, $"aurora-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        var bench = new SpeedBench(configuration, folder);
        try
        {
            await Report.WorkAsync("measuring", async progress =>
            {
                await bench.RunAsync(section, progress, cancellation);
                return true;
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            if (bench.Rows.Count > 0)
                Print(bench);
        }
        return bench.Rows.All(row => row.Holds != false) ? ExitCode.Success : ExitCode.Failed;
    }

    private static void Print(SpeedBench bench)
    {
        var table = new Table().AddColumns("measure (medians in the guest)", "value", "target", "");
        foreach (Measurement row in bench.Rows)
            table.AddRow(Markup.Escape(row.Measure), Markup.Escape(row.Value), row.Target, row.Holds switch { true => "met", false => "missed", _ => "" });
        Report.Print(table);
    }
}
