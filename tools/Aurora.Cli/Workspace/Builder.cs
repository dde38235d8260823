// Builds what a command needs, when it is older than what it is made from. The check reads modification times only and takes a few
// milliseconds, so that a second `aurora run` starts at once; deciding what really has to be rebuilt stays with MSBuild.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Cli.Workspace;

/// <summary>Brings the kernel image and the guest programs up to date.</summary>
internal static class Builder
{
    private static readonly string[] _kernelInputs = ["src", "drivers", "kernel", "Directory.Build.props", "Directory.Packages.props", "global.json"];
    private static readonly string[] _sourceExtensions = [".cs", ".csproj", ".asm", ".inc", ".ld", ".targets", ".props", ".json", ".c", ".h", ".sh"];
    private static readonly string[] _generatedFolders = ["bin", "obj"];

    public const string Solution = "Aurora.sln";
    public const string KernelProject = "kernel/Aurora.Kernel/Aurora.Kernel.csproj";
    public const string GuestProject = "guests/Aurora.Guests/Aurora.Guests.csproj";

    /// <summary>Builds the kernel image when a source of it is newer.</summary>
    public static async Task EnsureKernelAsync(CancellationToken cancellation)
    {
        if (IsOlder(Repository.KernelImage, _kernelInputs))
            await BuildAsync(KernelProject, "building the kernel", cancellation);
        if (!File.Exists(Repository.KernelImage))
            throw new UserException($"the build made no kernel image at {Repository.KernelImage}");
    }

    /// <summary>Compiles the guest programs when a source of them is newer.</summary>
    public static async Task EnsureGuestsAsync(CancellationToken cancellation)
    {
        if (IsOlder(Path.Combine(Repository.Guests, ".built"), ["guests", "bench/guest"]))
            await BuildAsync(GuestProject, "building the guest programs", cancellation);
    }

    /// <summary>Runs <c>dotnet build</c>; throws with the compiler's messages when it fails.</summary>
    public static async Task BuildAsync(string project, string title, CancellationToken cancellation)
    {
        HostResult result = await Report.WorkAsync(title, update => HostProcess.RunAsync(
            "dotnet", ["build", project, "-v", "q", "--nologo"], line => ShowProgress(line, update), cancellation));
        if (result.Status != 0)
            throw new UserException($"{title} failed:\n{Problems(result.Output)}");
    }

    /// <summary>True when a file does not exist or is older than any source among the given files and folders of the repository.</summary>
    public static bool IsOlder(string product, IEnumerable<string> inputs)
    {
        if (!File.Exists(product))
            return true;
        DateTime built = File.GetLastWriteTimeUtc(product);
        return inputs.SelectMany(SourcesOf).Any(source => File.GetLastWriteTimeUtc(source) > built);
    }

    private static IEnumerable<string> SourcesOf(string input)
    {
        string path = Repository.In(input);
        if (File.Exists(path))
            return [path];
        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsSource)
            : [];
    }

    private static bool IsSource(string path)
        => _sourceExtensions.Contains(Path.GetExtension(path)) && !path.Split('/').Any(part => _generatedFolders.Contains(part));

    private static void ShowProgress(string line, Action<string> update)
    {
        int arrow = line.IndexOf(" -> ", StringComparison.Ordinal);
        if (arrow > 0)
            update(line[..arrow].Trim());
    }

    // A failed build prints each message twice and much else: the distinct errors are what the reader needs.
    private static string Problems(string output)
    {
        string[] errors = [.. output.Split('\n').Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase))
            .Select(line => line.Trim()).Distinct().Take(20)];
        return errors.Length > 0 ? string.Join('\n', errors) : output;
    }
}
