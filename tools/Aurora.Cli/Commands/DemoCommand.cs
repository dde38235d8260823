using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Demo;
using Aurora.Cli.Workspace;
using Aurora.Qemu;
using Spectre.Console;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora demo</c>: programs that survive power cuts.</summary>
internal static class DemoCommand
{
    private const int FewestCuts = 5;

    public static Command Create()
    {
        var command = new Command("demo", """
            Run a workload of several processes, cut the machine's power at random moments, and prove that it continued each time.
            Exits 1 when anything was lost.
            """);
        var machine = new MachineOptions();
        var cuts = new Option<int>("--kills") { Description = "How many times the power is cut.", DefaultValueFactory = _ => FewestCuts };
        var seed = new Option<int?>("--seed") { Description = "Makes the moments repeatable." };
        var sabotage = new Option<bool>("--sabotage") { Description = "Put an older disk back once, to see that the demo notices." };
        foreach (Option option in (Option[])[cuts, seed, sabotage])
            command.Options.Add(option);
        machine.AddTo(command);
        cuts.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 2 or > 1000)
                result.AddError("--kills takes 2 to 1000");
        });
        command.SetAction((parsed, cancellation) =>
        {
            MachineConfiguration configuration = machine.Configure(parsed);
            configuration = configuration with
            {
                Boot = configuration.Boot with
                {
                    Arguments = ["/bin/sh", "-l"],
                    Environment = [.. GuestEnvironment.Default, "TERM=vt100"],
                    WorkingDirectory = "/root",
                    Interactive = true,
                    Rows = 24,
                    Columns = 80,
                },
            };
            int chosenSeed = parsed.GetValue(seed) ?? Environment.TickCount;
            return RunAsync(configuration, parsed.GetValue(cuts), chosenSeed, parsed.GetValue(sabotage), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(MachineConfiguration configuration, int cuts, int seed, bool sabotage, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        string folder = Directory.CreateTempSubdirectory("aurora-demo-").FullName;
        try
        {
            string disk = Path.Combine(folder, "demo.img");
            await DiskImages.EnsureAsync(disk, root: null, cancellation);
            var demo = new SurvivalDemo(configuration, disk, cuts, new Random(seed), sabotage);
            try
            {
                await Report.WorkAsync($"running a workload and cutting its power {cuts} times (seed {seed})", async progress =>
                {
                    await demo.RunAsync(progress, cancellation);
                    return true;
                });
            }
            finally
            {
                if (demo.Lives.Count > 0)
                    Report.Print(Tabulate(demo.Lives));
            }
            return Conclude(demo.Claims);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Conclude(IReadOnlyList<DemoClaim> claims)
    {
        foreach (DemoClaim claim in claims)
            Console.WriteLine($"{(claim.Holds ? "ok    " : "FAILED")} {claim.Text}");
        bool isProved = claims.Count > 0 && claims.All(claim => claim.Holds);
        Console.WriteLine(isProved ? "demo: the workload survived" : "demo: FAILED");
        return isProved ? ExitCode.Success : ExitCode.Failed;
    }

    private static Table Tabulate(IReadOnlyList<DemoLife> lives)
    {
        var table = new Table().AddColumns("life", "lasted", "steps", "checkpoints", "dirty pages", "streamed", "stop median", "stop p99", "restored in", "power-on to guest");
        foreach (DemoLife life in lives)
        {
            table.AddRow(
                Text(life.Number), $"{life.Ran.TotalSeconds:0.0} s", Text(life.LastStep), Text(life.Checkpoints), Text(life.Pages), ByteSize.Format((long)life.Bytes),
                Microseconds(life.StopMedianNanoseconds), Microseconds(life.StopP99Nanoseconds),
                life.Number == 1 ? "(cold boot)" : Milliseconds(life.BootNanoseconds), $"{life.PowerOnToGuest.TotalMilliseconds:0} ms");
        }
        return table;
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Microseconds(ulong nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1000.0:0} µs");

    private static string Milliseconds(ulong nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.0} ms");
}
