using System;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>When the set-id bits go: an owner that changes, bytes that change; by whom, and of what kind of file.</summary>
public sealed unsafe class SetIdTests : IDisposable
{
    private const ulong NoId = uint.MaxValue;

    private readonly Answers _answers = new();

    public void Dispose() => _answers.Dispose();

    private void Make(string path, uint mode, uint type = InodeMode.Regular)
    {
        Assert.Equal(0, _answers.Call(133, _answers.Path(path), type | 0x1FF, type == InodeMode.CharacterDevice ? 0x103UL : 0));
        Assert.Equal(0, _answers.Call(90, _answers.Path(path), mode));
    }

    [Theory]
    [InlineData(InodeMode.Regular)]
    [InlineData(InodeMode.Fifo)]
    [InlineData(InodeMode.CharacterDevice)]
    [InlineData(InodeMode.Socket)]
    public void A_change_of_owner_takes_the_bits_of_everything_but_directories(uint type)
    {
        // Oct 06755, 06555, 06644, 02700, 04711.
        (uint Before, uint After)[] cases = [(0xDED, 0x1ED), (0xD6D, 0x16D), (0xDA4, 0x5A4), (0x5C0, 0x5C0), (0x9C9, 0x1C9)];
        for (uint i = 0; i < cases.Length; i++)
        {
            Make($"/f{i}", cases[i].Before, type);
            Assert.Equal(0, _answers.Call(92, _answers.Path($"/f{i}"), 1 + i, 1 + i));
            Assert.Equal(cases[i].After, _answers.ModeOf($"/f{i}"));
        }
        _answers.Kernel.Do(_answers.Init, 83, _answers.Path("/d"), 0x1FF);
        _answers.Kernel.Do(_answers.Init, 90, _answers.Path("/d"), 0xDED);
        _answers.Kernel.Do(_answers.Init, 92, _answers.Path("/d"), 5, 5);
        Assert.Equal(0xDEDu, _answers.ModeOf("/d"));
    }

