using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Images.Root;

namespace Aurora.Cli.Workspace;

/// <summary>Makes the images that commands need. The standard root is made once and copied: that takes milliseconds, for both are sparse.</summary>
internal static class DiskImages
{
    /// <summary>Makes an image at this path unless there is one.</summary>
    public static async Task EnsureAsync(string path, string? root, CancellationToken cancellation)
    {
        if (File.Exists(path))
            return;
        if (root != null)
        {
            await CreateAsync(path, DiskImage.DefaultBytes, root, cancellation);
            return;
        }
        string template = await EnsureTemplateAsync(cancellation);
        HostResult copy = await HostProcess.RunAsync("cp", ["--sparse=always", "--reflink=auto", template, path], cancellation: cancellation);
        if (copy.Status != 0)
            throw new UserException($"cannot make {path}: {copy.Output.Trim()}");
    }

    /// <summary>Makes a new image from a folder, an archive or the standard root.</summary>
    public static async Task CreateAsync(string path, long bytes, string? root, CancellationToken cancellation)
    {
        if (root == null)
            await Builder.EnsureGuestsAsync(cancellation);
        IEnumerable<RootEntry> entries = RootSource.Open(root, new StandardRoot(Repository.Guests));
        IReadOnlyDictionary<string, int> leftOut = await Report.WorkAsync(
            $"making the disk image {path}", _ => Task.Run(() => DiskImage.Create(path, bytes, entries), cancellation));
        ReportLeftOut(leftOut);
    }

    /// <summary>Says how many files of what kind an image did not get.</summary>
    public static void ReportLeftOut(IReadOnlyDictionary<string, int> leftOut)
    {
        if (leftOut.Count > 0)
            Report.Line("left out: " + string.Join(", ", leftOut.Select(kind => $"{kind.Value} {kind.Key}{(kind.Value == 1 ? "" : "s")}")));
    }

    private static async Task<string> EnsureTemplateAsync(CancellationToken cancellation)
    {
        await Builder.EnsureGuestsAsync(cancellation);
        Directory.CreateDirectory(Repository.Cache);
        string template = Path.Combine(Repository.Cache, "standard.img");
        if (IsCurrent(template))
            return template;
        File.Delete(template);
        await CreateAsync(template, DiskImage.DefaultBytes, root: null, cancellation);
        return template;
    }

    // Made after its contents and after the code that wrote it.
    private static bool IsCurrent(string template)
    {
        if (!File.Exists(template))
            return false;
        DateTime made = File.GetLastWriteTimeUtc(template);
        IEnumerable<string> sources = [.. new StandardRoot(Repository.Guests).Sources(), typeof(DiskImage).Assembly.Location, typeof(Store.ObjectStore).Assembly.Location];
        return sources.All(source => File.GetLastWriteTimeUtc(source) < made);
    }
}
