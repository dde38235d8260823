using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Soak;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak</c>: a session that is cut off again and again for as long as one likes.</summary>
internal static class SoakCommand
{
    private const int FaultsShown = 10;

    public static Command Create()
    {
        var command = new Command("soak", """
            Run self-checking programs in one session, cut its power at random moments, let its disk fail and resume it, until the time is up;
            every image is checked. Prints a line of statistics a minute and a verdict. Exits 1 when anything was lost, and keeps the disk then.
            """);
        var machine = new MachineOptions();
        var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 10 };
        var seed = new Option<int?>("--seed") { Description = "Repeats the moments of an earlier soak." };
        minutes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 100_000))
                result.AddError("--minutes takes more than 0 and at most 100000");
        });
        command.Options.Add(minutes);
        command.Options.Add(seed);
        machine.AddTo(command);
        command.Subcommands.Add(StoreSoakCommand.Create());
        command.Subcommands.Add(MemorySoakCommand.Create());
        command.Subcommands.Add(StateSoakCommand.Create());
        command.Subcommands.Add(GroupSoakCommand.Create());
        command.Subcommands.Add(NamesSoakCommand.Create());
        command.SetAction((parsed, cancellation) => RunAsync(
            machine.Configure(parsed), TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(seed) ?? Environment.TickCount, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(MachineConfiguration configuration, TimeSpan duration, int seed, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        string folder = Directory.CreateTempSubdirectory("aurora-soak-").FullName;
        string disk = Path.Combine(folder, "soak.img");
        await DiskImages.EnsureAsync(disk, cancellation);
        MachineConfiguration machine = configuration with
        {
            Boot = configuration.Boot with { Arguments = SoakWorkload.Arguments, Environment = GuestEnvironment.Default, WorkingDirectory = "/root" },
        };
        Report.Line($"soaking for {duration.TotalMinutes:0.#} minutes (seed {seed})");
        var soak = new SoakRun(machine, disk, new Random(seed));
        bool isGood = false;
        try
        {
            await soak.RunAsync(duration, cancellation);
            isGood = soak.Faults.Count == 0;
            Conclude(soak, isGood, seed, disk);
        }
        finally
        {
            if (isGood || cancellation.IsCancellationRequested)
                Directory.Delete(folder, recursive: true);
        }
        return isGood ? ExitCode.Success : ExitCode.Failed;
    }

    private static void Conclude(SoakRun soak, bool isGood, int seed, string disk)
    {
        Console.WriteLine(soak.Summary());
        foreach (string fault in soak.Faults.Take(FaultsShown))
            Console.WriteLine($"FAILED {fault}");
        Console.WriteLine(isGood ? $"soak: nothing was lost (seed {seed})" : $"soak: FAILED (seed {seed}); the disk is kept as {disk}");
    }
}
