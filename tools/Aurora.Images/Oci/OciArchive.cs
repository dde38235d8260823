// A tar archive of a saved image: one reading finds where the files are, then any of them is read from its place. A compressed archive has
// no places: it is unpacked into a file that goes when it is closed. `docker save` of old stores a layer that several images have as a
// symbolic link.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>Files in a tar archive.</summary>
internal sealed class OciArchive : OciFiles
{
    private const int MostLinks = 8;

    private readonly FileStream _file;
    private readonly Dictionary<string, (long Start, long Length)> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    private OciArchive(string path, FileStream file)
    {
        Place = path;
        _file = file;
    }

    public override string Place { get; }

    public static new OciArchive Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = Unpacked(File.OpenRead(path));
            var archive = new OciArchive(path, file);
            archive.Index();
            return archive;
        }
        catch (Exception failure) when (TarRoot.IsAboutContents(failure) || failure is UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new ImageException($"{path} is not a whole tar archive: {failure.Message}", failure);
        }
    }

    public override Stream? TryOpen(string name)
    {
        string path = TarRoot.Normalize(name);
        for (int links = 0; _links.TryGetValue(path, out string? target); path = target)
        {
            if (++links > MostLinks)
                throw new ImageException($"{Place}: {name} is a link that leads nowhere");
        }
        return _places.TryGetValue(path, out var place) ? new FileRange(_file.SafeFileHandle, place.Start, place.Length) : null;
    }

    public override void Dispose()
    {
        _file.Dispose();
        base.Dispose();
    }

    private void Index()
    {
        using var reader = new TarReader(_file, leaveOpen: true);
        while (reader.GetNextEntry() is { } entry)
        {
            string path = TarRoot.Normalize(entry.Name);
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                _places[path] = (entry.DataOffset, entry.Length);
            else if (entry.EntryType is TarEntryType.SymbolicLink)
                _links[path] = TargetOf(path, entry.LinkName);
            else if (entry.EntryType is TarEntryType.HardLink)
                _links[path] = TarRoot.Normalize(entry.LinkName);
        }
    }

    // Within the archive, as text: its folders are no links.
    private static string TargetOf(string path, string link)
    {
        var parts = new List<string>(link.StartsWith('/') ? [] : path.Split('/', StringSplitOptions.RemoveEmptyEntries).SkipLast(1));
        foreach (string part in link.Split('/').Where(part => part.Length > 0 && part != "."))
        {
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }
        return "/" + string.Join('/', parts);
    }

    private static FileStream Unpacked(FileStream file)
    {
        Stream contents = Compression.Unpack(file);
        if (contents == file)
            return file;
        using (contents)
        {
            FileStream unpacked = new(
                Path.Combine(Path.GetTempPath(), $"aurora-{Guid.NewGuid():N}.tar"), FileMode.CreateNew, FileAccess.ReadWrite,
                FileShare.None, bufferSize: 1 << 16, FileOptions.DeleteOnClose);
            using var bounded = new CheckedStream(contents, OciLayer.MostBytes);
            bounded.CopyTo(unpacked);
            unpacked.Position = 0;
            return unpacked;
        }
    }
}
