using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Linux.Files;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Tests.Files;
using Xunit;

namespace Aurora.Linux.Tests.Files;

public sealed unsafe class FileCallTests : IDisposable
{
    private const ulong Buffer = CallWorld.Memory;
    private const ulong Here = unchecked((ulong)FileCall.CurrentDirectory);

    private readonly CallWorld _calls = new();

    public void Dispose() => _calls.Dispose();

    private static long Error(Errno error) => -(long)error;

    private long Write(long descriptor, string text)
    {
        _calls.Poke(Buffer, Encoding.UTF8.GetBytes(text));
        return _calls.Call(1, (ulong)descriptor, Buffer, (ulong)text.Length);
    }

    private string Read(long descriptor, int count)
    {
        long read = _calls.Call(0, (ulong)descriptor, Buffer, (ulong)count);
        Assert.InRange(read, 0, count);
        return Encoding.UTF8.GetString(_calls.Peek(Buffer, (int)read));
    }

    [Fact]
    public void Open_creates_truncates_and_refuses_as_asked()
    {
        long file = _calls.Open("/new", OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.ReadWrite);
        Assert.Equal(0, file);
        Assert.Equal(5, Write(file, "hello"));
        Assert.Equal(Error(Errno.EEXIST), _calls.Open("/new", OpenFlags.Create | OpenFlags.Exclusive));
        Assert.Equal(0x1B6u & ~0x12u, _calls.World.At("/new")->Mode & 0xFFF);
        Assert.Equal(1, _calls.Open("/new", OpenFlags.ReadOnly));
        Assert.Equal(Error(Errno.EBADF), Write(1, "x"));
        Assert.Equal("hello", Read(1, 10));
        Assert.Equal(2, _calls.Open("/new", OpenFlags.WriteOnly | OpenFlags.Truncate));
        Assert.Equal(0u, _calls.World.At("/new")->Size);
        Assert.Equal(Error(Errno.EISDIR), _calls.Open("/dev", OpenFlags.WriteOnly));
        Assert.Equal(Error(Errno.EISDIR), _calls.Open("/nodir/", OpenFlags.WriteOnly | OpenFlags.Create));
        Assert.Equal(Error(Errno.ENOTDIR), _calls.Open("/new", OpenFlags.Directory));
        Assert.Equal(Error(Errno.ENOENT), _calls.Open("/nope", OpenFlags.ReadOnly));
        _calls.World.Build.MakeLink("/link"u8, "new"u8);
        Assert.Equal(Error(Errno.ELOOP), _calls.Open("/link", OpenFlags.NoFollow));
        Assert.Equal(3, _calls.Open("/link", OpenFlags.NoFollow | OpenFlags.Path));
        Assert.Equal(Error(Errno.EBADF), _calls.Call(0, 3, Buffer, 1));
        Assert.Equal(3, _calls.Call(267, 3, _calls.Path(""), Buffer, 100));
        _calls.World.Build.MakeLink("/dangling"u8, "made"u8);
        Assert.Equal(4, _calls.Open("/dangling", OpenFlags.Create | OpenFlags.ReadWrite));
        Assert.True(_calls.World.Exists("/made"));
        Assert.Equal(0, _calls.Call(3, 1));
        Assert.Equal(Error(Errno.EBADF), _calls.Call(3, 1));
        Assert.Equal(1, _calls.Open("/tmp", OpenFlags.TemporaryFile | OpenFlags.ReadWrite));
    }

    [Fact]
    public void The_descriptor_limit_is_EMFILE_and_leaves_nothing_behind()
    {
        _calls.World.Process->Limits[Posix.Processes.Resource.OpenFiles] = new Posix.Processes.ResourceLimit(3, 3);
        for (int i = 0; i < 3; i++)
            Assert.Equal(i, _calls.Open("/dev/null", 0));
        int objects = _calls.World.Tracker.Count;
        Assert.Equal(Error(Errno.EMFILE), _calls.Open("/dev/null", 0));
        Assert.Equal(Error(Errno.EMFILE), _calls.Call(22, Buffer));
        Assert.Equal(Error(Errno.EMFILE), _calls.Call(32, 0));
        Assert.Equal(objects, _calls.World.Tracker.Count);
    }

