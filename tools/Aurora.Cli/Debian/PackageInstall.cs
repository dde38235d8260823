using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Images.Debian;
using Aurora.Qemu;

namespace Aurora.Cli.Debian;

/// <summary>Unpacks packages into an image, and has them configured in a machine.</summary>
internal static class PackageInstall
{
    private const int MemoryMebibytes = 1024;
    private const int PeriodMilliseconds = 1000;
    private const int LastLines = 12;
    private const string Progress = "Setting up ";

    // Emulated, the largest sets take some minutes.
    private static readonly TimeSpan _deadline = TimeSpan.FromHours(1);

    /// <summary>Makes the image; throws, with the end of what dpkg said, when a package cannot be configured.</summary>
    public static async Task MakeAsync(string image, long bytes, IReadOnlyList<string> files, CancellationToken cancellation)
    {
        await Builder.EnsureKernelAsync(cancellation);
        await DiskImages.WriteAsync(image, bytes, $"unpacking {files.Count} packages", new DebianRoot(files).Read, cancellation);
        await Report.WorkAsync("configuring the packages in a machine", update => ConfigureAsync(image, files.Count, update, cancellation));
    }

    private static async Task<int> ConfigureAsync(string image, int count, Action<string> update, CancellationToken cancellation)
    {
        var configuration = new MachineConfiguration
        {
            Kernel = Repository.KernelImage,
            MemoryMebibytes = MemoryMebibytes,
            ExitOnReset = true,
            Disk = image,
            Boot = new BootConfiguration
            {
                Arguments = ["/bin/sh", DebianRoot.Script], Environment = GuestEnvironment.Default, PeriodMilliseconds = PeriodMilliseconds,
            },
        };
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(_deadline);
        await using VirtualMachine machine = await VirtualMachine.StartAsync(configuration, timer.Token);
        var said = new List<string>();
        Task listening = ListenAsync(machine, said, count, update);
        MachineExit exit = await EndAsync(machine, cancellation, timer.Token);
        await listening;
        if (exit.GuestStatus is 0)
            return 0;
        string end = string.Join('\n', said.TakeLast(LastLines));
        throw new UserException(exit.GuestStatus is { } status
            ? $"the packages cannot be configured (status {status}):\n{end}"
            : $"the machine that configures the packages ended without a status:\n{end}\n{machine.Events.Tail()}\n{exit.Errors}".TrimEnd());
    }

    private static async Task<MachineExit> EndAsync(VirtualMachine machine, CancellationToken cancellation, CancellationToken limit)
    {
        try
        {
            return await machine.Exited.WaitAsync(limit);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new UserException($"the packages are not configured after {_deadline.TotalHours:0} hour");
        }
    }

    private static async Task ListenAsync(VirtualMachine machine, List<string> said, int count, Action<string> update)
    {
        using var reader = new StreamReader(machine.Console, leaveOpen: true);
        int configured = 0;
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                said.Add(line);
                if (line.StartsWith(Progress, StringComparison.Ordinal))
                    update($"{++configured} of {count}, {line[Progress.Length..].Split(' ')[0]}");
            }
        }
        catch (IOException)
        {
            // The machine ended with its console unread; its status tells how.
        }
    }
}
