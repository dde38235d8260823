// The peer in the machine that Aurora is measured in: the same processor, memory and disk; the kernel, its words and its first root file
// system are the peer's. Its driver of the emulated NVMe hangs on a machine with one processor, so there are two, of which it uses one.
using System;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Qemu;

namespace Aurora.Bench.Peer;

/// <summary>The files the peer is booted from.</summary>
/// <param name="Kernel">Its kernel.</param>
/// <param name="InitialRamDisk">Its root file system (<see cref="PeerRoot"/>).</param>
public sealed record PeerSystem(string Kernel, string InitialRamDisk);

/// <summary>Boots the peer and runs one program in it.</summary>
public static class PeerMachine
{
    /// <summary>Where its disk is mounted.</summary>
    public const string DiskFolder = "/mnt";

    private const int Processors = 2;
    private const string Succeeded = "PEER EXIT 0";
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(8);

    /// <summary>The machine, with the peer in it.</summary>
    public static MachineConfiguration Configure(
        MachineConfiguration machine, PeerSystem peer, string disk, bool mitigations, params string[] program) => machine with
    {
        Kernel = peer.Kernel,
        InitialRamDisk = peer.InitialRamDisk,
        KernelCommandLine = "console=ttyS0 quiet panic=-1 tsc=reliable maxcpus=1" + (mitigations ? "" : " mitigations=off")
            + " -- " + string.Join(' ', program),
        Disk = disk,
        Cpus = Processors,
        ExitOnReset = true,
    };

    /// <summary>What the program printed; throws when it failed.</summary>
    public static async Task<GuestReport> RunAsync(MachineConfiguration configured, CancellationToken cancellation)
    {
        await using VirtualMachine running = await VirtualMachine.StartAsync(configured, cancellation).ConfigureAwait(false);
        var console = new ConsoleTranscript(running);
        try
        {
            await running.Exited.WaitAsync(_deadline, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"the peer did not end: {configured.KernelCommandLine}\n{console.Text}");
        }
        await console.Completed.ConfigureAwait(false);
        return console.Text.Contains(Succeeded, StringComparison.Ordinal)
            ? new GuestReport(console.Text)
            : throw new BenchException($"the peer failed: {configured.KernelCommandLine}\n{console.Text}");
    }
}
