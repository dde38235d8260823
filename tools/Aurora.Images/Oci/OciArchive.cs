// A tar archive of a saved image: one reading finds where the files are, then any of them is read from its place. A compressed archive has
// no places: it is unpacked into a file that has lost its name at once, so that nothing of it is left whatever ends this process.
// `docker save` of old stores a layer that several images have as a symbolic link.
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
    private const int CopyBytes = 1 << 20;
    private const long SpareBytes = 64L << 20; // of the host's disk, for everybody else
    private const int MostFiles = 1 << 16; // each is a layer or a document

    private readonly FileStream _file;
    private readonly Dictionary<string, (long Start, long Length)> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    private OciArchive(string path, FileStream file)
    {
        Place = path;
        _file = file;
    }

    public override string Place { get; }

    /// <summary>Opens an archive; when it is compressed, it is unpacked into a folder.</summary>
    public static new OciArchive Open(string path, string folder)
    {
        try
        {
            FileStream file = OpenUnpacked(path, folder);
            try
            {
                var archive = new OciArchive(path, file);
                archive.Index();
                return archive;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (TarRoot.IsAboutContents(failure) || failure is UnauthorizedAccessException)
        {
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
        // Not disposed: the file stays open.
        var bounded = new CheckedStream(_file, long.MaxValue);
        bounded.AllowOnly(TarRoot.MostHeaderBytes);
        using var reader = new TarReader(bounded, leaveOpen: true);
        for (int count = 0; reader.GetNextEntry() is { } entry; count++)
        {
            if (count == MostFiles)
                throw new ImageException($"{Place} has more than {MostFiles} files: no image has so many");
            bounded.AllowOnly(TarRoot.BoundUntilNext(entry));
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

    private static FileStream OpenUnpacked(string path, string folder)
    {
        FileStream file = File.OpenRead(path);
        try
        {
            Stream contents = Compression.Unpack(file);
            if (contents == file)
                return file;
            using (contents)
                return Unpack(contents, path, folder);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static FileStream Unpack(Stream contents, string path, string folder)
    {
        Directory.CreateDirectory(folder);
        string name = Path.Combine(folder, $"aurora-{Guid.NewGuid():N}.tar");
        var unpacked = new FileStream(name, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
        try
        {
            File.Delete(name);
            long room = Math.Min(LayerBudget.MostBytes, new DriveInfo(folder).AvailableFreeSpace - SpareBytes);
            byte[] buffer = new byte[CopyBytes];
            for (int count; (count = contents.Read(buffer)) > 0; unpacked.Write(buffer.AsSpan(0, count)))
            {
                if (unpacked.Position + count > room)
                    throw new ImageException($"{path} unpacks to more than the {Math.Max(0, room >> 20)} MiB it may take in {folder}");
            }
            unpacked.Position = 0;
            return unpacked;
        }
        catch
        {
            unpacked.Dispose();
            throw;
        }
    }
}
