// The host's apt, used without touching the host: its sources, keys, proxies and preferences are read, and everything it writes is in a
// folder of the cache, its idea of what is installed (nothing) among it. It works for any user. The host's package lists are used while
// they are good; without them, or when what they name is gone from the mirrors, apt gets lists of its own.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images.Debian;

namespace Aurora.Cli.Debian;

/// <summary>Asks apt for packages.</summary>
internal sealed class AptHost
{
    private const string HostLists = "/var/lib/apt/lists";
    private const string HostSettings = "/etc/apt";

    // Without these no package can be configured; what debootstrap's minbase takes. The links into /usr are there already.
    private const string Required = "?or(?essential,?priority(required),?exact-name(usr-is-merged))";

    private static readonly EnumerationOptions _everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true };

    private static string Folder => Path.Combine(Repository.Cache, "packages");
    private static string OwnLists => Path.Combine(Folder, "lists");
    private static string Archives => Path.Combine(Folder, "archives");

    // apt does not name the files that it has.
    private static string Nothing => Path.Combine(Folder, "nothing");

    private static string Settings => Path.Combine(Folder, "apt.conf");

    private string _lists = HasLists(OwnLists) || !HasLists(HostLists) ? OwnLists : HostLists;

    /// <summary>What a plan follows from, in a line each: while it is the same, so is the plan.</summary>
    public IEnumerable<string> Origins()
        => ((string[])[_lists, HostSettings]).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", _everything))
            .Where(file => !file.StartsWith(HostLists, StringComparison.Ordinal) || IsIndex(file)).Order(StringComparer.Ordinal)
            .Select(file => $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file).Ticks}");

    /// <summary>What has to be installed for these packages, on a system that has nothing; throws with apt's words.</summary>
    public async Task<AptPlan> PlanAsync(IReadOnlyList<string> names, CancellationToken cancellation)
    {
        if (!HasLists(_lists))
            await UpdateAsync(cancellation);
        HostResult answer = await RunAsync(
            ["-o", "Dir::Cache::archives=" + Nothing, "install", "-y", "--print-uris", "-qq", Required, .. names], null, cancellation);
        if (answer.Status != 0)
            throw new UserException($"no root can be made of {string.Join(", ", names)}: {AptWords.Of(answer.Output)}");
        AptPlan plan = AptPlan.Parse(answer.Output);
        return plan.Files.Count > 0 ? plan
            : throw new UserException($"apt names no packages for {string.Join(", ", names)}:\n{answer.Output}");
    }

    /// <summary>
    /// Downloads the files of a plan, those that are not there yet; apt checks them. Their paths, or null when the plan is out of date.
    /// </summary>
    public async Task<IReadOnlyList<string>?> DownloadAsync(
        AptPlan plan, IReadOnlyList<string> names, Action<string> update, CancellationToken cancellation)
    {
        HostResult answer = await RunAsync(
            ["install", "-y", "-q", "--download-only", Required, .. names], line => ShowProgress(line, plan, update), cancellation);
        if (answer.Status == 0)
            return [.. plan.Files.Select(file => Path.Combine(Archives, file.File))];
        if (_lists == OwnLists)
            throw new UserException($"the packages cannot be downloaded: {AptWords.Of(answer.Output)}");
        _lists = OwnLists;
        await UpdateAsync(cancellation);
        return null;
    }

    private async Task UpdateAsync(CancellationToken cancellation)
    {
        HostResult answer = await Report.WorkAsync("getting lists of packages", update => RunAsync(["update", "-q"], update, cancellation));
        // apt does not fail for a list that it cannot get.
        if (answer.Status != 0 || !HasLists(_lists))
            throw new UserException($"the lists of packages cannot be downloaded: {AptWords.Of(answer.Output)}");
    }

    private async Task<HostResult> RunAsync(IEnumerable<string> arguments, Action<string>? update, CancellationToken cancellation)
    {
        await using FileStream held = await HostLock.AcquireAsync(
            Path.Combine(Folder, "apt.lock"), "another aurora uses apt; waiting for it", cancellation);
        Directory.CreateDirectory(Path.Combine(Archives, "partial"));
        Directory.CreateDirectory(Path.Combine(OwnLists, "partial"));
        Directory.CreateDirectory(Path.Combine(Nothing, "partial"));
        await File.WriteAllTextAsync(Path.Combine(Folder, "status"), "", cancellation);
        await File.WriteAllTextAsync(Settings, SettingsText(), cancellation);
        return await HostProcess.RunAsync("env", ["LC_ALL=C", "apt-get", "-c", Settings, .. arguments], update, cancellation);
    }

    private string SettingsText() => $$"""
        Dir::State "{{Folder}}";
        Dir::State::status "{{Folder}}/status";
        Dir::State::extended_states "{{Folder}}/extended_states";
        Dir::State::lists "{{_lists}}";
        Dir::Cache "{{Folder}}";
        Dir::Cache::archives "{{Archives}}";
        Dir::Cache::pkgcache "pkgcache.bin";
        Dir::Cache::srcpkgcache "srcpkgcache.bin";
        Dir::Log "{{Folder}}";
        APT::Architecture "amd64";
        #clear APT::Architectures;
        APT::Architectures { "amd64"; };
        APT::Install-Recommends "false";
        APT::Install-Suggests "false";
        APT::Keep-Downloaded-Packages "true";
        // The folder may be one that nobody else can enter.
        APT::Sandbox::User "root";
        Acquire::ForceHash "SHA256";
        Acquire::Languages "none";
        #clear APT::Update::Pre-Invoke;
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;
        #clear DPkg::Pre-Install-Pkgs;
        #clear DPkg::Pre-Invoke;
        #clear DPkg::Post-Invoke;

        """;

    // "Get:7 http://… bookworm/main amd64 libc6 amd64 2.36-9 [2758 kB]"
    private static void ShowProgress(string line, AptPlan plan, Action<string> update)
    {
        string[] words = line.Split(' ');
        if (words.Length > 4 && words[0].StartsWith("Get:", StringComparison.Ordinal))
            update($"{words[0]["Get:".Length..]} of {plan.Files.Count}, {words[4]}");
    }

    private static bool HasLists(string folder) => Directory.Exists(folder) && Directory.EnumerateFiles(folder).Any(IsIndex);

    private static bool IsIndex(string file) => Path.GetFileName(file).Contains("_Packages", StringComparison.Ordinal);
}