    [Fact]
    public void A_chown_that_changes_nothing_is_for_the_owner_when_it_takes_bits()
    {
        Make("/program", 0xDED);
        Make("/plain", 0x1ED);
        Make("/own", 0xDED);
        Make("/grouped", 0x5E4);
        _answers.Kernel.Do(_answers.Init, 92, _answers.Path("/own"), Answers.User, Answers.User);
        _answers.Kernel.Do(_answers.Init, 90, _answers.Path("/own"), 0xDED);
        _answers.BecomeUser();
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(92, _answers.Path("/program"), NoId, NoId));
        Assert.Equal(0xDEDu, _answers.ModeOf("/program"));
        Assert.Equal(0, _answers.Call(92, _answers.Path("/plain"), NoId, NoId));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(92, _answers.Path("/grouped"), NoId, NoId));
        Assert.Equal(0x5E4u, _answers.ModeOf("/grouped"));
        Assert.Equal(0, _answers.Call(92, _answers.Path("/own"), NoId, NoId));
        Assert.Equal(0x1EDu, _answers.ModeOf("/own"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_write_truncation_or_hole_by_root_keeps_the_bits_and_by_others_takes_them(bool asRoot)
    {
        string[] files = ["/write", "/truncate", "/ftruncate", "/open", "/punch", "/keep", "/within", "/nothing"];
        foreach (string file in files)
        {
            Make(file, 0xDED);
            ulong made = _answers.Open(file);
            _answers.Write(made, "some bytes");
            _answers.Kernel.Do(_answers.Init, 3, made);
            _answers.Kernel.Do(_answers.Init, 92, _answers.Path(file), Answers.User, Answers.User);
            _answers.Kernel.Do(_answers.Init, 90, _answers.Path(file), 0xDED);
        }
        Make("/locking", 0x5E4);
        _answers.Kernel.Do(_answers.Init, 92, _answers.Path("/locking"), Answers.User, Answers.User);
        _answers.Kernel.Do(_answers.Init, 90, _answers.Path("/locking"), 0x5E4);
        if (!asRoot)
            _answers.BecomeUser();
        Assert.Equal(1, _answers.Write(_answers.Open("/write"), "x"));
        Assert.Equal(0, _answers.Call(76, _answers.Path("/truncate"), 5));
        Assert.Equal(0, _answers.Call(77, _answers.Open("/ftruncate"), 5));
        _answers.Open("/open", OpenFlags.WriteOnly | OpenFlags.Truncate);
        Assert.Equal(0, _answers.Call(285, _answers.Open("/punch"), 3, 0, 4));
        Assert.Equal(0, _answers.Call(285, _answers.Open("/keep"), 1, 0, 4000));
        Assert.Equal(0, _answers.Call(285, _answers.Open("/within"), 0, 0, 4));
        Assert.Equal(0, _answers.Call(1, _answers.Open("/nothing"), Answers.Data, 0));
        Assert.Equal(1, _answers.Write(_answers.Open("/locking"), "x"));
        for (int i = 0; i < 7; i++)
            Assert.Equal((files[i], asRoot ? 0xDEDu : 0x1ED), (files[i], _answers.ModeOf(files[i])));
        Assert.Equal(0xDEDu, _answers.ModeOf("/nothing"));
        Assert.Equal(0x5E4u, _answers.ModeOf("/locking"));
    }

    [Fact]
    public void Who_is_not_of_the_group_loses_the_group_bit_without_group_execute_too()
    {
        Make("/f", 0x5F6);
        _answers.BecomeUser();
        _answers.Write(_answers.Open("/f"), "x");
        Assert.Equal(0x1F6u, _answers.ModeOf("/f"));
    }

    [Fact]
    public void NOATIME_needs_the_owner_when_it_is_set_later()
    {
        Make("/f", 0x1B6);
        ulong roots = _answers.Open("/f", 0);
        Assert.Equal(0, _answers.Call(72, roots, 4, OpenFlags.NoAccessTime));
        _answers.BecomeUser();
        ulong file = _answers.Open("/f", 0);
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(72, file, 4, OpenFlags.NoAccessTime));
        Assert.Equal(0, _answers.Call(72, file, 4, OpenFlags.NonBlocking));
        // Who has it may keep it, and take it away.
        Assert.Equal(0, _answers.Call(72, roots, 4, OpenFlags.NoAccessTime | OpenFlags.NonBlocking));
        Assert.Equal(0, _answers.Call(72, roots, 4, 0));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(72, roots, 4, OpenFlags.NoAccessTime));
    }

    [Fact]
    public void Links_of_descriptors_are_for_the_privileged_and_not_of_what_is_gone()
    {
        const ulong EmptyPath = 0x1000;
        const ulong Follow = 0x400;
        Make("/gone", 0x1B6);
        Make("/there", 0x1B6);
        ulong gone = _answers.Open("/gone");
        ulong there = _answers.Open("/there");
        _answers.Kernel.Do(_answers.Init, 87, _answers.Path("/gone"));
        Assert.Equal(Answers.Error(Errno.ENOENT), _answers.LinkAt(gone, "", "/again", EmptyPath));
        Assert.Equal(Answers.Error(Errno.ENOENT), _answers.LinkAt(0, $"/proc/self/fd/{gone}", "/again", Follow));
        Assert.Equal(0, _answers.LinkAt(there, "", "/second", EmptyPath));
        ulong temporary = _answers.Open("/tmp", OpenFlags.TemporaryFile | OpenFlags.ReadWrite);
        ulong secret = _answers.Open("/tmp", OpenFlags.TemporaryFile | OpenFlags.ReadWrite | OpenFlags.Exclusive);
        Assert.Equal(Answers.Error(Errno.ENOENT), _answers.LinkAt(secret, "", "/kept", EmptyPath));
        _answers.Move();
        Assert.Equal(0, _answers.LinkAt(temporary, "", "/kept", EmptyPath));
        _answers.Kernel.Do(_answers.Init, 87, _answers.Path("/kept"));
        Assert.Equal(Answers.Error(Errno.ENOENT), _answers.LinkAt(temporary, "", "/kept", EmptyPath));
        ulong another = _answers.Open("/tmp", OpenFlags.TemporaryFile | OpenFlags.ReadWrite);
        ulong foreign = _answers.Open("/tmp", OpenFlags.TemporaryFile | OpenFlags.ReadWrite);
        _answers.Kernel.Do(_answers.Init, 90, _answers.Path("/"), 0x1FF);
        _answers.Kernel.Do(_answers.Init, 93, another, Answers.User, Answers.User);
        _answers.BecomeUser();
        Assert.Equal(Answers.Error(Errno.ENOENT), _answers.LinkAt(another, "", "/mine", EmptyPath));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.LinkAt(0, $"/proc/self/fd/{foreign}", "/mine", Follow));
        Assert.Equal(0, _answers.LinkAt(0, $"/proc/self/fd/{another}", "/mine", Follow));
    }

    [Fact]
    public void A_size_beyond_the_limit_is_EFBIG_and_kills_and_there_is_no_other_limit()
    {
        Make("/f", 0x1B6);
        ulong file = _answers.Open("/f");
        // No size is too great for a number; a byte behind the greatest has no position.
        Assert.Equal(0, _answers.Call(77, file, long.MaxValue));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(18, file, Answers.Data, 1, long.MaxValue));
        Assert.Equal(0, _answers.Call(76, _answers.Path("/f"), 0));
        Assert.False(IsPending(Signal.SIGXFSZ));
        _answers.Kernel.Poke(_answers.Init, Answers.Words, 100UL);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 8, 100UL);
        ulong blocked = _answers.Kernel.PokeMask(_answers.Init, Signal.SIGXFSZ);
        _answers.Kernel.Do(_answers.Init, 14, 0, blocked, 0, 8);
        _answers.Kernel.Poke(_answers.Init, Answers.Words, 100UL);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 8, 100UL);
        _answers.Kernel.Do(_answers.Init, 160, 1, Answers.Words);
        Assert.Equal(100, _answers.Call(18, file, Answers.Data, 200, 0));
        Assert.False(IsPending(Signal.SIGXFSZ));
        Assert.Equal(Answers.Error(Errno.EFBIG), _answers.Call(18, file, Answers.Data, 1, 100));
        Assert.True(IsPending(Signal.SIGXFSZ));
    }

    private bool IsPending(Signal signal)
        => ((_answers.Init->Pending.Set.Bits | _answers.Init->Process->Pending.Set.Bits) >> ((int)signal - 1) & 1) != 0;

    [Fact]
    public void The_lock_that_is_told_of_is_the_first_in_the_file()
    {
        ulong file = _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        SetLock(file, 1, 10, 5);
        SetLock(file, 0, 13, 5);
        var child = _answers.Kernel.Fork(_answers.Init);
        ulong other = (ulong)_answers.Kernel.Do(child, 2, _answers.Kernel.PokeText(child, Answers.Text, "/f"), 2);
        foreach (bool moves in new[] { false, true })
        {
            int id = child->Id;
            if (moves)
                _answers.Move();
            child = _answers.Kernel.ThreadOf(id);
            _answers.Kernel.Poke(child, Answers.Words, 1UL);
            _answers.Kernel.Poke(child, Answers.Words + 8, 0UL);
            _answers.Kernel.Poke(child, Answers.Words + 16, 0UL);
            _answers.Kernel.Do(child, 72, other, 5, Answers.Words);
            Assert.Equal((10UL, 3UL),
                (_answers.Kernel.Peek<ulong>(child, Answers.Words + 8), _answers.Kernel.Peek<ulong>(child, Answers.Words + 16)));
        }
    }

    private void SetLock(ulong file, ulong type, ulong start, ulong length)
    {
        _answers.Kernel.Poke(_answers.Init, Answers.Words, type);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 8, start);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 16, length);
        _answers.Kernel.Do(_answers.Init, 72, file, 6, Answers.Words);
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/dev/zero")]
    [InlineData("/dev/full")]
    public void Devices_without_a_position_are_always_at_zero(string path)
    {
        ulong file = _answers.Open(path);
        Assert.Equal(0, _answers.Call(8, file, 1000, 0));
        Assert.Equal(0, _answers.Call(8, file, unchecked((ulong)-5L), 1));
        Assert.Equal(0, _answers.Call(8, file, 7, 2));
        Assert.Equal(0, _answers.Call(8, file, 7, 4));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(8, file, 7, 5));
    }
}
