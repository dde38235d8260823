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
    private const int CutsOfBank = 10;
    private const int FewestCutsOfSabotage = 2;

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
        command.SetAction((parsed, cancellation) => SurviveAsync(
            ShellOn(machine.Configure(parsed)), parsed.GetValue(cuts), parsed.GetValue(seed) ?? Environment.TickCount,
            parsed.GetValue(sabotage),
            cancellation));
        command.Subcommands.Add(CreateGroups());
        command.Subcommands.Add(CreateRegions());
        command.Subcommands.Add(CreatePrograms());
        return command;
    }

    private static Command CreateGroups()
        => CreateOf(
            "groups",
            """
            Start a program as a group, fork it, rewind the copy and cut the power, time and again,
            and prove that each log counts on without a gap
            or a repeat. Exits 1 when one does not.
            """,
            FewestCuts,
            "Rewind the source in place of the copy: the demo must notice.",
            ShowGroupsAsync);

    private static Command CreateRegions()
        => CreateOf(
            "memsnap",
            """
            Run a bank whose accounts are memory that it persists itself, a transfer at a time, from four threads; cut the power at random
            moments, and prove that the books balance each time and that no transfer is missing that was acknowledged. Exits 1 when not.
            """,
            CutsOfBank,
            "Put an older disk back once, to see that the demo notices.",
            ShowRegionsAsync);

    private static Command CreatePrograms()
        => CreateOf(
            "programs",
            """
            Run Debian's redis, PostgreSQL and node, who keep requests together, kill the machine at random moments while they work, and
            prove by their own answers that each is the process it was and has every request that was acknowledged. The first time gets
            the packages, by the host's apt. Exits 1 when anything was lost or started again.
            """,
            FewestCuts,
            "Put an older disk back once, to see that the demo notices.",
            ShowProgramsAsync,
            ProgramsDemo.LeastMebibytes);

    private static Command CreateOf(
        string name, string description, int defaultCuts, string sabotageWords,
        Func<MachineConfiguration, int, int, bool, CancellationToken, Task<int>> show,
        int leastMebibytes = MachineOptions.MinimumMebibytes)
    {
        var command = new Command(name, description);
        var machine = new MachineOptions(leastMebibytes);
        var cuts = new Option<int>("--kills") { Description = "How many times the power is cut.", DefaultValueFactory = _ => defaultCuts };
        var seed = new Option<int?>("--seed") { Description = "Makes the moments repeatable." };
        var sabotage = new Option<bool>("--sabotage") { Description = sabotageWords };
        foreach (Option option in (Option[])[cuts, seed, sabotage])
            command.Options.Add(option);
        machine.AddTo(command);
        cuts.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 1000)
                result.AddError("--kills takes 1 to 1000");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(sabotage) && result.GetValue(cuts) < FewestCutsOfSabotage)
                result.AddError($"--sabotage takes {FewestCutsOfSabotage} kills: what it does shows after the second");
        });
        command.SetAction((parsed, cancellation) => show(
            machine.Configure(parsed), parsed.GetValue(cuts), parsed.GetValue(seed) ?? Environment.TickCount, parsed.GetValue(sabotage),
            cancellation));
        return command;
    }

    // A machine with a shell on a terminal.
    private static MachineConfiguration ShellOn(MachineConfiguration configuration)
        => configuration with
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

    private static Task<int> ShowGroupsAsync(MachineConfiguration configuration, int cuts, int seed, bool sabotage,
        CancellationToken cancellation)
        => OnNewDiskAsync(async disk =>
        {
            var demo = new GroupDemo(ShellOn(configuration), disk, cuts, new Random(seed), sabotage);
            await Report.WorkAsync($"running two groups and cutting their power {cuts} times (seed {seed})", async progress =>
            {
                await demo.RunAsync(progress, cancellation);
                return true;
            });
            return Conclude(demo.Claims, "demo: the groups survived");
        }, cancellation);

    private static Task<int> ShowRegionsAsync(MachineConfiguration configuration, int cuts, int seed, bool sabotage,
        CancellationToken cancellation)
        => OnNewDiskAsync(async disk =>
        {
            var demo = new RegionDemo(configuration, disk, cuts, new Random(seed), sabotage);
            await Report.WorkAsync($"running a bank and cutting its power {cuts} times (seed {seed})", async progress =>
            {
                await demo.RunAsync(progress, cancellation);
                return true;
            });
            return Conclude(demo.Claims, "demo: the bank survived");
        }, cancellation);

    private static Task<int> ShowProgramsAsync(MachineConfiguration configuration, int cuts, int seed, bool sabotage,
        CancellationToken cancellation)
        => OnNewDiskAsync(ProgramsDemo.Root, ProgramsDemo.Furnish, async disk =>
        {
            MachineConfiguration machine = configuration with
            {
                Boot = configuration.Boot with
                {
                    PeriodMilliseconds = configuration.Boot.PeriodMilliseconds ?? ProgramsDemo.PeriodMilliseconds,
                },
            };
            var demo = new ProgramsDemo(machine, disk, cuts, new Random(seed), sabotage);
            string title = $"running redis, PostgreSQL and node, and killing their machine {cuts} times (seed {seed})";
            await Report.WorkAsync(title, async progress =>
            {
                await demo.RunAsync(progress, cancellation);
                return true;
            });
            Report.Print(demo.TabulateLives());
            if (demo.TabulatePrograms() is { } table)
                Report.Print(table);
            return Conclude(demo.Claims, "demo: the programs survived");
        }, cancellation);

    private static Task<int> SurviveAsync(MachineConfiguration configuration, int cuts, int seed, bool sabotage,
        CancellationToken cancellation)
        => OnNewDiskAsync(async disk =>
        {
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
            return Conclude(demo.Claims, "demo: the workload survived");
        }, cancellation);

    private static Task<int> OnNewDiskAsync(Func<DemoDisk, Task<int>> show, CancellationToken cancellation)
        => OnNewDiskAsync(RootChoice.Standard, _ => { }, show, cancellation);

    private static async Task<int> OnNewDiskAsync(
        RootChoice root, Action<string> furnish, Func<DemoDisk, Task<int>> show, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        string folder = Directory.CreateTempSubdirectory("aurora-demo-").FullName;
        try
        {
            string disk = Path.Combine(folder, "demo.img");
            await DiskImages.EnsureAsync(disk, root, furnish, cancellation);
            return await show(new DemoDisk(disk));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Conclude(IReadOnlyList<DemoClaim> claims, string success)
    {
        foreach (DemoClaim claim in claims)
            Console.WriteLine($"{(claim.Holds ? "ok    " : "FAILED")} {claim.Text}");
        bool isProved = claims.Count > 0 && claims.All(claim => claim.Holds);
        Console.WriteLine(isProved ? success : "demo: FAILED");
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
