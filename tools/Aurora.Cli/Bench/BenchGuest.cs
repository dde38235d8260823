using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Cli.Workspace;
using Aurora.Images.Root;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>Runs the guest program bench in machines with disks in a folder.</summary>
internal sealed class BenchGuest(string folder)
{
    private const string Program = StandardRoot.TestFolder + "/bench";
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(5);

    /// <summary>A new disk with the program on it; its path.</summary>
    public async Task<string> MakeDiskAsync(string name, CancellationToken cancellation)
    {
        string disk = Path.Combine(folder, name + ".img");
        await DiskImages.EnsureAsync(disk, cancellation);
        return disk;
    }

    /// <summary>The machine, running the program from this disk.</summary>
    public static MachineConfiguration WithProgram(MachineConfiguration machine, string disk, params string[] arguments) => machine with
    {
        Disk = disk,
        Boot = machine.Boot with { Arguments = [Program, .. arguments], Environment = GuestEnvironment.Default },
    };

    /// <summary>What the program reports; throws when it fails.</summary>
    public async Task<GuestReport> RunAsync(MachineConfiguration machine, CancellationToken cancellation, params string[] arguments)
    {
        string disk = await MakeDiskAsync(arguments[0], cancellation);
        GuestReport report = await RunOnAsync(disk, machine, cancellation, arguments);
        File.Delete(disk);
        return report;
    }

    /// <summary>As <see cref="RunAsync"/>, on a disk that stays.</summary>
    public static Task<GuestReport> RunOnAsync(
        string disk, MachineConfiguration machine, CancellationToken cancellation, params string[] arguments)
        => AuroraMachine.RunAsync(WithProgram(machine, disk, arguments), _deadline, cancellation);
}
