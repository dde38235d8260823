using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Debian;
using Aurora.Images;
using Aurora.Images.Oci;
using Aurora.Images.Root;

namespace Aurora.Cli.Workspace;

/// <summary>
/// Makes the images that commands need. The standard root is made once and copied: that takes milliseconds, for both are sparse.
/// </summary>
internal static class DiskImages
{
    /// <summary>Makes an image with the standard root at this path unless there is one.</summary>
    public static Task EnsureAsync(string path, CancellationToken cancellation)
        => EnsureAsync(path, RootChoice.Standard, _ => { }, cancellation);

    /// <summary>
    /// Makes an image at this path unless there is one; <paramref name="furnish"/> adds what the user wants in a new one. Of two who make
    /// it at once both use what the first one has made.
    /// </summary>
    public static async Task EnsureAsync(string path, RootChoice root, Action<string> furnish, CancellationToken cancellation)
    {
        if (File.Exists(path))
            return;
        await NewFile.MakeAsync(path, async partial =>
        {
            await MakeAsync(partial, path, root, cancellation);
            furnish(partial);
        });
    }

    /// <summary>Makes a new image of any size.</summary>
    public static async Task CreateAsync(string path, long bytes, RootChoice root, CancellationToken cancellation)
    {
        if (File.Exists(path))
            throw new UserException($"{path} exists already");
        if (!await NewFile.MakeAsync(path, partial => WriteAsync(partial, path, bytes, root, cancellation)))
            throw new UserException($"{path} exists already");
    }

    private static async Task WriteAsync(string path, string name, long bytes, RootChoice root, CancellationToken cancellation)
    {
        if (root.Packages.Count > 0)
        {
            await CopyAsync(await PackageImages.EnsureAsync(root.Packages, bytes, cancellation), path, cancellation);
            return;
        }
        if (root.IsStandard)
            await Builder.EnsureGuestsAsync(cancellation);
        using OciImage? saved = root.Oci is { } oci ? OciImages.Open(oci) : null;
        await WriteAsync(
            path, bytes, $"making the disk image {name}",
            () => saved?.Read() ?? RootSource.Open(root.Folder, new StandardRoot(Repository.Guests)), cancellation);
    }

    /// <summary>Writes an image of entries to a file that gets its name later.</summary>
    public static async Task WriteAsync(
        string path, long bytes, string title, Func<IEnumerable<RootEntry>> entries, CancellationToken cancellation)
        => ReportLeftOut(await Report.WorkAsync(title, _ => Task.Run(() => DiskImage.Write(path, bytes, entries()), cancellation)));

    private static async Task MakeAsync(string path, string name, RootChoice root, CancellationToken cancellation)
    {
        if (root.Folder != null)
        {
            await WriteAsync(path, name, DiskImage.DefaultBytes, root, cancellation);
            return;
        }
        await CopyAsync(await EnsureTemplateAsync(root, cancellation), path, cancellation);
    }

    // An image to be copied.
    private static async Task<string> EnsureTemplateAsync(RootChoice root, CancellationToken cancellation)
    {
        if (root.Packages.Count > 0)
            return await PackageImages.EnsureAsync(root.Packages, DiskImage.DefaultBytes, cancellation);
        if (root.Oci == null)
            return await EnsureTemplateAsync(cancellation);
        using OciImage saved = OciImages.Open(root.Oci);
        return await OciImages.EnsureAsync(root.Oci, saved, cancellation);
    }

    /// <summary>Copies an image, quickly: it is sparse, and the file system may share what is in it.</summary>
    public static async Task CopyAsync(string template, string path, CancellationToken cancellation)
    {
        HostResult copy = await HostProcess.RunAsync(
            "cp", ["--sparse=always", "--reflink=auto", Path.GetFullPath(template), Path.GetFullPath(path)], cancellation: cancellation);
        if (copy.Status != 0)
            throw new UserException($"cannot make {path}: {copy.Output.Trim()}");
    }

    /// <summary>Copies a file or folder of the host to a path of an image; folders of <paramref name="parents"/> are made first.</summary>
    public static IReadOnlyDictionary<string, int> Put(string image, string from, string to, params IReadOnlyList<string> parents)
    {
        if (!Directory.Exists(from) && !File.Exists(from))
            throw new UserException($"no file or folder at {from}");
        return DiskImage.Put(image, Directory.Exists(from) ? DirectoryRoot.Read(from, to) : [DirectoryRoot.ReadFile(from, to)], parents);
    }

    /// <summary>The same for what a user wants in a new image: its folder is made.</summary>
    public static IReadOnlyDictionary<string, int> PutVolume(string image, string host, string guest)
    {
        string to = guest.TrimEnd('/');
        return Put(image, Path.GetFullPath(host), to.Length == 0 ? "/" : to, to[..Math.Max(0, to.LastIndexOf('/'))] + "/");
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
        return await ImageCache.OfTool.EnsureAsync(
            "standard", IsCurrent,
            path => WriteAsync(path, "standard", DiskImage.DefaultBytes, RootChoice.Standard, cancellation), cancellation);
    }

    // Made after its contents and after the code that wrote it.
    private static bool IsCurrent(string template)
    {
        DateTime made = File.GetLastWriteTimeUtc(template);
        return ImageCache.IsAsNewAsTool(template)
            && new StandardRoot(Repository.Guests).Sources().All(source => File.GetLastWriteTimeUtc(source) < made);
    }
}
