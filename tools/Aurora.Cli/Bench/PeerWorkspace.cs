// The peer made ready for one run of the benchmark: booted from the packages and the guest programs of this working tree, each time with a
// new ext4 on a disk as large as Aurora's.
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench.Peer;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>Boots the peer with disks in a folder.</summary>
internal sealed class PeerWorkspace
{
    private readonly DebianPrograms _programs;
    private readonly PeerSystem _system;
    private readonly string _folder;

    private PeerWorkspace(DebianPrograms programs, PeerSystem system, string folder)
    {
        _programs = programs;
        _system = system;
        _folder = folder;
    }

    /// <summary>The unpacked packages, some of whose programs Aurora runs too.</summary>
    public DebianPrograms Programs => _programs;

    /// <summary>Names and versions of the peer.</summary>
    public static IReadOnlyList<string> Versions => PeerPackages.Versions();

    /// <summary>
    /// Gets the packages and makes the peer's root file system, with programs beside the measuring ones that are made of the packages.
    /// </summary>
    public static async Task<PeerWorkspace> PrepareAsync(
        string folder, CancellationToken cancellation, Func<DebianPrograms, Task<IReadOnlyList<string>>>? further = null)
    {
        await Builder.EnsureGuestsAsync(cancellation);
        var programs = new DebianPrograms(await PeerPackages.EnsureAsync(cancellation));
        IReadOnlyList<string> more = further == null ? [] : await further(programs);
        var root = new PeerRoot(programs, Repository.Guests, Repository.In("bench/peer"), more);
        string archive = Path.Combine(folder, "peer.cpio");
        await Task.Run(() => root.Write(archive), cancellation);
        return new PeerWorkspace(programs, new PeerSystem(root.Kernel, archive), folder);
    }

    /// <summary>Runs one program on a new disk; what it reports.</summary>
    public async Task<Aurora.Bench.GuestReport> RunAsync(
        MachineConfiguration machine, bool mitigations, CancellationToken cancellation, params string[] program)
    {
        string disk = Path.Combine(_folder, "peer.img");
        await MakeDiskAsync(disk, cancellation);
        Aurora.Bench.GuestReport report = await PeerMachine.RunAsync(
            PeerMachine.Configure(machine, _system, disk, mitigations, program), cancellation);
        File.Delete(disk);
        return report;
    }

    // Everything is initialised now: the kernel would otherwise do it later, while something is measured.
    private async Task MakeDiskAsync(string disk, CancellationToken cancellation)
    {
        File.Delete(disk);
        await using (FileStream file = File.Create(disk))
            file.SetLength(DiskImage.DefaultBytes);
        string[] command =
        [
            "env", "MKE2FS_CONFIG=" + _programs.In("etc/mke2fs.conf"), .. _programs.CommandOf("mke2fs"),
            "-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", disk,
        ];
        HostResult made = await HostProcess.RunAsync(command[0], command[1..], cancellation: cancellation);
        if (made.Status != 0)
            throw new UserException($"the peer's file system cannot be made:\n{made.Output}");
    }
}
