// The host's apt, used without touching the host: its sources, keys, proxies and preferences are read, and everything it writes is in a
// folder of the cache, its idea of what is installed (nothing) among it. It works for any user. The host's package lists are used while
// they are good; without them, or when what the lists name is gone from the mirrors, apt gets lists of its own, or those anew. Of both the
// newer ones are used.
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
    private const string HostSettings = "/etc/apt";
    private const int MostDownloads = 3;

    // Without these no package can be configured; what debootstrap's minbase takes. The links into /usr are there already.
    private const string Required = "?or(?essential,?priority(required),?exact-name(usr-is-merged))";

    private static readonly AptLists _hostLists = new("/var/lib/apt/lists");
    private static readonly EnumerationOptions _everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true };

    private static string Folder => Path.Combine(Repository.Cache, "packages");
    private static AptLists OwnLists { get; } = new(Path.Combine(Folder, "lists"));
    private static string Archives => Path.Combine(Folder, "archives");

    // apt does not name the files that it has.
    private static string Nothing => Path.Combine(Folder, "nothing");

    private static string Settings => Path.Combine(Folder, "apt.conf");

    private AptLists _lists = AptLists.Newest(OwnLists, _hostLists);
    private bool _isUpdated;
    private int _downloads;

    /// <summary>What a plan follows from, in a line each: while it is the same, so is the plan.</summary>
    public IEnumerable<string> Origins()
        => _lists.Describe()
            .Concat(((string[])[HostSettings]).Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder, "*", _everything)).Order(StringComparer.Ordinal)
                .Select(file => $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file).Ticks}"))
            .Append(Required).Append(SettingsText());

    /// <summary>What has to be installed for these packages, on a system that has nothing; throws with apt's words.</summary>
    public async Task<AptPlan> PlanAsync(IReadOnlyList<string> names, CancellationToken cancellation)
    {
        if (!_lists.Exist)
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
    /// Downloads the files of a plan, those that are not there yet; apt checks them. Their paths, or null when the plan is out of date:
    /// when what it names cannot be had, or when lists that have changed since then made apt get other versions.
    /// </summary>
    public async Task<IReadOnlyList<string>?> DownloadAsync(
        AptPlan plan, IReadOnlyList<string> names, Action<string> update, CancellationToken cancellation)
    {
        HostResult answer = await RunAsync(
            ["install", "-y", "-q", "--download-only", Required, .. names], line => ShowProgress(line, plan, update), cancellation);
        string[] files = [.. plan.Files.Select(file => Path.Combine(Archives, file.File))];
        if (answer.Status == 0 && files.All(File.Exists))
            return files;
        if (++_downloads == MostDownloads || (answer.Status != 0 && _isUpdated))
            throw new UserException($"the packages cannot be downloaded: {AptWords.Of(answer.Output)}");
        if (answer.Status != 0)
            await UpdateAsync(cancellation);
        return null;
    }

    // The host's lists are the host's to update.
    private async Task UpdateAsync(CancellationToken cancellation)
    {
        _lists = OwnLists;
        HostResult answer = await Report.WorkAsync(
            "getting lists of packages", update => RunAsync(["update", "-q"], update, cancellation));
        // apt does not fail for a list that it cannot get.
        if (answer.Status != 0 || !_lists.Exist)
            throw new UserException($"the lists of packages cannot be downloaded: {AptWords.Of(answer.Output)}");
        _lists.MarkUpdated();
        _isUpdated = true;
    }

    private async Task<HostResult> RunAsync(IEnumerable<string> arguments, Action<string>? update, CancellationToken cancellation)
    {
        await using FileStream held = await HostLock.AcquireAsync(
            Path.Combine(Folder, "apt.lock"), "another aurora uses apt; waiting for it", cancellation);
        Directory.CreateDirectory(Path.Combine(Archives, "partial"));
        Directory.CreateDirectory(Path.Combine(OwnLists.Folder, "partial"));
        Directory.CreateDirectory(Path.Combine(Nothing, "partial"));
        await File.WriteAllTextAsync(Path.Combine(Folder, "status"), "", cancellation);
        await File.WriteAllTextAsync(Settings, SettingsText(), cancellation);
        return await HostProcess.RunAsync("env", ["LC_ALL=C", "apt-get", "-c", Settings, .. arguments], update, cancellation);
    }

    private string SettingsText() => new AptSettings(Folder, Archives, _lists.Folder).Text();

    // "Get:7 http://… bookworm/main amd64 libc6 amd64 2.36-9 [2758 kB]"
    private static void ShowProgress(string line, AptPlan plan, Action<string> update)
    {
        string[] words = line.Split(' ');
        if (words.Length > 4 && words[0].StartsWith("Get:", StringComparison.Ordinal))
            update($"{words[0]["Get:".Length..]} of {plan.Files.Count}, {words[4]}");
    }
}
