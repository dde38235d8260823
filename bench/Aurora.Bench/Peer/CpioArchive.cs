// The format in which Linux takes its first root file system (its Documentation/driver-api/early-userspace/buffer-format): for each file a
// header of "070701" and thirteen fields of eight hexadecimal digits, its name with a zero byte, and its contents, each padded to four
// bytes; at the end one named TRAILER!!!. Files of more than 4 GiB and hard links have no place here and are refused.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Images.Root;

namespace Aurora.Bench.Peer;

/// <summary>Writes root file systems as cpio archives.</summary>
public static class CpioArchive
{
    private const int TypeDirectory = 0x4000;
    private const int TypeFile = 0x8000;
    private const int TypeSymbolicLink = 0xA000;
    private const string Trailer = "TRAILER!!!";

    /// <summary>Writes all entries; parents come before their children.</summary>
    public static void Write(Stream archive, IEnumerable<RootEntry> entries)
    {
        uint number = 1;
        foreach (RootEntry entry in entries.Where(entry => entry.Path != "/"))
            WriteEntry(archive, number++, entry);
        WriteMember(archive, 0, 0, Trailer, []);
    }

    private static void WriteEntry(Stream archive, uint number, RootEntry entry)
    {
        string name = entry.Path.TrimStart('/');
        switch (entry.Kind)
        {
            case RootEntryKind.Directory:
                WriteMember(archive, number, TypeDirectory | entry.Mode, name, []);
                break;
            case RootEntryKind.SymbolicLink:
                WriteMember(archive, number, TypeSymbolicLink | entry.Mode, name, Encoding.UTF8.GetBytes(entry.Target));
                break;
            case RootEntryKind.File:
                WriteMember(archive, number, TypeFile | entry.Mode, name, ContentsOf(entry));
                break;
            default:
                throw new BenchException($"{entry.Path}: a {entry.Kind} has no place in the peer's root file system");
        }
    }

    private static byte[] ContentsOf(RootEntry entry)
    {
        using Stream contents = entry.Open!();
        using var copy = new MemoryStream();
        contents.CopyTo(copy);
        return copy.ToArray();
    }

    private static void WriteMember(Stream archive, uint number, int mode, string name, byte[] contents)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name + "\0");
        uint links = 1;
        uint[] fields = [number, (uint)mode, 0, 0, links, 0, (uint)contents.Length, 0, 0, 0, 0, (uint)nameBytes.Length, 0];
        archive.Write(Encoding.ASCII.GetBytes("070701" + string.Concat(fields.Select(field => field.ToString("x8")))));
        archive.Write(nameBytes);
        Pad(archive);
        archive.Write(contents);
        Pad(archive);
    }

    private static void Pad(Stream archive) => archive.Write(new byte[-archive.Position & 3]);
}
