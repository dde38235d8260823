using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

public sealed class RootSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_is_read_with_links_modes_and_contents()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "r/sub"));
        File.WriteAllText(Path.Combine(_folder, "r/sub/file"), "text");
        File.SetUnixFileMode(Path.Combine(_folder, "r/sub/file"), UnixFileMode.UserRead | UnixFileMode.GroupExecute);
        File.CreateSymbolicLink(Path.Combine(_folder, "r/link"), "sub/file");
        File.CreateSymbolicLink(Path.Combine(_folder, "r/folderlink"), "sub");
        List<RootEntry> entries = [.. DirectoryRoot.Read(Path.Combine(_folder, "r"))];

        Assert.Equal(["/", "/folderlink", "/link", "/sub", "/sub/file"], entries.Select(entry => entry.Path));
        Assert.Equal((RootEntryKind.SymbolicLink, "sub"), (entries[1].Kind, entries[1].Target));
        Assert.Equal(RootEntryKind.Directory, entries[3].Kind);
        Assert.Equal(0x108, entries[4].Mode);
        Assert.Equal("text", ReadAll(entries[4]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_archive_is_read_with_owners_and_missing_parents(bool compressed)
    {
        string path = Path.Combine(_folder, "a.tar");
        using (FileStream file = File.Create(path))
        using (Stream stream = compressed ? new GZipStream(file, CompressionLevel.Fastest) : file)
        using (var writer = new TarWriter(stream))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "./deep/er/file") { Uid = 7, Gid = 8, Mode = (UnixFileMode)0x1A4, DataStream = new MemoryStream("x"u8.ToArray()) });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "deep/again") { LinkName = "./deep/er/file" });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "soft") { LinkName = "deep/again" });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.CharacterDevice, "null"));
        }
        var seen = new List<(string, RootEntryKind, string)>();
        foreach (RootEntry entry in TarRoot.Read(path))
        {
            string detail = entry.Kind == RootEntryKind.File ? $"{entry.UserId}:{entry.GroupId} {ReadAll(entry)}" : entry.Target;
            seen.Add((entry.Path, entry.Kind, detail));
        }
        Assert.Equal(
            [
                ("/", RootEntryKind.Directory, ""),
                ("/deep", RootEntryKind.Directory, ""),
                ("/deep/er", RootEntryKind.Directory, ""),
                ("/deep/er/file", RootEntryKind.File, "7:8 x"),
                ("/deep/again", RootEntryKind.HardLink, "/deep/er/file"),
                ("/soft", RootEntryKind.SymbolicLink, "deep/again"),
                ("/null", RootEntryKind.CharacterDevice, ""),
            ],
            seen);
    }

    [Fact]
    public void An_archive_may_not_climb_out() => Assert.Throws<ImageException>(() => TarRoot.Normalize("a/../../etc"));

    [Fact]
    public void A_damaged_archive_is_refused_by_name()
    {
        string path = Path.Combine(_folder, "bad.tar");
        File.WriteAllBytes(path, [.. Enumerable.Range(0, 2000).Select(number => (byte)(number * 7))]);
        ImageException failure = Assert.Throws<ImageException>(() => TarRoot.Read(path).ToList());
        Assert.Contains("bad.tar", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_standard_root_has_a_shell_its_tools_and_the_guest_programs()
    {
        string guests = Path.Combine(_folder, "guests");
        Directory.CreateDirectory(guests);
        File.WriteAllText(Path.Combine(guests, "selfcheck"), "program");
        File.WriteAllText(Path.Combine(guests, "sls"), "program");
        File.WriteAllText(Path.Combine(guests, ".built"), "");
        Dictionary<string, RootEntry> entries = new StandardRoot(guests).Read().ToDictionary(entry => entry.Path);

        Assert.Equal(StandardRoot.Busybox, entries["/bin/sh"].Target);
        Assert.Equal(StandardRoot.Busybox, entries["/bin/vi"].Kind == RootEntryKind.SymbolicLink ? entries["/bin/vi"].Target : "");
        Assert.Equal(RootEntryKind.File, entries[$"{StandardRoot.TestFolder}/selfcheck"].Kind);
        Assert.Equal(RootEntryKind.File, entries["/bin/sls"].Kind);
        Assert.Equal(0x3FF, entries["/tmp"].Mode);
        Assert.DoesNotContain(entries.Keys, path => path.Contains(".built", StringComparison.Ordinal));
        var known = new HashSet<string> { "/" };
        foreach (string path in entries.Keys.Skip(1))
        {
            Assert.Contains(Path.GetDirectoryName(path)!, known);
            known.Add(path);
        }
    }

    private static string ReadAll(RootEntry entry)
    {
        using var reader = new StreamReader(entry.Open!());
        return reader.ReadToEnd();
    }
}
