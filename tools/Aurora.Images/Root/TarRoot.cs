using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;

namespace Aurora.Images.Root;

/// <summary>A tar archive (plain or gzip) as a root file system, with the owners, permissions and times it records.</summary>
public static class TarRoot
{
    private static readonly byte[] _gzipMagic = [0x1F, 0x8B];

    public static IEnumerable<RootEntry> Read(string archive)
    {
        using Stream stream = Open(archive);
        using var reader = new TarReader(stream);
        var known = new HashSet<string>(StringComparer.Ordinal) { "/" };
        yield return new RootEntry { Path = "/", Kind = RootEntryKind.Directory };
        while (Next(reader, archive) is { } item)
        {
            string path = Normalize(item.Name);
            foreach (RootEntry parent in MissingParents(path, known))
                yield return parent;
            if (path != "/" && Convert(item, path) is { } entry)
            {
                known.Add(path);
                yield return entry;
            }
        }
    }

    /// <summary>The absolute guest path of an archive name: leading dots and slashes dropped, ".." refused.</summary>
    internal static string Normalize(string name)
    {
        string[] parts = [.. name.Split('/').Where(part => part.Length > 0 && part != ".")];
        return parts.Contains("..") ? throw new ImageException($"the archive's entry {name} climbs out of its root") : "/" + string.Join('/', parts);
    }

    private static TarEntry? Next(TarReader reader, string archive)
    {
        try
        {
            return reader.GetNextEntry();
        }
        catch (Exception failure) when (failure is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new ImageException($"{archive} is not a whole tar archive: {failure.Message}", failure);
        }
    }

    private static RootEntry? Convert(TarEntry item, string path)
    {
        RootEntryKind? kind = item.EntryType switch
        {
            TarEntryType.Directory => RootEntryKind.Directory,
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => RootEntryKind.File,
            TarEntryType.SymbolicLink => RootEntryKind.SymbolicLink,
            TarEntryType.HardLink => RootEntryKind.HardLink,
            _ => null, // devices and pipes: the guest's /dev is made by its kernel
        };
        return kind == null ? null : new RootEntry
        {
            Path = path,
            Kind = kind.Value,
            Mode = (int)item.Mode,
            UserId = item.Uid,
            GroupId = item.Gid,
            Modified = item.ModificationTime,
            Target = kind == RootEntryKind.HardLink ? Normalize(item.LinkName) : item.LinkName,
            Open = () => item.DataStream ?? Stream.Null,
        };
    }

    private static IEnumerable<RootEntry> MissingParents(string path, HashSet<string> known)
    {
        for (int slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (known.Add(path[..slash]))
                yield return new RootEntry { Path = path[..slash], Kind = RootEntryKind.Directory };
        }
    }

    private static Stream Open(string archive)
    {
        FileStream file = File.OpenRead(archive);
        Span<byte> magic = stackalloc byte[2];
        bool isCompressed = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual(_gzipMagic);
        file.Position = 0;
        return isCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}
