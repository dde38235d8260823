// Extended attributes of a tree, from a folder and from an archive of it.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Images.Root;
using Aurora.Images.Session;
using Aurora.Posix.Files;
using Xunit;

namespace Aurora.Images.Tests;

public sealed unsafe partial class RootAttributeTests : IDisposable
{
    private const int NotSupported = 95;

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The attributes that a file has in an image of these entries.
    private List<string> InImage(string path, IEnumerable<RootEntry> entries, params string[] leftOut)
    {
        string image = Path.Combine(_folder, "disk.img");
        Assert.Equal(leftOut, DiskImage.Create(image, 64L << 20, entries).Select(kind => $"{kind.Value} {kind.Key}"));
        Assert.Empty(DiskImage.Check(image).Faults);
        var found = new List<string>();
        using (ImageStore store = ImageStore.Open(image, readOnly: true))
        {
            ImageSession session = ImageSession.Open(store);
            Inode* inode = session.Find(path, follow: false);
            AttributeWalk attributes = ExtendedAttributes.WalkOf(inode);
            while (attributes.MoveNext())
                found.Add($"{Encoding.UTF8.GetString(attributes.Name)}={Convert.ToHexString(attributes.Value)}");
            session.Files.Inodes.Release(inode);
        }
        File.Delete(image);
        return found;
    }

    private static string Shown(string name, string value) => $"{name}={Convert.ToHexString(Encoding.UTF8.GetBytes(value))}";

    [Fact]
    public void Those_of_an_archive_arrive()
    {
        string archive = Path.Combine(_folder, "tree.tar");
        using (var writer = new TarWriter(File.Create(archive)))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "file", new Dictionary<string, string>
            {
                ["SCHILY.xattr.user.note"] = "kept",
                ["SCHILY.xattr.trusted.other"] = "so is this",
                ["SCHILY.xattr.system.posix_acl_access"] = "an ACL",
            }));
        }
        RootEntry entry = TarRoot.Read(archive).Single(entry => entry.Path == "/file");
        Assert.Equal(["trusted.other=so is this", "user.note=kept"],
            entry.Attributes.Select(one => $"{one.Name}={Encoding.UTF8.GetString(one.Value)}"));
        Assert.Equal([Shown("trusted.other", "so is this"), Shown("user.note", "kept")], InImage("/file", TarRoot.Read(archive)));
    }

    [Fact]
    public void Those_of_a_folder_arrive()
    {
        string tree = Directory.CreateDirectory(Path.Combine(_folder, "tree")).FullName;
        string file = Path.Combine(tree, "file");
        File.WriteAllText(file, "contents");
        byte[] value = [1, 0, 255, 7];
        if (Set(file, "user.bytes", value, value.Length, 0) != 0)
        {
            Assert.Equal(NotSupported, Marshal.GetLastPInvokeError());
            return;
        }
        RootEntry entry = DirectoryRoot.Read(tree).Single(entry => entry.Path == "/file");
        (string name, byte[] bytes) = entry.Attributes.Single(one => one.Name.StartsWith("user.", StringComparison.Ordinal));
        Assert.Equal("user.bytes", name);
        Assert.Equal(value, bytes);
        Assert.Contains($"user.bytes={Convert.ToHexString(value)}", InImage("/file", DirectoryRoot.Read(tree)));
    }

    [Fact]
    public void A_name_of_a_folders_attribute_that_is_no_text_is_counted()
    {
        string tree = Directory.CreateDirectory(Path.Combine(_folder, "tree")).FullName;
        string file = Path.Combine(tree, "file");
        File.WriteAllText(file, "contents");
        if (SetRaw(file, [.. "user."u8, 0xFF, 0xFE, 0], [1], 1, 0) != 0)
        {
            Assert.Equal(NotSupported, Marshal.GetLastPInvokeError());
            return;
        }
        List<string> found = InImage("/file", DirectoryRoot.Read(tree), "1 extended attribute that is not text");
        Assert.DoesNotContain(found, one => one.StartsWith("user.", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_file_has_no_room_for_is_counted_and_the_rest_arrives()
    {
        byte[] most = new byte[ExtendedAttributes.MaxBytes - 100];
        RootEntry entry = new()
        {
            Path = "/file",
            Kind = RootEntryKind.File,
            Open = () => Stream.Null,
            Attributes = [("user.a", most), ("user.b", new byte[200]), ("user.c", [1]), ("user." + new string('n', 251), [1])],
        };
        Assert.Equal(["user.a=" + Convert.ToHexString(most), "user.c=01"],
            InImage("/file", [entry], "2 extended attribute for which a file has no room"));
    }

    [Fact]
    public void Many_files_with_as_many_attributes_as_they_can_have_fit_into_a_small_image()
    {
        byte[] most = new byte[ExtendedAttributes.MaxBytes - 100];
        new Random(5).NextBytes(most);
        IEnumerable<RootEntry> entries = Enumerable.Range(0, 4000).Select(i => new RootEntry
        {
            Path = $"/file{i}",
            Kind = RootEntryKind.File,
            Open = () => Stream.Null,
            Attributes = [("user.a", most)],
        });
        Assert.Equal(["user.a=" + Convert.ToHexString(most)], InImage("/file3999", entries));
    }

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetRaw(string path, byte[] name, byte[] value, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string path, string name, byte[] value, nint size, int flags);
}
