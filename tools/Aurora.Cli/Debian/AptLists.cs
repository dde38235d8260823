using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Aurora.Cli.Debian;

/// <summary>
/// A folder of apt's package lists. apt gives a list the time that its server says, so what tells when lists were last got is
/// a file that <see cref="MarkUpdated"/> leaves beside the folder, or else the folder, whose entries an update replaces.
/// </summary>
internal sealed record AptLists(string Folder)
{
    private string Mark => Folder + ".updated";

    /// <summary>True when there are any.</summary>
    public bool Exist => Directory.Exists(Folder) && Directory.EnumerateFiles(Folder).Any(IsIndex);

    /// <summary>Of two folders the one whose lists were got later; <paramref name="own"/> when neither has any.</summary>
    public static AptLists Newest(AptLists own, AptLists host)
        => host.Exist && (!own.Exist || own.GotAt() < host.GotAt()) ? host : own;

    /// <summary>Notes that they are as new as the servers'; apt leaves no trace when they were that already.</summary>
    public void MarkUpdated() => File.WriteAllText(Mark, "");

    /// <summary>The lists, each with what changes when it does.</summary>
    public IEnumerable<string> Describe()
        => !Directory.Exists(Folder) ? [] : Directory.EnumerateFiles(Folder).Where(IsIndex).Order(StringComparer.Ordinal)
            .Select(file => $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file).Ticks}");

    private DateTime GotAt()
        => File.Exists(Mark) ? File.GetLastWriteTimeUtc(Mark)
            : ((string[])[Folder, Path.Combine(Folder, "partial")]).Where(Path.Exists).Max(File.GetLastWriteTimeUtc);

    private static bool IsIndex(string file) => Path.GetFileName(file).Contains("_Packages", StringComparison.Ordinal);
}
