using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Aurora.Bench.Peer;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Bench.Tests;

public sealed class CpioArchiveTests
{
    [Fact]
    public void Every_kind_of_entry_is_written_padded_and_ended()
    {
        using var archive = new MemoryStream();
        CpioArchive.Write(archive,
        [
            new RootEntry { Path = "/", Kind = RootEntryKind.Directory },
            new RootEntry { Path = "/bin", Kind = RootEntryKind.Directory },
            new RootEntry { Path = "/bin/a", Kind = RootEntryKind.File, Open = () => new MemoryStream("hello"u8.ToArray()) },
            new RootEntry { Path = "/bin/b", Kind = RootEntryKind.SymbolicLink, Mode = 0x1FF, Target = "/bin/a" },
        ]);
        Assert.Equal(
            [("bin", 0x41ED, ""), ("bin/a", 0x81ED, "hello"), ("bin/b", 0xA1FF, "/bin/a"), ("TRAILER!!!", 0, "")],
            Members(archive.ToArray()));
    }

    [Fact]
    public void What_has_no_place_is_refused()
        => Assert.Throws<BenchException>(() => CpioArchive.Write(
            Stream.Null, [new RootEntry { Path = "/f", Kind = RootEntryKind.Fifo }]));

    // Reads the format as the kernel does.
    private static List<(string Name, int Mode, string Contents)> Members(byte[] archive)
    {
        var members = new List<(string, int, string)>();
        for (int at = 0; at < archive.Length;)
        {
            Assert.Equal("070701", Text(archive, at, 6));
            int Field(int index) => Convert.ToInt32(Text(archive, at + 6 + index * 8, 8), 16);
            int mode = Field(1), size = Field(6), nameSize = Field(11);
            string name = Text(archive, at + 110, nameSize - 1);
            int contents = Padded(at + 110 + nameSize);
            members.Add((name, mode, Text(archive, contents, size)));
            at = Padded(contents + size);
        }
        return members;
    }

    private static int Padded(int position) => (position + 3) & ~3;

    private static string Text(byte[] archive, int at, int count) => Encoding.ASCII.GetString(archive, at, count);
}
