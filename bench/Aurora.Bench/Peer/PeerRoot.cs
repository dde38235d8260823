// The peer's root file system: Aurora's standard root with the measuring programs only, Debian's CRIU and SQLite, the kernel modules that
// CRIU's check of its kernel asks for, and a first program.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Aurora.Images.Root;

namespace Aurora.Bench.Peer;

/// <summary>Makes the peer's initial RAM disk.</summary>
/// <param name="programs">The packages.</param>
/// <param name="guests">The folder of guest programs.</param>
/// <param name="sources">The folder of the peer's own files.</param>
/// <param name="further">Programs on this host that the peer alone has, beside the measuring ones.</param>
public sealed class PeerRoot(DebianPrograms programs, string guests, string sources, IReadOnlyList<string> further)
{
    /// <summary>The measuring programs, which both systems have in the same place.</summary>
    public static IReadOnlyList<string> Measuring { get; } = ["prims", "pairs", "saved", "criu_dumps"];

    // In the order in which they can be loaded.
    private static readonly string[] _modules =
    [
        "net/unix/unix_diag", "net/netlink/netlink_diag", "net/packet/af_packet_diag", "net/ipv4/inet_diag", "net/ipv4/tcp_diag",
        "net/ipv4/udp_diag", "net/ipv4/raw_diag", "lib/libcrc32c", "net/netfilter/nfnetlink", "net/netfilter/nf_tables",
        "drivers/net/tun", "drivers/net/veth",
    ];

    /// <summary>Writes the archive.</summary>
    public void Write(string path)
    {
        using FileStream archive = File.Create(path);
        CpioArchive.Write(archive, Entries());
    }

    /// <summary>The kernel of the packages.</summary>
    public string Kernel => Directory.EnumerateFiles(programs.In("boot"), "vmlinuz-*").Single();

    private IEnumerable<RootEntry> Entries()
    {
        string modules = Directory.EnumerateDirectories(programs.In("lib/modules")).Single();
        return
        [
            .. new StandardRoot(guests).Read().Where(IsNeeded),
            new RootEntry { Path = "/sys", Kind = RootEntryKind.Directory },
            .. programs.Entries("criu", "sqlite3"),
            new RootEntry { Path = "/lib/modules", Kind = RootEntryKind.Directory },
            .. _modules.Select((module, order) => Copy(
                $"/lib/modules/{order:00}-{Path.GetFileName(module)}.ko", Path.Combine(modules, "kernel", module + ".ko"))),
            .. further.Select(program => Copy($"{StandardRoot.TestFolder}/{Path.GetFileName(program)}", program)),
            Copy("/init", Path.Combine(sources, "init")),
        ];
    }

    private static bool IsNeeded(RootEntry entry)
        => entry.Path != "/bin/sls"
            && (Path.GetDirectoryName(entry.Path) != StandardRoot.TestFolder || Measuring.Contains(Path.GetFileName(entry.Path)));

    private static RootEntry Copy(string path, string file)
        => new() { Path = path, Kind = RootEntryKind.File, Open = () => File.OpenRead(file) };
}
