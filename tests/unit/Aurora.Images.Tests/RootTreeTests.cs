// A tree as an ordinary system has it, from a folder and from an archive of it: every kind of file arrives as what it was.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

public sealed class RootTreeTests : IDisposable
{
    private const long SparseBytes = 64L << 20;
    private const long OddNanoseconds = 1_577_836_800_123_456_789;

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    // Its name goes with it.
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public void Dispose()
    {
        _socket.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "")]
    [InlineData(true, "z")]
    public void Every_kind_of_file_arrives_as_what_it_was(bool packed, string compression)
    {
        string tree = BuildTree();
        string image = Path.Combine(_folder, "disk.img");
        IReadOnlyDictionary<string, int> leftOut = DiskImage.Create(
            image, 256L << 20, packed ? TarRoot.Read(Pack(tree, compression)) : DirectoryRoot.Read(tree));

        Dictionary<string, ImageEntry> entries = DiskImage.List(image, "/", recursive: true).ToDictionary(entry => entry.Path);
        Assert.Equal("prw-r-----", entries["/run/fifo"].ModeText);
        Assert.DoesNotContain("/run/socket", entries.Keys);
        if (!packed) // tar leaves sockets out itself
            Assert.Equal(2, leftOut["socket"]);
        Assert.Equal("-rwsr-sr-x", entries["/bin/su"].ModeText);
        Assert.Equal(2u, entries["/bin/su"].Links);
        Assert.Equal(entries["/bin/su"] with { Path = "/bin/su2" }, entries["/bin/su2"]);
        Assert.Equal("drwxrwxrwt", entries["/tmp"].ModeText);
        Assert.Equal((ulong)SparseBytes, entries["/var/sparse"].Size);
        Assert.Equal("the end", ReadEnd(image));
        if (Environment.IsPrivilegedProcess)
            Assert.Equal(
                ("brw-r-----", 7u, 8u), (entries["/dev/disk"].ModeText, entries["/dev/disk"].UserId, entries["/dev/disk"].GroupId));
        Assert.Equal("crw-rw-rw-", entries["/dev/null"].ModeText);
        Assert.Empty(DiskImage.Check(image).Faults);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Times_devices_and_holes_are_read_exactly(bool packed)
    {
        string tree = BuildTree();
        var entries = new Dictionary<string, RootEntry>();
        foreach (RootEntry entry in packed ? TarRoot.Read(Pack(tree, "")) : DirectoryRoot.Read(tree))
        {
            entries.Add(entry.Path, entry);
            if (entry.Path != "/var/sparse")
                continue;
            using Stream contents = entry.Open!();
            FileLayout layout = entry.Layout!(contents);
            Assert.Equal(SparseBytes, layout.Bytes);
            Assert.InRange(layout.Runs.Sum(run => run.Bytes), 7, 1 << 20);
        }
        Assert.Equal(OddNanoseconds, entries["/bin/su"].ModifiedNanoseconds);
        Assert.Equal(packed ? RootEntryKind.Fifo : RootEntryKind.Socket, entries[packed ? "/run/fifo" : "/run/socket"].Kind);
        if (Environment.IsPrivilegedProcess)
            Assert.Equal((259u, 1_000u), entries["/dev/disk"].Device);
    }

    [Fact]
    public void A_mounted_file_system_below_the_folder_stays_outside()
    {
        RootEntry mount = DirectoryRoot.Read("/").TakeWhile(entry => entry.Path != "/proc/1").First(entry => entry.Path == "/proc");
        Assert.Equal("mounted file system", mount.LeftOut);
    }

    [Theory]
    [InlineData("1\n0\n512\n", 100)] // more data than the file has
    [InlineData("2\n0\n512\n0\n512\n", 4096)] // runs that overlap
    [InlineData("x\n", 100)]
    [InlineData("99999999999999999999\n", 100)]
    [InlineData("-1\n", 100)]
    [InlineData("1\n0\n", 100)]
    public void A_map_of_holes_that_makes_no_sense_is_refused(string map, long bytes)
    {
        string archive = Path.Combine(_folder, "bad.tar");
        var attributes = new Dictionary<string, string>
        {
            ["GNU.sparse.major"] = "1",
            ["GNU.sparse.minor"] = "0",
            ["GNU.sparse.name"] = "odd",
            ["GNU.sparse.realsize"] = bytes.ToString(CultureInfo.InvariantCulture),
        };
        using (FileStream file = File.Create(archive))
        using (var writer = new TarWriter(file))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "GNUSparseFile.0/odd", attributes)
            {
                DataStream = new MemoryStream(Encoding.ASCII.GetBytes(map)),
            });
        string image = Path.Combine(_folder, "d.img");
        ImageException failure = Assert.Throws<ImageException>(() => DiskImage.Create(image, 64L << 20, TarRoot.Read(archive)));
        Assert.Contains("odd", failure.Message, StringComparison.Ordinal);
    }

    private string BuildTree()
    {
        string tree = Path.Combine(_folder, "tree");
        foreach (string folder in (string[])["bin", "run", "tmp", "var", "dev"])
            Directory.CreateDirectory(Path.Combine(tree, folder));
        File.SetUnixFileMode(Path.Combine(tree, "tmp"), (UnixFileMode)0x3FF);
        string su = Path.Combine(tree, "bin/su");
        File.WriteAllText(su, "program");
        Shell($"ln {su} {su}2; touch -d 2020-01-01T00:00:00.123456789Z {su}; chmod 6755 {su}; mkfifo -m 640 {tree}/run/fifo");
        if (Environment.IsPrivilegedProcess)
            Shell($"mknod -m 640 {tree}/dev/disk b 259 1000; chown 7:8 {tree}/dev/disk; mknod -m 666 {tree}/dev/null c 1 3");
        using (FileStream sparse = File.Create(Path.Combine(tree, "var/sparse")))
        {
            sparse.Position = SparseBytes - 7;
            sparse.Write("the end"u8);
        }
        _socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(tree, "run/socket")));
        Shell($"ln {tree}/run/socket {tree}/run/socket2");
        return tree;
    }

    private string Pack(string tree, string compression)
    {
        string archive = Path.Combine(_folder, "tree.tar");
        Shell($"tar -C {tree} -c{compression}f {archive} --format=posix --sparse --numeric-owner . 2>&1");
        return archive;
    }

    private static string ReadEnd(string image)
    {
        using var contents = new MemoryStream();
        DiskImage.Cat(image, "/var/sparse", contents);
        return Encoding.ASCII.GetString(contents.ToArray()[^7..]);
    }

    private static void Shell(string command)
    {
        using Process shell = Process.Start("/bin/sh", ["-ec", command]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
