using System;
using System.Linq;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>What mappings answer: rights, residence, advice about forks, gaps, locked memory, remapping.</summary>
public sealed unsafe class MemoryAnswerTests : IDisposable
{
    private const ulong At = 0x10_0000_0000;
    private const ulong Page = 4096;
    private const ulong Private = 0x32;
    private const ulong Shared = 0x11;
    private const ulong DontNeed = 4;
    private const ulong DontFork = 10;
    private const ulong DoFork = 11;
    private const ulong WipeOnFork = 18;
    private const ulong KeepOnFork = 19;

    private readonly Answers _answers = new();

    public void Dispose() => _answers.Dispose();

    private Thread* Init => _answers.Init;

    private void Map(ulong address, ulong pages, ulong protection = 3, ulong flags = Private, ulong file = ulong.MaxValue)
        => Assert.Equal((long)address, _answers.Call(9, address, pages * Page, protection, flags, file, 0));

    private static long Error(Errno error) => Answers.Error(error);

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/f")]
    public void A_shared_mapping_of_what_was_opened_for_reading_cannot_be_made_writable(string path)
    {
        _answers.Kernel.WriteFile("/f", new byte[8192], 0x81B6);
        ulong file = _answers.Open(path, 0);
        Map(At, 1, 1, Shared, file);
        _answers.Move();
        Assert.Equal(Error(Errno.EACCES), _answers.Call(10, At, Page, 3));
        Assert.Equal(0, _answers.Call(10, At, Page, 5));
        Assert.Equal(Error(Errno.EACCES), _answers.Call(9, At, Page, 3, Shared, file, 0));
        Map(At, 1, 1, 0x12, file);
        Assert.Equal(0, _answers.Call(10, At, Page, 3));
    }

