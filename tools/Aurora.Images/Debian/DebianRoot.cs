// A root made of Debian packages, up to where only their own scripts can go on, as debootstrap does it: every package is unpacked and in
// dpkg's records as that, and a script is there, /var/lib/aurora/configure, that has dpkg configure them all. It is run once, inside; no
// script of a package runs on the host. A package with a script that runs before it is unpacked is left to dpkg, which finds it in the
// folder of the script; if everything relies on it (the C library, the shell), its files are there already all the same.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Images.Root;

namespace Aurora.Images.Debian;

/// <summary>Reads packages as a root file system that is yet to be configured.</summary>
public sealed class DebianRoot(IReadOnlyList<string> files)
{
    /// <summary>What is to be run with /bin/sh, once.</summary>
    public const string Script = Folder + "/configure";

    private const string Folder = "/var/lib/aurora";
    private const string Records = "/var/lib/dpkg";
    private const int Executable = 0x1ED; // rwxr-xr-x

    private static readonly string[] _folders =
    [
        "/etc", "/proc", "/dev", "/run", "/var", "/var/lib", Records, PackageRecord.InfoFolder, Records + "/updates", Records + "/triggers",
        Records + "/parts", Records + "/alternatives", Folder,
    ];

    private static readonly (string Path, string Text)[] _texts =
    [
        ("/etc/hostname", "aurora\n"),
        ("/etc/hosts", "127.0.0.1 localhost\n"),
        ("/etc/fstab", "# nothing is mounted here\n"),
        (Records + "/available", ""),
        (PackageRecord.InfoFolder + "/format", "1\n"),
    ];

    /// <summary>What the script does; it decides about the result as the packages do.</summary>
    public static string ScriptText(IEnumerable<string> left) => $"""
        #!/bin/sh
        # Has dpkg unpack what it must unpack itself, and configure everything. Services are not started meanwhile.
        set -e
        export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
        export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
        cd {Folder}
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        # It makes the accounts that others give files to.
        [ -e base-passwd_*.deb ] || dpkg --force-depends --configure base-passwd
        for package in {string.Join(' ', left)}; do
            dpkg --force-depends --force-unsafe-io --force-confold --unpack "$package"
            case "$package" in base-passwd_*) dpkg --force-depends --configure base-passwd ;; esac
        done
        dpkg --force-unsafe-io --force-confold --configure --pending
        rm -rf /usr/sbin/policy-rc.d {Folder}
        dpkg --audit

        """;

    /// <summary>The entries, in the order of the packages, and dpkg's records behind them.</summary>
    public IEnumerable<RootEntry> Read()
    {
        DebFile[] packages = [.. files.Select(DebFile.Open)];
        IReadOnlySet<string> required = RequiredPackages.Among(packages);
        yield return RootText.Folder("/");
        foreach (RootEntry entry in MergedUsr.Read().Concat(_folders.Select(path => RootText.Folder(path))))
            yield return entry;
        var known = new HashSet<string>(StringComparer.Ordinal) { "/" };
        var records = new List<PackageRecord>();
        foreach (DebFile package in packages)
        {
            bool isPlain = PackageRecord.IsPlain(package);
            if (!isPlain && !required.Contains(package.Name))
                continue;
            var record = new PackageRecord(package);
            foreach (RootEntry entry in Unpack(package, record, known))
                yield return entry;
            if (isPlain)
                records.Add(record);
        }
        DebFile[] left = [.. packages.Where(package => !PackageRecord.IsPlain(package))
            .OrderByDescending(package => package.Name == "base-passwd").ThenByDescending(package => required.Contains(package.Name))];
        foreach (RootEntry entry in Rest(records, left))
            yield return entry;
    }

    // A directory is its first package's, as with dpkg.
    private static IEnumerable<RootEntry> Unpack(DebFile package, PackageRecord record, HashSet<string> known)
    {
        foreach (RootEntry entry in package.Read())
        {
            byte[]? contents = null;
            if (entry.Kind == RootEntryKind.File && record.IsConfiguration(entry.Path))
            {
                using var copy = new MemoryStream();
                entry.Open!().CopyTo(copy);
                contents = copy.ToArray();
            }
            record.Add(entry.Path, contents);
            if (MergedUsr.IsLink(entry.Path) || (entry.Kind == RootEntryKind.Directory && !known.Add(MergedUsr.Place(entry.Path))))
                continue;
            yield return entry with
            {
                Path = MergedUsr.Place(entry.Path),
                Target = entry.Kind == RootEntryKind.HardLink ? MergedUsr.Place(entry.Target) : entry.Target,
                Open = contents == null ? entry.Open : () => new MemoryStream(contents),
            };
        }
    }

    private static IEnumerable<RootEntry> Rest(List<PackageRecord> records, DebFile[] left)
    {
        foreach (RootEntry entry in records.SelectMany(record => record.Info()))
            yield return entry;
        yield return RootText.File(Records + "/status", string.Join('\n', records.Select(record => record.Status())));
        foreach ((string path, string text) in _texts)
            yield return RootText.File(path, text);
        foreach (DebFile package in left)
            yield return DirectoryRoot.ReadFile(package.Path, $"{Folder}/{NameOf(package)}");
        yield return RootText.File(Script, Encoding.UTF8.GetBytes(ScriptText(left.Select(NameOf))), Executable);
    }

    private static string NameOf(DebFile package) => $"{package.Name}_{package.Fields["Architecture"]}.deb";
}
