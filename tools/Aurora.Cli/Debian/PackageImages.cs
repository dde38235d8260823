// Disk images of roots made of Debian packages, each made once: apt says which packages and gets them, the tool unpacks them into an image,
// and one start of a machine has dpkg configure them there. An image is named by the packages with their versions and hashes. What a list
// of names comes to is noted as well, so that apt is asked again only when its lists or its settings have changed.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Images.Debian;

namespace Aurora.Cli.Debian;

/// <summary>Makes and keeps such images.</summary>
internal static class PackageImages
{
    private static string Notes => Path.Combine(Repository.Cache, "packages", "plans");

    /// <summary>An image of so many bytes with these packages and all that they need.</summary>
    public static async Task<string> EnsureAsync(IReadOnlyList<string> names, long bytes, CancellationToken cancellation)
    {
        if (names.FirstOrDefault(name => !AptPlan.IsPackageName(name)) is { } bad)
            throw new UserException($"'{bad}' is not the name of a package");
        string[] sorted = [.. names.Distinct().Order(StringComparer.Ordinal)];
        var apt = new AptHost();
        string note = NoteOf(sorted, apt);
        if (await ReadNoteAsync(note, bytes, cancellation) is { } known)
            return known;
        AptPlan plan = await Report.WorkAsync("asking apt for the packages", _ => apt.PlanAsync(sorted, cancellation));
        IReadOnlyList<string> files = [];
        for (bool isGot = false; !isGot && !File.Exists(ImageOf(plan, bytes));)
        {
            IReadOnlyList<string>? got = await Report.WorkAsync(
                $"downloading {plan.Files.Count} packages, {plan.Bytes >> 20} MiB",
                update => apt.DownloadAsync(plan, sorted, update, cancellation));
            isGot = got != null;
            files = got ?? [];
            if (!isGot)
                plan = await apt.PlanAsync(sorted, cancellation);
        }
        string image = await ImageCache.OfTool.EnsureAsync(
            NameOf(plan, bytes), _ => true, path => PackageInstall.MakeAsync(path, bytes, files, cancellation), cancellation);
        // The lists may be others by now.
        await WriteNoteAsync(NoteOf(sorted, apt), plan, cancellation);
        return image;
    }

    private static string NameOf(AptPlan plan, long bytes) => NameOf(plan.Key, bytes);

    private static string NameOf(string key, long bytes)
        => $"packages-{key}" + (bytes == DiskImage.DefaultBytes ? "" : FormattableString.Invariant($"-{bytes}"));

    private static string ImageOf(AptPlan plan, long bytes) => ImageCache.OfTool.PathOf(NameOf(plan, bytes));

    private static string NoteOf(IEnumerable<string> names, AptHost apt)
        => Path.Combine(Notes, AptPlan.KeyOf(names.Append("").Concat(apt.Origins())));

    private static async Task<string?> ReadNoteAsync(string note, long bytes, CancellationToken cancellation)
    {
        if (!File.Exists(note))
            return null;
        string image = ImageCache.OfTool.PathOf(NameOf((await File.ReadAllTextAsync(note, cancellation)).Trim(), bytes));
        return File.Exists(image) ? image : null;
    }

    private static async Task WriteNoteAsync(string note, AptPlan plan, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Notes);
        string partial = $"{note}.{Guid.NewGuid():N}";
        await File.WriteAllTextAsync(partial, plan.Key, cancellation);
        File.Move(partial, note, overwrite: true);
    }
}
