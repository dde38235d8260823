// The peer's packages: Debian's kernel for virtual machines, CRIU, SQLite, LMDB, the maker of ext4, and everything these need down to the C
// library, whatever this host has installed. They are downloaded by apt-get, unpacked beside each other and never installed. What has been
// unpacked is used again; who wants newer versions deletes the folder.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Bench;

/// <summary>Brings the peer's packages into the working tree.</summary>
internal static class PeerPackages
{
    private const string KernelPackage = "linux-image-cloud-amd64";
    private static readonly string[] _packages = ["criu", "sqlite3", "e2fsprogs", "liblmdb-dev"];

    // CRIU's tool for people is in Python; nobody calls it here.
    private static readonly string[] _leftOut = ["python3", "libpython"];

    // The host may have versions that its package lists do not have any more.
    private static readonly string[] _asIfNothing = ["-o", "Dir::State::status=/dev/null"];

    private static string Cache => Path.Combine(Repository.Cache, "peer");

    // Names and versions; written last, so that it stands for a folder that is complete.
    private static string List => Path.Combine(Cache, "packages.txt");

    /// <summary>The folder with the unpacked packages; downloads them when they are not there.</summary>
    public static async Task<string> EnsureAsync(CancellationToken cancellation)
    {
        string root = Path.Combine(Cache, "root");
        if (IsComplete())
            return root;
        if (Directory.Exists(Cache))
            Directory.Delete(Cache, recursive: true);
        string packages = Path.Combine(Cache, "packages");
        Directory.CreateDirectory(packages);
        Directory.CreateDirectory(root);
        string[] names = [await KernelAsync(cancellation), .. await ClosureAsync(cancellation)];
        await RunAsync(
            "downloading the peer's packages", ["env", "-C", packages, "apt-get", "download", .. _asIfNothing, .. names], cancellation);
        string[] files = [.. Directory.EnumerateFiles(packages, "*.deb").Order(StringComparer.Ordinal)];
        foreach (string file in files)
            await RunAsync("unpacking the peer's packages", ["dpkg", "-x", file, root], cancellation);
        await File.WriteAllLinesAsync(List, files.Select(Path.GetFileNameWithoutExtension)!, cancellation);
        return root;
    }

    /// <summary>What of the packages decides about the figures: names with versions.</summary>
    public static IReadOnlyList<string> Versions()
        => [.. File.ReadLines(List).Where(name => name.StartsWith("linux-image", StringComparison.Ordinal)
            || _packages.Any(package => name.StartsWith(package + "_", StringComparison.Ordinal)))];

    // What was unpacked before something more was wanted is not.
    private static bool IsComplete()
        => File.Exists(List)
            && _packages.All(package => File.ReadLines(List).Any(name => name.StartsWith(package + "_", StringComparison.Ordinal)));

    // What apt-get would install on a host that has nothing.
    private static async Task<IEnumerable<string>> ClosureAsync(CancellationToken cancellation)
    {
        string plan = await RunAsync(
            "asking for the peer's packages",
            ["env", "LC_ALL=C", "apt-get", "install", "-s", "--no-install-recommends", .. _asIfNothing, .. _packages],
            cancellation);
        return plan.Split('\n').Where(line => line.StartsWith("Inst ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])
            .Where(name => !_leftOut.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));
    }

    // The package that is asked for is empty and depends on the one with the kernel.
    private static async Task<string> KernelAsync(CancellationToken cancellation)
    {
        string answer = await RunAsync(
            "asking for the peer's kernel", ["env", "LC_ALL=C", "apt-cache", "depends", .. _asIfNothing, KernelPackage], cancellation);
        const string Depends = "Depends:";
        return answer.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith(Depends, StringComparison.Ordinal))
            ?[Depends.Length..].Trim()
            ?? throw new UserException($"apt-cache knows no {KernelPackage}: run apt-get update; the peer wants a Debian host");
    }

    private static async Task<string> RunAsync(string title, string[] command, CancellationToken cancellation)
    {
        HostResult result = await HostProcess.RunAsync(command[0], command[1..], cancellation: cancellation);
        return result.Status == 0
            ? result.Output
            : throw new UserException($"{title} failed: {string.Join(' ', command)}\n{result.Output}");
    }
}
