using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora attack</c>: crash states of a recorded session.</summary>
internal static class AttackCommand
{
    private const int FaultsShown = 10;
    private const int FewestStates = 50;

    // Small, because every state is a copy.
    private const long DiskBytes = 96L << 20;

    public static Command Create()
    {
        var command = new Command("attack", """
            Record everything that reaches the disk of a self-checking session, cut its power, and boot states in which the disk could have been
            at any moment before: whole up to a flush, with all, some or nothing of what followed, one write torn. Every image is checked.
            Exits 1 when a state was not whole, older than what had been flushed, or did not go on; keeps it then.
            """);
        var machine = new MachineOptions();
        var states = new Option<int>("--states") { Description = "How many states.", DefaultValueFactory = _ => FewestStates };
        var seed = new Option<int?>("--seed") { Description = "Repeats the choices of an earlier attack, on a new session." };
        states.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 100_000)
                result.AddError("--states takes 1 to 100000");
        });
        command.Options.Add(states);
        command.Options.Add(seed);
        machine.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(
            machine.Configure(parsed), parsed.GetValue(states), parsed.GetValue(seed) ?? Environment.TickCount, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(MachineConfiguration configuration, int states, int seed, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        string folder = Directory.CreateTempSubdirectory("aurora-attack-").FullName;
        string disk = Path.Combine(folder, "attack.img");
        await DiskImages.CreateAsync(disk, DiskBytes, RootChoice.Standard, cancellation);
        MachineConfiguration machine = configuration with { Boot = configuration.Boot with { Environment = GuestEnvironment.Default } };
        var attack = new CrashStates(machine, disk, Check, new Random(seed));
        bool isGood = false;
        try
        {
            await Report.WorkAsync($"trying {states} states of a recorded session (seed {seed})", async progress =>
            {
                await attack.RunAsync(states, progress, cancellation);
                return true;
            });
            isGood = attack.Faults.Count == 0;
            foreach (string fault in attack.Faults.Take(FaultsShown))
                Console.WriteLine($"FAILED {fault}");
            string verdict = isGood ? $"all {states} states of {attack.Recorded} requests went on" : $"FAILED; the state is kept in {folder}";
            Console.WriteLine($"attack: {verdict} (seed {seed})");
        }
        finally
        {
            if (isGood || cancellation.IsCancellationRequested)
                Directory.Delete(folder, recursive: true);
        }
        return isGood ? ExitCode.Success : ExitCode.Failed;
    }

    private static ImageVerdict Check(string image)
    {
        ImageReport report = DiskImage.Check(image);
        return new ImageVerdict(report.Faults, report.LastSequence);
    }
}