    [Fact]
    public void Only_pages_that_are_there_are_resident()
    {
        Map(At, 4);
        Assert.Equal(0, _answers.Call(27, At, 4 * Page, Answers.Data));
        Assert.Equal("\0\0\0\0", _answers.Peek(Answers.Data, 4));
        _answers.Kernel.Poke(Init, At + Page, 1UL);
        _answers.Kernel.Peek<ulong>(Init, At + (3 * Page));
        Assert.Equal(0, _answers.Call(27, At, (4 * Page) - 1, Answers.Data));
        Assert.Equal("\0\u0001\0\u0001", _answers.Peek(Answers.Data, 4));
        Assert.Equal(Error(Errno.ENOMEM), _answers.Call(27, At, 5 * Page, Answers.Data));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(27, At + 1, Page, Answers.Data));
        Assert.Equal(Error(Errno.EFAULT), _answers.Call(27, At, Page, Answers.Nowhere));
        Assert.Equal(0, _answers.Call(27, At, 0, Answers.Data));
        _answers.Kernel.WriteFile("/f", new byte[8192], 0x81B6);
        Map(At + (8 * Page), 2, 1, Shared, _answers.Open("/f"));
        Assert.Equal(0, _answers.Call(27, At + (8 * Page), 2 * Page, Answers.Data));
        Assert.Equal("\u0001\u0001", _answers.Peek(Answers.Data, 2));
    }

    [Fact]
    public void A_fork_leaves_out_and_wipes_what_it_was_told_to()
    {
        Map(At, 6);
        for (ulong i = 0; i < 6; i++)
            _answers.Kernel.Poke(Init, At + (i * Page), 100 + i);
        Assert.Equal(0, _answers.Call(28, At + Page, Page, DontFork));
        Assert.Equal(0, _answers.Call(28, At + (3 * Page), 2 * Page, WipeOnFork));
        Assert.Equal(0, _answers.Call(28, At + (4 * Page), Page, KeepOnFork));
        _answers.Move();
        Thread* child = _answers.Kernel.Fork(Init);
        Assert.Equal((100UL, 102UL, 0UL), (Peek(child, 0), Peek(child, 2), Peek(child, 3)));
        Assert.Equal((104UL, 105UL), (Peek(child, 4), Peek(child, 5)));
        Assert.Equal(Error(Errno.ENOMEM), _answers.Kernel.Call(child, 27, At + Page, Page, Answers.Data));
        Assert.Equal((101UL, 103UL), (Peek(Init, 1), Peek(Init, 3)));
        // The child's own child starts with zeroes again.
        _answers.Kernel.Poke(child, At + (3 * Page), 7UL);
        Assert.Equal(0UL, Peek(_answers.Kernel.Fork(child), 3));
        Assert.Equal(7UL, Peek(child, 3));
        Assert.Equal(0, _answers.Call(28, At + Page, Page, DoFork));
        Assert.Equal(101UL, Peek(_answers.Kernel.Fork(Init), 1));
        Assert.Equal(0, _answers.Call(28, At, 6 * Page, KeepOnFork));
        Assert.Equal(103UL, Peek(_answers.Kernel.Fork(Init), 3));
    }

    private ulong Peek(Thread* thread, ulong page) => _answers.Kernel.Peek<ulong>(thread, At + (page * Page));

    [Fact]
    public void Only_private_memory_without_a_file_is_wiped()
    {
        _answers.Kernel.WriteFile("/f", new byte[8192], 0x81B6);
        ulong file = _answers.Open("/f");
        Map(At, 1, 3, 0x12, file);
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(28, At, Page, WipeOnFork));
        Map(At, 1, 3, 0x31);
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(28, At, Page, WipeOnFork));
        Assert.Equal(0, _answers.Call(28, At, Page, DontFork));
        Assert.Equal(Error(Errno.ENOMEM), _answers.Call(28, At, 2 * Page, DontFork));
    }

    [Fact]
    public void Advice_goes_over_gaps_and_tells_of_them()
    {
        Map(At, 1);
        Map(At + (2 * Page), 1);
        _answers.Kernel.Poke(Init, At, 1UL);
        _answers.Kernel.Poke(Init, At + (2 * Page), 2UL);
        Assert.Equal(Error(Errno.ENOMEM), _answers.Call(28, At, 3 * Page, DontNeed));
        Assert.Equal((0UL, 0UL), (Peek(Init, 0), Peek(Init, 2)));
        Assert.Equal(Error(Errno.ENOMEM), _answers.Call(28, At, 3 * Page, DontFork));
        Thread* child = _answers.Kernel.Fork(Init);
        Assert.Equal(Error(Errno.ENOMEM), _answers.Kernel.Call(child, 27, At, Page, Answers.Data));
        Assert.Equal(Error(Errno.ENOMEM), _answers.Kernel.Call(child, 27, At + (2 * Page), Page, Answers.Data));
    }

    [Fact]
    public void A_private_page_of_a_file_shows_the_file_until_it_is_written_and_after_it_is_given_up()
    {
        _answers.Kernel.WriteFile("/f", Enumerable.Repeat((byte)'a', 8192).ToArray(), 0x81B6);
        ulong file = _answers.Open("/f");
        Map(At, 2, 3, 0x12, file);
        _answers.Kernel.Poke(Init, At, (byte)'p');
        _answers.Write(file, "new");
        _answers.Call(18, file, _answers.Kernel.PokeText(Init, Answers.Data, "later"), 5, Page);
        _answers.Move();
        Assert.Equal("paa", _answers.Peek(At, 3));
        Assert.Equal("later", _answers.Peek(At + Page, 5));
        Assert.Equal(0, _answers.Call(28, At, Page, DontNeed));
        Assert.Equal("new", _answers.Peek(At, 3));
    }

    [Fact]
    public void Locked_memory_has_a_limit_for_users()
    {
        Map(At, 64);
        _answers.BecomeUser();
        SetLimit(16 * Page);
        Assert.Equal(0, _answers.Call(149, At, 8 * Page));
        Assert.Equal(Error(Errno.ENOMEM), _answers.Call(149, At + (8 * Page), 9 * Page));
        // What is locked already does not count again.
        Assert.Equal(0, _answers.Call(149, At, 16 * Page));
        _answers.Move();
        Assert.Equal(Error(Errno.ENOMEM), _answers.Call(149, At + (16 * Page), Page));
        Assert.Equal(Error(Errno.EAGAIN), _answers.Call(9, At + (100 * Page), Page, 3, Private | 0x2000, ulong.MaxValue, 0));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(28, At, Page, DontNeed));
        Assert.Equal(0, _answers.Call(150, At, Page));
        Assert.Equal(0, _answers.Call(28, At, Page, DontNeed));
        Assert.Equal(0, _answers.Call(149, At + (16 * Page), Page));
        Assert.Equal(Error(Errno.EAGAIN), _answers.Call(25, At + (16 * Page), Page, 2 * Page, 1));
        Thread* child = _answers.Kernel.Fork(Init);
        Assert.Equal(0L, _answers.Kernel.Call(child, 149, At, 16 * Page));
        Assert.Equal(Error(Errno.ENOMEM), _answers.Call(151, 1));
        Assert.Equal(0, _answers.Call(152));
        Assert.Equal(0, _answers.Call(149, At + (40 * Page), 16 * Page));
        Assert.Equal(0, _answers.Call(152));
        SetLimit(0);
        Assert.Equal(Error(Errno.EPERM), _answers.Call(149, At, Page));
        Assert.Equal(Error(Errno.EPERM), _answers.Call(151, 1));
        Assert.Equal(Error(Errno.EPERM), _answers.Call(9, At + (100 * Page), Page, 3, Private | 0x2000, ulong.MaxValue, 0));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(151, 0));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(151, 4));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(325, At, Page, 2));
    }

    private void SetLimit(ulong bytes)
    {
        _answers.Kernel.Poke(Init, Answers.Words, bytes);
        _answers.Kernel.Poke(Init, Answers.Words + 8, 32 * Page);
        Assert.Equal(0, _answers.Call(160, 8, Answers.Words));
    }

    [Fact]
    public void Who_locks_the_future_is_limited_in_what_he_maps()
    {
        _answers.BecomeUser();
        SetLimit(16 * Page);
        Assert.Equal(0, _answers.Call(151, 2));
        _answers.Move();
        Map(At, 16);
        Assert.Equal(Error(Errno.EAGAIN), _answers.Call(9, At + (100 * Page), Page, 3, Private, ulong.MaxValue, 0));
        Assert.Equal(0, _answers.Call(152));
        Map(At + (100 * Page), 1);
    }

    [Fact]
    public void Mremap_refuses_what_Linux_refuses_and_leaves_the_old_place_empty_when_asked_to()
    {
        const ulong MayMove = 1;
        const ulong DontUnmap = 4;
        Map(At, 2);
        _answers.Kernel.Poke(Init, At, 5UL);
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(25, At, 2 * Page, 2 * Page, DontUnmap));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(25, At, 2 * Page, 3 * Page, MayMove | DontUnmap));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(25, At, 2 * Page, 2 * Page, MayMove | DontUnmap, 77));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(25, At, 2 * Page, 2 * Page, MayMove | DontUnmap | 8));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(25, At, 2 * Page, 2 * Page, 2, At + (20 * Page)));
        ulong moved = (ulong)_answers.Call(25, At, 2 * Page, 2 * Page, MayMove | DontUnmap, 0);
        Assert.Equal((5UL, 0UL), (_answers.Kernel.Peek<ulong>(Init, moved), Peek(Init, 0)));
        Assert.Equal((long)(At + (20 * Page)), _answers.Call(25, moved, Page, Page, MayMove | DontUnmap | 2, At + (20 * Page)));
        Assert.Equal((5UL, 0UL), (Peek(Init, 20), _answers.Kernel.Peek<ulong>(Init, moved)));
        _answers.Kernel.WriteFile("/f", Enumerable.Repeat((byte)'a', 8192).ToArray(), 0x81B6);
        Map(At, 2, 3, 0x12, _answers.Open("/f"));
        _answers.Kernel.Poke(Init, At, (byte)'p');
        moved = (ulong)_answers.Call(25, At, 2 * Page, 2 * Page, MayMove | DontUnmap, 0);
        Assert.Equal(("pa", "aa"), (_answers.Peek(moved, 2), _answers.Peek(At, 2)));
    }

    [Fact]
    public void Remap_file_pages_shows_other_pages_of_the_same_file()
    {
        byte[] bytes = Enumerable.Range(0, 4 * 4096).Select(i => (byte)('a' + (i / 4096))).ToArray();
        _answers.Kernel.WriteFile("/f", bytes, 0x81B6);
        Map(At, 3, 3, Shared, _answers.Open("/f"));
        Assert.Equal(0, _answers.Call(216, At, Page, 0, 3, 0));
        Assert.Equal(("d", "b"), (_answers.Peek(At, 1), _answers.Peek(At + Page, 1)));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(216, At, Page, 1, 2, 0));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(216, At, 0, 0, 2, 0));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(216, At + (8 * Page), Page, 0, 2, 0));
        Map(At + (8 * Page), 1);
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(216, At + (8 * Page), Page, 0, 2, 0));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(216, At + Page, 4 * Page, 0, 0, 0));
    }
}