    [Fact]
    public void Vectors_and_positions()
    {
        long file = _calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        _calls.Poke(Buffer + 1000, "onetwothree"u8);
        ulong vectors = Buffer + 2000;
        _calls.Poke(vectors, new UserVector { Address = new(Buffer + 1000), Length = 3 });
        _calls.Poke(vectors + 16, new UserVector { Address = new(Buffer + 1), Length = 0 });
        _calls.Poke(vectors + 32, new UserVector { Address = new(Buffer + 1003), Length = 8 });
        Assert.Equal(11, _calls.Call(20, (ulong)file, vectors, 3));
        Assert.Equal(3, _calls.Call(18, (ulong)file, Buffer + 1003, 3, 100));
        Assert.Equal(103u, _calls.World.At("/f")->Size);
        Assert.Equal(11, _calls.Call(8, (ulong)file, 0, 1));
        Assert.Equal(5, _calls.Call(17, (ulong)file, Buffer, 5, 3));
        Assert.Equal("twoth"u8.ToArray(), _calls.Peek(Buffer, 5));
        _calls.Poke(vectors, new UserVector { Address = new(Buffer), Length = 2 });
        _calls.Poke(vectors + 32, new UserVector { Address = new(Buffer + 2), Length = 200 });
        Assert.Equal(103, _calls.Call(295, (ulong)file, vectors, 3, 0));
        Assert.Equal("onetwothree"u8.ToArray(), _calls.Peek(Buffer, 11));
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(20, (ulong)file, vectors, 1025));
        _calls.Poke(vectors, new UserVector { Address = new(Buffer), Length = ulong.MaxValue });
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(20, (ulong)file, vectors, 1));
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(17, (ulong)file, Buffer, 5, ulong.MaxValue));
        Assert.Equal(Error(Errno.ESPIPE), PipeSeek());
    }

    private long PipeSeek()
    {
        Assert.Equal(0, _calls.Call(22, Buffer));
        return _calls.Call(8, _calls.Peek<uint>(Buffer), 0, 0);
    }

    [Fact]
    public void Bad_pointers_are_EFAULT_and_change_nothing()
    {
        long file = _calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        Write(file, "contents");
        ulong readOnly = CallWorld.Memory + (2 * CallWorld.MemoryBytes);
        foreach (ulong bad in new ulong[] { 0, 1, 0x7FFF_FFFF_F000, ulong.MaxValue, 0xFFFF_FFFF_8000_0000, 0x8000_0000_0000 })
        {
            Assert.Equal(Error(Errno.EFAULT), _calls.Call(1, (ulong)file, bad, 10));
            Assert.Equal(Error(Errno.EFAULT), _calls.Call(17, (ulong)file, bad, 8, 0));
            Assert.Equal(Error(Errno.EFAULT), _calls.Call(2, bad, 0));
            Assert.Equal(Error(Errno.EFAULT), _calls.Call(5, (ulong)file, bad));
            Assert.Equal(Error(Errno.EFAULT), _calls.Call(22, bad));
            Assert.Equal(Error(Errno.EFAULT), _calls.Call(20, (ulong)file, bad, 1));
            Assert.Equal(Error(Errno.EFAULT), _calls.Call(79, bad, 100));
        }
        Assert.Equal(Error(Errno.EFAULT), _calls.Call(17, (ulong)file, readOnly, 8, 0));
        Assert.Equal(8u, _calls.World.At("/f")->Size);
        Assert.Equal(1, _calls.World.Table->OpenCount);
        // The memory ends in the middle of the buffer: a step that cannot be done whole is not begun.
        ulong end = CallWorld.Memory + CallWorld.MemoryBytes;
        Assert.Equal(Error(Errno.EFAULT), _calls.Call(18, (ulong)file, end - 8, 100, 50));
        Assert.Equal(8u, _calls.World.At("/f")->Size);
    }

    [Fact]
    public void Stat_tells_what_the_inode_is()
    {
        long file = _calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite, 0x1FF);
        Write(file, "12345");
        Assert.Equal(0, _calls.Call(4, _calls.Path("/f"), Buffer));
        LinuxStat stat = _calls.Peek<LinuxStat>(Buffer);
        Assert.Equal((5L, 1UL, 0x81EDu, 8L), (stat.Size, stat.Links, stat.Mode, stat.Blocks));
        Assert.Equal(0, _calls.Call(262, (ulong)file, _calls.Path(""), Buffer, FileCall.EmptyPath));
        Assert.Equal(stat.Inode, _calls.Peek<LinuxStat>(Buffer).Inode);
        Assert.Equal(0, _calls.Call(332, Here, _calls.Path("/dev/null"), 0, 0xFFF, Buffer));
        LinuxStatx statx = _calls.Peek<LinuxStatx>(Buffer);
        Assert.Equal((1u, 3u, (ushort)0x21B6), (statx.SpecialDeviceMajor, statx.SpecialDeviceMinor, statx.Mode));
        Assert.Equal(0, _calls.Call(280, (ulong)file, 0, Times(-1, 5, 7, LinuxTimestamp.Omit), 0));
        Assert.Equal(0, _calls.Call(5, (ulong)file, Buffer));
        LinuxStat after = _calls.Peek<LinuxStat>(Buffer);
        Assert.Equal((-1L, 5L), (after.AccessTime.Seconds, after.AccessTime.Nanoseconds));
        Assert.Equal(stat.ModifyTime.Seconds, after.ModifyTime.Seconds);
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(280, (ulong)file, 0, Times(0, 1_000_000_000, 0, 0), 0));
    }

    private ulong Times(long accessSeconds, long accessNanoseconds, long modifySeconds, long modifyNanoseconds)
    {
        _calls.Poke(Buffer + 500, new LinuxTimestamp { Seconds = accessSeconds, Nanoseconds = accessNanoseconds });
        _calls.Poke(Buffer + 516, new LinuxTimestamp { Seconds = modifySeconds, Nanoseconds = modifyNanoseconds });
        return Buffer + 500;
    }

    [Theory]
    [InlineData(217)]
    [InlineData(78)]
    public void Getdents_lists_everything_once_whatever_the_buffer(uint number)
    {
        _calls.Call(83, _calls.Path("/d"), 0x1FF);
        for (int i = 0; i < 40; i++)
            _calls.Call(3, (ulong)_calls.Open($"/d/{new string('n', i * 6)}{i}", OpenFlags.Create));
        long directory = _calls.Open("/d", OpenFlags.Directory);
        foreach (int size in new[] { 280, 1000, 30_000 })
        {
            Assert.Equal(0, _calls.Call(8, (ulong)directory, 0, 0));
            var names = new List<string>();
            while (true)
            {
                long used = _calls.Call(number, (ulong)directory, Buffer, (ulong)size);
                Assert.InRange(used, 0, size);
                if (used == 0)
                    break;
                Collect(_calls.Peek(Buffer, (int)used), number == 217 ? 19 : 18, names);
            }
            Assert.Equal(42, names.Count);
            Assert.Equal([".", ".."], names.Take(2));
            Assert.Equal(42, names.Distinct().Count());
        }
        Assert.Equal(0, _calls.Call(8, (ulong)directory, 0, 0));
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(number, (ulong)directory, Buffer, 10));
        Assert.Equal(Error(Errno.ENOTDIR), _calls.Call(number, (ulong)_calls.Open("/dev/null", 0), Buffer, 1000));
    }

    private static void Collect(byte[] records, int nameOffset, List<string> names)
    {
        for (int at = 0; at < records.Length; at += BitConverter.ToUInt16(records, at + 16))
            names.Add(Encoding.UTF8.GetString(records.AsSpan(at + nameOffset, records.AsSpan(at + nameOffset).IndexOf((byte)0))));
    }

    [Fact]
    public void Names_are_made_moved_and_removed()
    {
        Assert.Equal(0, _calls.Call(83, _calls.Path("/d/"), 0x1FF));
        Assert.Equal(Error(Errno.EEXIST), _calls.Call(83, _calls.Path("/d"), 0x1FF));
        Assert.Equal(0, _calls.Call(80, _calls.Path("d")));
        Assert.Equal(3, _calls.Call(79, Buffer, 100));
        Assert.Equal("/d\0"u8.ToArray(), _calls.Peek(Buffer, 3));
        Assert.Equal(Error(Errno.ERANGE), _calls.Call(79, Buffer, 2));
        _calls.Open("f", OpenFlags.Create);
        Assert.Equal(0, _calls.Call(86, _calls.Path("f"), _calls.Path("g", 1)));
        Assert.Equal(0, _calls.Call(88, _calls.Path("f"), _calls.Path("s", 1)));
        Assert.Equal(1, _calls.Call(89, _calls.Path("s"), Buffer, 100));
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(89, _calls.Path("f"), Buffer, 100));
        Assert.Equal(0, _calls.Call(82, _calls.Path("g"), _calls.Path("/h", 1)));
        Assert.Equal(Error(Errno.EEXIST), _calls.Call(316, Here, _calls.Path("/h"), Here, _calls.Path("f", 1), 1));
        Assert.Equal(Error(Errno.EBUSY), _calls.Call(82, _calls.Path("."), _calls.Path("/x", 1)));
        Assert.Equal(Error(Errno.EISDIR), _calls.Call(87, _calls.Path("/d")));
        Assert.Equal(Error(Errno.ENOTEMPTY), _calls.Call(84, _calls.Path("/d")));
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(84, _calls.Path("/d/.")));
        Assert.Equal(Error(Errno.EBUSY), _calls.Call(84, _calls.Path("/")));
        Assert.Equal(0, _calls.Call(87, _calls.Path("f")));
        Assert.Equal(0, _calls.Call(87, _calls.Path("s")));
        Assert.Equal(0, _calls.Call(263, Here, _calls.Path("/d"), 0x200));
        Assert.Equal(Error(Errno.ENOENT), _calls.Call(79, Buffer, 100));
        Assert.Equal(1u, _calls.World.At("/h")->LinkCount);
    }

    [Fact]
    public void Without_privilege_ownership_rules_hold()
    {
        _calls.Open("/tmp/mine", OpenFlags.Create);
        _calls.World.ActAs(1000, 1000);
        Assert.Equal(Error(Errno.EPERM), _calls.Call(90, _calls.Path("/tmp/mine"), 0x1FF));
        Assert.Equal(Error(Errno.EPERM), _calls.Call(92, _calls.Path("/tmp/mine"), 1000, 1000));
        Assert.Equal(Error(Errno.EACCES), _calls.Open("/tmp/mine", OpenFlags.WriteOnly));
        Assert.Equal(Error(Errno.EACCES), _calls.Open("/here", OpenFlags.Create | OpenFlags.WriteOnly));
        Assert.Equal(Error(Errno.EPERM), _calls.Call(133, _calls.Path("/tmp/dev"), 0x21B6, 0x103));
        Assert.Equal(0, _calls.Call(133, _calls.Path("/tmp/fifo"), 0x11B6, 0));
        Assert.Equal(0, _calls.Call(90, _calls.Path("/tmp/fifo"), 0x1C0));
        Assert.Equal(Error(Errno.EPERM), _calls.Call(92, _calls.Path("/tmp/fifo"), 5, uint.MaxValue));
        Assert.Equal(0, _calls.Call(92, _calls.Path("/tmp/fifo"), uint.MaxValue, 1000));
        Assert.Equal(Error(Errno.EPERM), _calls.Call(161, _calls.Path("/tmp")));
        Assert.Equal(Error(Errno.EACCES), _calls.Call(21, _calls.Path("/tmp/mine"), 2));
        Assert.Equal(0, _calls.Call(21, _calls.Path("/tmp/mine"), 4));
    }

    [Fact]
    public void Writing_without_readers_raises_SIGPIPE()
    {
        _calls.Call(22, Buffer);
        uint reader = _calls.Peek<uint>(Buffer);
        uint writer = _calls.Peek<uint>(Buffer + 4);
        _calls.Call(3, reader);
        Assert.Equal(Error(Errno.EPIPE), Write(writer, "x"));
        Assert.True(_calls.IsPending(Signal.SIGPIPE));
    }

    [Fact]
    public void Fcntl_duplicates_and_keeps_flags_apart()
    {
        long file = _calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite | OpenFlags.CloseOnExec | OpenFlags.Append);
        Assert.Equal(1, _calls.Call(72, (ulong)file, 1, 0));
        Assert.Equal(10, _calls.Call(72, (ulong)file, 0, 10));
        Assert.Equal(0, _calls.Call(72, 10, 1, 0));
        Assert.Equal(11, _calls.Call(72, (ulong)file, 1030, 10));
        Assert.Equal((long)(OpenFlags.ReadWrite | OpenFlags.Append), _calls.Call(72, 10, 3, 0));
        Assert.Equal(0, _calls.Call(72, 10, 4, OpenFlags.NonBlocking));
        Assert.Equal((long)(OpenFlags.ReadWrite | OpenFlags.NonBlocking), _calls.Call(72, (ulong)file, 3, 0));
        Assert.Equal(20, _calls.Call(33, 10, 20));
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(292, 20, 20, 0));
        Assert.Equal(0, _calls.Call(436, 10, 19, 0));
        Assert.Equal(Error(Errno.EBADF), _calls.Call(72, 11, 1, 0));
        int left = 0;
        Assert.False(_calls.World.Files.Descriptors.CloseOnExec(_calls.World.Table, ref left));
        left = 1;
        Assert.True(_calls.World.Files.Descriptors.CloseOnExec(_calls.World.Table, ref left));
        Assert.Equal(Error(Errno.EBADF), _calls.Call(72, (ulong)file, 1, 0));
        Assert.Equal(0, _calls.Call(72, 20, 1, 0));
    }

    [Fact]
    public void Copying_inside_the_kernel_moves_the_right_bytes()
    {
        byte[] contents = new byte[150_000];
        new Random(3).NextBytes(contents);
        _calls.World.WriteFile("/from", contents);
        long from = _calls.Open("/from", 0);
        long to = _calls.Open("/to", OpenFlags.Create | OpenFlags.ReadWrite);
        Assert.Equal(100_000, _calls.Call(40, (ulong)to, (ulong)from, 0, 100_000));
        _calls.Poke<ulong>(Buffer, 100_000);
        Assert.Equal(50_000, _calls.Call(40, (ulong)to, (ulong)from, Buffer, 100_000));
        Assert.Equal(150_000u, _calls.Peek<ulong>(Buffer));
        Assert.Equal(contents, _calls.World.ReadFile(_calls.World.At("/to")));
        _calls.Poke<ulong>(Buffer, 5);
        _calls.Poke<ulong>(Buffer + 8, 140_001);
        Assert.Equal(20_000, _calls.Call(326, (ulong)to, Buffer, (ulong)to, Buffer + 8, 20_000, 0));
        Assert.Equal(contents.Take(140_001).Concat(contents.Skip(5).Take(20_000)), _calls.World.ReadFile(_calls.World.At("/to")));
        Assert.Equal(Error(Errno.EINVAL), _calls.Call(326, (ulong)to, Buffer, (ulong)to, Buffer, 20_000, 0));
    }
}
