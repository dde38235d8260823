using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

public sealed class DiskImageTests : IDisposable
{
    private const long SmallBytes = 64L << 20;
    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_tree_comes_out_as_it_went_in()
    {
        byte[] large = new byte[3_000_001];
        new Random(1).NextBytes(large);
        DateTimeOffset time = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);
        long nanoseconds = (time - DateTimeOffset.UnixEpoch).Ticks * 100;
        string image = Create(
            Folder("/etc"),
            File("/etc/motd", "hello\n") with { Mode = 0x1A4, UserId = 3, GroupId = 4, ModifiedNanoseconds = nanoseconds },
            new RootEntry { Path = "/large", Kind = RootEntryKind.File, Open = () => new MemoryStream(large) },
            new RootEntry { Path = "/soft", Kind = RootEntryKind.SymbolicLink, Target = "etc/motd" },
            new RootEntry { Path = "/hard", Kind = RootEntryKind.HardLink, Target = "/etc/motd" },
            File("/empty", ""));
        Dictionary<string, ImageEntry> entries = DiskImage.List(image, "/", recursive: true).ToDictionary(entry => entry.Path);

        ImageEntry motd = entries["/etc/motd"];
        Assert.Equal(("-rw-r--r--", 2u, 3u, 4u, 6ul, time), (motd.ModeText, motd.Links, motd.UserId, motd.GroupId, motd.Size, motd.Modified));
        Assert.Equal(motd with { Path = "/hard" }, entries["/hard"]);
        Assert.Equal(("lrwxrwxrwx", "etc/motd"), (entries["/soft"].ModeText, entries["/soft"].Target));
        Assert.Equal("crw-rw-rw-", entries["/dev/null"].ModeText);
        Assert.StartsWith("d", entries["/proc"].ModeText, StringComparison.Ordinal);
        Assert.Equal("hello\n", Encoding.UTF8.GetString(Cat(image, "/soft")));
        Assert.Equal(large, Cat(image, "/large"));
        Assert.Empty(Cat(image, "/empty"));
    }

    [Fact]
    public void Files_can_be_put_and_replaced()
    {
        string image = Create(Folder("/opt"));
        string source = Path.Combine(_folder, "source");
        Directory.CreateDirectory(Path.Combine(source, "sub"));
        System.IO.File.WriteAllText(Path.Combine(source, "sub/one"), "first");
        DiskImage.Put(image, DirectoryRoot.Read(source, "/opt/tree"));
        System.IO.File.WriteAllText(Path.Combine(source, "sub/one"), "second, longer");
        DiskImage.Put(image, [DirectoryRoot.ReadFile(Path.Combine(source, "sub/one"), "/opt/tree/sub/one")]);

        Assert.Equal("second, longer", Encoding.UTF8.GetString(Cat(image, "/opt/tree/sub/one")));
        Assert.Equal(["/opt/tree", "/opt/tree/sub", "/opt/tree/sub/one"], DiskImage.List(image, "/opt", recursive: true).Select(entry => entry.Path));
    }

    [Fact]
    public void A_tree_can_be_extracted()
    {
        string image = Create(Folder("/a"), Folder("/a/b"), File("/a/b/run", "#!") with { Mode = 0x1C9 }, new RootEntry { Path = "/a/l", Kind = RootEntryKind.SymbolicLink, Target = "b/run" });
        string target = Path.Combine(_folder, "out");
        Assert.Equal(2, DiskImage.Extract(image, "/a", target));
        Assert.Equal("#!", System.IO.File.ReadAllText(Path.Combine(target, "l")));
        Assert.Equal((UnixFileMode)0x1C9, System.IO.File.GetUnixFileMode(Path.Combine(target, "b/run")));
    }

    [Fact]
    public void Holes_come_out_as_holes()
    {
        const long bytes = 64 << 20;
        string image = Create(Sparse("/sparse", bytes + 7, 5, bytes), File("/full", new string('x', 10_000)));
        string target = Path.Combine(_folder, "out");
        DiskImage.Extract(image, "/", target);
        string sparse = Path.Combine(target, "sparse");
        Assert.Equal(10_000, new FileInfo(Path.Combine(target, "full")).Length);
        Assert.Equal(bytes + 7, new FileInfo(sparse).Length);
        using FileStream stream = System.IO.File.OpenRead(sparse);
        RootEntry entry = DirectoryRoot.ReadFile(sparse, "/sparse");
        Assert.InRange(entry.Layout!(stream).Runs.Sum(run => run.Bytes), 2, 1 << 20);
        foreach ((long place, int expected) in ((long, int)[])[(4, 0), (5, 'd'), (6, 0), (bytes - 1, 0), (bytes, 'd'), (bytes + 1, 0)])
        {
            stream.Position = place;
            Assert.Equal(expected, stream.ReadByte());
        }
    }

    [Fact]
    public void A_file_longer_than_the_host_has_is_refused_by_name()
    {
        string image = Create(Sparse("/endless", long.MaxValue, 1L << 62, long.MaxValue - 1));
        string refusal = Refusal(() => DiskImage.Extract(image, "/endless", Path.Combine(_folder, "out")));
        Assert.Contains("endless", refusal, StringComparison.Ordinal);
        Assert.Empty(DiskImage.Check(image).Faults);
    }

    // A file with a byte at each of these places.
    private static RootEntry Sparse(string path, long bytes, params long[] places) => new()
    {
        Path = path,
        Kind = RootEntryKind.File,
        Open = () => new MemoryStream(Encoding.UTF8.GetBytes(new string('d', places.Length))),
        Layout = _ => new FileLayout(bytes, [.. places.Select((place, index) => new DataRun(place, 1, index))]),
    };

    [Fact]
    public void Wrong_paths_and_images_are_refused_by_name()
    {
        string image = Create(File("/file", "x"));
        Assert.Contains("/nothing: no such file", Refusal(() => DiskImage.List(image, "/nothing", recursive: false)), StringComparison.Ordinal);
        Assert.Contains("not a regular file", Refusal(() => DiskImage.Cat(image, "/dev", Stream.Null)), StringComparison.Ordinal);
        Assert.Contains("exists already", Refusal(() => DiskImage.Create(image, SmallBytes, [])), StringComparison.Ordinal);
        string nonsense = Path.Combine(_folder, "nonsense");
        System.IO.File.WriteAllBytes(nonsense, new byte[SmallBytes]);
        Assert.Contains("no Aurora disk image", Refusal(() => DiskImage.List(nonsense, "/", recursive: false)), StringComparison.Ordinal);
        using FileStream holder = new(image, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Contains("in use", Refusal(() => DiskImage.List(image, "/", recursive: false)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_finds_a_whole_image_whole_and_a_damaged_one_damaged()
    {
        byte[] data = new byte[100_000];
        new Random(3).NextBytes(data);
        string image = Create(new RootEntry { Path = "/data", Kind = RootEntryKind.File, Open = () => new MemoryStream(data) });
        ImageReport whole = DiskImage.Check(image);
        Assert.Empty(whole.Faults);
        Assert.True(whole.LastSequence > 0);
        Assert.Single(DiskImage.History(image));
        Assert.Equal(0, DiskImage.LiveProcesses(image));

        byte[] bytes = System.IO.File.ReadAllBytes(image);
        bytes[bytes.AsSpan().IndexOf(data.AsSpan(4096, 64)) + 7] ^= 1;
        System.IO.File.WriteAllBytes(image, bytes);
        Assert.Contains("checksum", Assert.Single(DiskImage.Check(image).Faults), StringComparison.Ordinal);
        Assert.Throws<ImageException>(() => Cat(image, "/data"));
    }

    [Fact]
    public void An_interrupted_creation_leaves_no_image()
    {
        string image = Path.Combine(_folder, "broken.img");
        Assert.Throws<InvalidDataException>(() => DiskImage.Create(image, SmallBytes, Failing()));
        Assert.Empty(Directory.GetFiles(_folder, "broken*"));

        static IEnumerable<RootEntry> Failing()
        {
            yield return File("/one", "1");
            throw new InvalidDataException("the source broke off");
        }
    }

    [Fact]
    public void A_large_tree_takes_several_checkpoints()
    {
        byte[] block = new byte[20 << 20];
        new Random(2).NextBytes(block);
        string image = Path.Combine(_folder, "large.img");
        DiskImage.Create(image, 512L << 20, Enumerable.Range(0, 4).Select(number => new RootEntry { Path = $"/f{number}", Kind = RootEntryKind.File, Open = () => new MemoryStream(block) }));
        Assert.Equal(block, Cat(image, "/f3"));
    }

    private string Create(params RootEntry[] entries)
    {
        string image = Path.Combine(_folder, "test.img");
        DiskImage.Create(image, SmallBytes, entries);
        return image;
    }

    private static byte[] Cat(string image, string path)
    {
        using var stream = new MemoryStream();
        DiskImage.Cat(image, path, stream);
        return stream.ToArray();
    }

    private static string Refusal(Action action) => Assert.Throws<ImageException>(action).Message;

    private static RootEntry Folder(string path) => new() { Path = path, Kind = RootEntryKind.Directory };

    private static RootEntry File(string path, string text)
        => new() { Path = path, Kind = RootEntryKind.File, Open = () => new MemoryStream(Encoding.UTF8.GetBytes(text)) };
}
