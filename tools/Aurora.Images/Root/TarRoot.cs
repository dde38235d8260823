using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Aurora.Images.Root;

/// <summary>
/// A tar archive (plain, gzip or zstd) as a root file system, with the owners, permissions, times, devices and holes it records.
/// </summary>
public static class TarRoot
{
    /// <summary>How long the header of an entry can be: attributes of a file, all together, are 64 KiB at most on Linux.</summary>
    internal const int MostHeaderBytes = 1 << 20;

    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerTick = 100;
    private const string AttributePrefix = "SCHILY.xattr.";
    private const int MostPathBytes = 4096; // PATH_MAX, the end's zero among them
    private const NumberStyles TimeStyle = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;

    public static IEnumerable<RootEntry> Read(string archive)
    {
        using Stream stream = Compression.Unpack(OpenFile(archive));
        var known = new HashSet<string>(StringComparer.Ordinal) { "/" };
        yield return new RootEntry { Path = "/", Kind = RootEntryKind.Directory };
        foreach (RootEntry entry in ReadEntries(stream, archive))
        {
            if (entry.Path == "/")
                continue;
            foreach (RootEntry parent in MissingParents(entry.Path, known))
                yield return parent;
            known.Add(entry.Path);
            yield return entry;
        }
    }

    /// <summary>What an archive says, entry by entry, its root among them and no parents that it leaves out.</summary>
    internal static IEnumerable<RootEntry> ReadEntries(Stream stream, string archive)
    {
        // Not disposed: the stream is not closed with it.
        var bounded = new CheckedStream(stream, long.MaxValue);
        bounded.AllowOnly(MostHeaderBytes);
        using var reader = new TarReader(bounded, leaveOpen: true);
        while (Next(reader, archive) is { } item)
        {
            bounded.AllowOnly(BoundUntilNext(item));
            if (Convert(item, Normalize(SparseTar.NameOf(item) ?? item.Name), archive) is { } entry)
                yield return entry;
        }
    }

    /// <summary>The absolute guest path of an archive name: leading dots and slashes dropped, ".." refused.</summary>
    internal static string Normalize(string name)
    {
        string[] parts = [.. name.Split('/').Where(part => part.Length > 0 && part != ".")];
        return parts.Contains("..")
            ? throw new ImageException($"the archive's entry {name} climbs out of its root") : "/" + string.Join('/', parts);
    }

    /// <summary>How much of an archive lies between the header of an entry and the end of the next header, at most.</summary>
    internal static long BoundUntilNext(TarEntry item) => Math.Min(item.Length, long.MaxValue - MostHeaderBytes) + MostHeaderBytes;

    private static TarEntry? Next(TarReader reader, string archive)
    {
        try
        {
            return reader.GetNextEntry();
        }
        catch (Exception failure) when (IsAboutContents(failure))
        {
            throw new ImageException($"{archive} is not a whole tar archive: {failure.Message}", failure);
        }
    }

    // The reader has no exception of its own: numbers and forms that it does not know end as these.
    internal static bool IsAboutContents(Exception failure)
        => failure is InvalidDataException or IOException or FormatException or OverflowException or NotSupportedException
            or ArgumentException or InvalidOperationException or OutOfMemoryException;

    // Null for what says something about the archive, not about a file.
    private static RootEntry? Convert(TarEntry item, string path, string archive)
    {
        RootEntryKind? kind = item.EntryType switch
        {
            TarEntryType.Directory => RootEntryKind.Directory,
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => RootEntryKind.File,
            TarEntryType.SymbolicLink => RootEntryKind.SymbolicLink,
            TarEntryType.HardLink => RootEntryKind.HardLink,
            TarEntryType.CharacterDevice => RootEntryKind.CharacterDevice,
            TarEntryType.BlockDevice => RootEntryKind.BlockDevice,
            TarEntryType.Fifo => RootEntryKind.Fifo,
            TarEntryType.SparseFile or TarEntryType.MultiVolume or TarEntryType.RenamedOrSymlinked
                => throw new ImageException(
                    $"{archive}: {path} is stored in an old GNU form ({item.EntryType}): pack it with tar --format=posix"),
            _ => null,
        };
        if (kind == null)
            return null;
        CheckLength(path, archive);
        CheckLength(item.LinkName, archive);
        return new RootEntry
        {
            Path = path,
            Kind = kind.Value,
            Mode = (int)item.Mode,
            UserId = item.Uid,
            GroupId = item.Gid,
            ModifiedNanoseconds = ModifiedOf(item),
            Target = kind == RootEntryKind.HardLink ? Normalize(item.LinkName) : item.LinkName,
            Attributes = [.. AttributesOf(item)],
            LeftOut = HasUnreadable(item) ? HostAttributes.Unreadable : null,
            Device = item is PosixTarEntry device ? ((uint)device.DeviceMajor, (uint)device.DeviceMinor) : default,
            Open = () => item.DataStream ?? Stream.Null,
            Layout = SparseTar.LayoutOf(item, archive),
        };
    }

    private static void CheckLength(string path, string archive)
    {
        if (path.Length >= MostPathBytes || Encoding.UTF8.GetByteCount(path) >= MostPathBytes)
            throw new ImageException($"{archive}: {path[..64]}…: a path of {MostPathBytes} bytes or more");
    }

    // As tar --xattrs writes them. The reader has made text of them: what was none cannot be had back.
    private static IEnumerable<(string Name, byte[] Value)> AttributesOf(TarEntry item)
        => TextsOf(item).Where(pair => !IsUnreadable(pair))
            .Select(pair => (pair.Key[AttributePrefix.Length..], Encoding.UTF8.GetBytes(pair.Value)));

    private static bool HasUnreadable(TarEntry item) => TextsOf(item).Any(IsUnreadable);

    private static bool IsUnreadable(KeyValuePair<string, string> pair)
        => HostFile.IsUnreadable(pair.Key) || HostFile.IsUnreadable(pair.Value);

    private static IEnumerable<KeyValuePair<string, string>> TextsOf(TarEntry item)
        => item is not PaxTarEntry pax ? [] : pax.ExtendedAttributes.Where(pair
            => pair.Key.StartsWith(AttributePrefix, StringComparison.Ordinal) && HostAttributes.IsKept(pair.Key[AttributePrefix.Length..]))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal);

    // The reader's own time has no more than 100 ns.
    private static long ModifiedOf(TarEntry item)
    {
        if (item is PaxTarEntry pax && pax.ExtendedAttributes.TryGetValue("mtime", out string? text)
            && decimal.TryParse(text, TimeStyle, CultureInfo.InvariantCulture, out decimal seconds)
            && Math.Abs(seconds) < long.MaxValue / NanosecondsPerSecond)
            return (long)decimal.Floor(seconds * NanosecondsPerSecond);
        return (item.ModificationTime - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick;
    }

    private static IEnumerable<RootEntry> MissingParents(string path, HashSet<string> known)
    {
        for (int slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (known.Add(path[..slash]))
                yield return new RootEntry { Path = path[..slash], Kind = RootEntryKind.Directory };
        }
    }

    private static FileStream OpenFile(string archive)
    {
        try
        {
            return File.OpenRead(archive);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"{archive}: {failure.Message}", failure);
        }
    }
}
