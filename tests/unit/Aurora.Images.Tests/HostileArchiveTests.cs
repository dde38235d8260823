// Archives that are cut off, damaged or made to deceive: an image is what the archive says, or a refusal names the archive.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

public sealed class HostileArchiveTests : IDisposable
{
    private const int BlockBytes = 512;

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_archive_that_is_cut_off_within_a_file_is_refused(bool isCompressed)
    {
        byte[] whole = Pack(writer => writer.WriteEntry(Plain("file", new string('x', 5000))));
        byte[] cut = whole[..^(BlockBytes * 4)];
        Refused(isCompressed ? Gzip(whole)[..^20] : cut);
    }

    [Fact]
    public void A_name_that_changes_its_kind_is_what_came_last()
    {
        string image = Build(Pack(writer =>
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "changes"));
            writer.WriteEntry(Plain("changes", "text"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "moves"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "moves") { LinkName = "elsewhere" });
        }));
        Dictionary<string, ImageEntry> entries = List(image);
        Assert.StartsWith("-", entries["/changes"].ModeText, StringComparison.Ordinal);
        Assert.StartsWith("l", entries["/moves"].ModeText, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_without_measure_is_refused()
    {
        var attributes = new Dictionary<string, string> { ["comment"] = new('x', 2 << 20) };
        byte[] archive = Pack(writer => writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "d", attributes)));
        Assert.Contains("longer than any", Refused(archive).Message, StringComparison.Ordinal);
        SetLength(archive, "37777777777"); // 8 GiB
        Refused(archive);
    }

    [Theory]
    [InlineData(TarEntryType.Directory, 4095, "")]
    [InlineData(TarEntryType.SymbolicLink, 4, "l")]
    public void A_path_that_is_longer_than_any_is_refused(TarEntryType type, int length, string name)
    {
        string path = name + string.Concat(Enumerable.Repeat("/d", length / 2));
        Refused(Pack(writer => writer.WriteEntry(type == TarEntryType.SymbolicLink
            ? new PaxTarEntry(type, path) { LinkName = new string('t', 4096) } : new PaxTarEntry(type, path + "/dd"))));
    }

    // Of the first header, which has a checksum of its bytes, its own place taken for spaces.
    private static void SetLength(byte[] archive, string octal)
    {
        Encoding.ASCII.GetBytes(octal, archive.AsSpan(124, 11));
        archive.AsSpan(148, 8).Fill((byte)' ');
        int sum = archive[..BlockBytes].Sum(value => value);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ", archive.AsSpan(148, 8));
    }

    [Fact]
    public void A_file_that_was_packed_twice_is_a_hard_link_to_itself()
    {
        string image = Build(Pack(writer =>
        {
            writer.WriteEntry(Plain("file", "text"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "file") { LinkName = "file" });
        }));
        Assert.Equal(4u, List(image)["/file"].Size);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("folder")]
    public void A_hard_link_to_what_cannot_have_one_is_refused_by_name(string target)
    {
        ImageException failure = Refused(Pack(writer =>
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "folder"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "again") { LinkName = target });
        }));
        Assert.Contains("/again", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "na\u00EFX")]
    [InlineData(true, "na\u00EFX")]
    [InlineData(true, "na\0X")]
    public void A_name_that_would_become_another_is_refused(bool isPax, string other)
    {
        byte[] archive = Pack(writer => writer.WriteEntry(
            isPax ? new PaxTarEntry(TarEntryType.RegularFile, "naXXme") : new UstarTarEntry(TarEntryType.RegularFile, "naXXme")));
        for (int i = 0; i + other.Length <= archive.Length; i++)
        {
            if (archive.AsSpan(i, other.Length).SequenceEqual("naXX"u8))
                Encoding.Latin1.GetBytes(other).CopyTo(archive, i);
        }
        Fix(archive);
        Refused(archive);
    }

    [Fact]
    public void A_file_of_a_folder_that_cannot_be_read_is_named()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "root")).FullName;
        File.WriteAllText(Path.Combine(folder, "goes"), "text");
        IEnumerable<RootEntry> entries = DirectoryRoot.Read(folder).Select(entry =>
        {
            if (entry.Kind == RootEntryKind.File)
                File.Delete(Path.Combine(folder, "goes"));
            return entry;
        });
        ImageException failure = Assert.Throws<ImageException>(
            () => DiskImage.Create(Path.Combine(_folder, "disk.img"), DiskImage.MinimumBytes, entries));
        Assert.Contains("goes", failure.Message, StringComparison.Ordinal);
        Assert.Throws<ImageException>(() => TarRoot.Read(folder).ToList());
    }

    [Fact]
    public void Whatever_is_damaged_an_archive_is_read_or_refused_by_name()
    {
        byte[] good = Pack(writer =>
        {
            writer.WriteEntry(Plain("file", new string('x', 700)));
            writer.WriteEntry(new UstarTarEntry(TarEntryType.CharacterDevice, "device") { DeviceMajor = 1, DeviceMinor = 3 });
            writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, new string('n', 150)) { AccessTime = DateTimeOffset.UnixEpoch });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "sparse/map", new Dictionary<string, string>
            {
                ["GNU.sparse.major"] = "1", ["GNU.sparse.minor"] = "0", ["GNU.sparse.name"] = "sparse", ["GNU.sparse.realsize"] = "9000",
            }) { DataStream = new MemoryStream(Encoding.ASCII.GetBytes("1\n0\n5\n".PadRight(BlockBytes, '\0') + "hello")) });
        });
        var random = new Random(20_260_101);
        for (int round = 0; round < 1_500; round++)
        {
            byte[] bad = (byte[])good.Clone();
            for (int change = random.Next(1, 4); change > 0; change--)
                Damage(bad, random);
            Fix(bad);
            try
            {
                ReadAll(bad);
            }
            catch (ImageException failure)
            {
                Assert.Contains("a.tar", failure.Message, StringComparison.Ordinal);
            }
        }
    }

    private static void Damage(byte[] archive, Random random)
    {
        int at = random.Next(archive.Length);
        switch (random.Next(4))
        {
            case 0:
                archive[at] = (byte)random.Next(256);
                break;
            case 1: // A number in base 256, or one that is negative.
                int field = ((at / BlockBytes) * BlockBytes) + new[] { 100, 108, 116, 124, 136, 329, 337, 345, 357 }[random.Next(9)];
                archive[field] = (byte)(random.Next(2) == 0 ? 0xFF : 0x80);
                random.NextBytes(archive.AsSpan(field + 1, 11));
                break;
            case 2:
                archive[at] = (byte)('0' + random.Next(10));
                break;
            default:
                archive[((at / BlockBytes) * BlockBytes) + 156] = (byte)"01234567LKxgSVMDN\0"[random.Next(18)];
                break;
        }
    }

    // The checksums of what looks like a header are made right, so that the rest is looked at.
    private static void Fix(byte[] archive)
    {
        for (int block = 0; block + BlockBytes <= archive.Length; block += BlockBytes)
        {
            Span<byte> header = archive.AsSpan(block, BlockBytes);
            if (!header.Slice(257, 5).SequenceEqual("ustar"u8))
                continue;
            header.Slice(148, 8).Fill((byte)' ');
            int sum = 0;
            foreach (byte each in header)
                sum += each;
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header[148..]);
        }
    }

    private void ReadAll(byte[] archive)
    {
        foreach (RootEntry entry in TarRoot.Read(Save(archive)))
        {
            if (entry.Open == null)
                continue;
            using Stream contents = entry.Open();
            entry.Layout?.Invoke(contents);
            ReadToEnd(contents);
        }
    }

    // As the writer of an image does: what a stream refuses, it refuses by name.
    private static void ReadToEnd(Stream contents)
    {
        try
        {
            contents.CopyTo(Stream.Null);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw new ImageException("a.tar: " + failure.Message, failure);
        }
    }

    private static PaxTarEntry Plain(string name, string text)
        => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.ASCII.GetBytes(text)) };

    private static byte[] Pack(Action<TarWriter> fill)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
            fill(writer);
        return stream.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var stream = new MemoryStream();
        using (var compressed = new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            compressed.Write(bytes);
        return stream.ToArray();
    }

    private string Save(byte[] archive)
    {
        string path = Path.Combine(_folder, "a.tar");
        File.WriteAllBytes(path, archive);
        return path;
    }

    private string Build(byte[] archive)
    {
        string image = Path.Combine(_folder, "disk.img");
        DiskImage.Create(image, DiskImage.MinimumBytes, TarRoot.Read(Save(archive)));
        return image;
    }

    private ImageException Refused(byte[] archive)
    {
        ImageException failure = Assert.Throws<ImageException>(() => Build(archive));
        Assert.Equal(["a.tar"], Directory.EnumerateFiles(_folder).Select(Path.GetFileName));
        return failure;
    }

    private static Dictionary<string, ImageEntry> List(string image)
        => DiskImage.List(image, "/", recursive: true).ToDictionary(entry => entry.Path);
}
