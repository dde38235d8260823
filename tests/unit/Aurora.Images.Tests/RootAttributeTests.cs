// Extended attributes of a tree, from a folder and from an archive of it.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

public sealed partial class RootAttributeTests : IDisposable
{
    private const int NotSupported = 95;

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void AssertWhole(IEnumerable<RootEntry> entries, params string[] leftOut)
    {
        string image = Path.Combine(_folder, "disk.img");
        Assert.Equal(leftOut, DiskImage.Create(image, 64L << 20, entries).Keys);
        Assert.Empty(DiskImage.Check(image).Faults);
        File.Delete(image);
    }

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
        Assert.Equal(["trusted.other=so is this", "user.note=kept"], entry.Attributes.Select(one => $"{one.Name}={Encoding.UTF8.GetString(one.Value)}"));
        AssertWhole(TarRoot.Read(archive));
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
        AssertWhole(DirectoryRoot.Read(tree));
    }

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string path, string name, byte[] value, nint size, int flags);
}
