using System;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>fcntl: seals of memory files, owners, the size of a pipe; and openat2's structure.</summary>
public sealed unsafe class ControlTests : IDisposable
{
    private const ulong AddSeals = 1033;
    private const ulong GetSeals = 1034;
    private const ulong SetOwnerEx = 15;
    private const ulong GetOwnerEx = 16;
    private const ulong SetPipeSize = 1031;
    private const ulong GetPipeSize = 1032;
    private const ulong Seal = 1;
    private const ulong Shrink = 2;
    private const ulong Grow = 4;
    private const ulong NoWrite = 8;
    private const ulong FutureWrite = 16;
    private const ulong At = 0x10_0000_0000;

    private readonly Answers _answers = new();

    public void Dispose() => _answers.Dispose();

    private ulong Memory(string name, ulong flags, ulong size)
    {
        ulong file = (ulong)_answers.Kernel.Do(_answers.Init, 319, _answers.Path(name), flags);
        _answers.Kernel.Do(_answers.Init, 77, file, size);
        return file;
    }

    private long Control(ulong file, ulong command, ulong argument = 0) => _answers.Call(72, file, command, argument);

    private string LinkOf(ulong file)
        => _answers.Peek(Answers.Data,
            (int)_answers.Kernel.Do(_answers.Init, 89, _answers.Path($"/proc/self/fd/{file}"), Answers.Data, 400));

    [Fact]
    public void Seals_are_for_memory_files_that_allow_them()
    {
        ulong open = Memory("a", 2, 8192);
        ulong shut = Memory("b", 0, 8192);
        ulong plain = _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        ulong readOnly = _answers.Open($"/proc/self/fd/{open}", 0);
        Assert.Equal(0, Control(open, GetSeals));
        Assert.Equal(1, Control(shut, GetSeals));
        Assert.Equal(Answers.Error(Errno.EINVAL), Control(plain, GetSeals));
        Assert.Equal(Answers.Error(Errno.EINVAL), Control(plain, AddSeals, Shrink));
        Assert.Equal(Answers.Error(Errno.EPERM), Control(shut, AddSeals, Shrink));
        Assert.Equal(Answers.Error(Errno.EPERM), Control(readOnly, AddSeals, Shrink));
        Assert.Equal(Answers.Error(Errno.EINVAL), Control(open, AddSeals, 32));
        Assert.Equal(Answers.Error(Errno.EINVAL), Control(open, AddSeals, 1UL << 32));
        Assert.Equal(0, Control(open, AddSeals, Shrink));
        _answers.Move();
        Assert.Equal((long)Shrink, Control(open, GetSeals));
        Assert.Equal(0, Control(open, AddSeals, Seal));
        Assert.Equal(Answers.Error(Errno.EPERM), Control(open, AddSeals, Grow));
        Assert.Equal((long)(Shrink | Seal), Control(readOnly, GetSeals));
    }

    [Fact]
    public void Seals_hold()
    {
        ulong file = Memory("a", 2, 8192);
        Control(file, AddSeals, Shrink);
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(77, file, 100));
        Assert.Equal(0, _answers.Call(77, file, 12_288));
        Control(file, AddSeals, Grow);
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(77, file, 12_289));
        Assert.Equal(0, _answers.Call(77, file, 12_288));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(285, file, 0, 12_000, 1000));
        Assert.Equal(100, _answers.Call(18, file, Answers.Data, 100, 12_188));
        // What fits into the last page that is there is written.
        Assert.Equal(99, _answers.Call(18, file, Answers.Data, 100, 12_189));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(18, file, Answers.Data, 100, 12_288));
        Assert.Equal(2288, _answers.Call(18, file, Answers.Data, 5000, 10_000));
        Assert.Equal(12_288UL, (ulong)_answers.Call(8, file, 0, 2));
        Assert.Equal(0, Control(file, AddSeals, FutureWrite));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(18, file, Answers.Data, 1, 0));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(285, file, 3, 0, 4096));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(9, At, 4096, 3, 0x11, file, 0));
        Assert.Equal((long)At, _answers.Call(9, At, 4096, 1, 0x11, file, 0));
        Assert.Equal(Answers.Error(Errno.EACCES), _answers.Call(10, At, 4096, 3));
    }

    [Fact]
    public void A_seal_against_writes_waits_for_no_mapping()
    {
        ulong file = Memory("a", 2, 8192);
        Assert.Equal((long)At, _answers.Call(9, At, 4096, 3, 0x11, file, 0));
        Assert.Equal(Answers.Error(Errno.EBUSY), Control(file, AddSeals, NoWrite));
        _answers.Move();
        Assert.Equal(Answers.Error(Errno.EBUSY), Control(file, AddSeals, NoWrite));
        Assert.Equal(0, _answers.Call(11, At, 4096));
        Assert.Equal((long)At, _answers.Call(9, At, 4096, 3, 0x12, file, 0));
        Assert.Equal(0, Control(file, AddSeals, NoWrite));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Write(file, "x"));
        Assert.Equal(Answers.Error(Errno.EPERM), _answers.Call(9, At, 4096, 3, 0x11, file, 0));
        _answers.Kernel.Poke(_answers.Init, At, 5UL);
    }

    [Fact]
    public void A_memory_file_is_known_by_its_name()
    {
        ulong file = Memory("mf", 0, 100);
        string longest = new('n', 249);
        ulong other = Memory(longest, 0, 100);
        ulong nameless = Memory("", 1, 100);
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(319, _answers.Path(longest + "n"), 0));
        Assert.Equal(("/memfd:mf (deleted)", $"/memfd:{longest} (deleted)", "/memfd: (deleted)"),
            (LinkOf(file), LinkOf(other), LinkOf(nameless)));
        _answers.Move();
        Assert.Equal(("/memfd:mf (deleted)", $"/memfd:{longest} (deleted)", "/memfd: (deleted)"),
            (LinkOf(file), LinkOf(other), LinkOf(nameless)));
        Assert.Equal(100, _answers.Call(8, file, 0, 2));
        Assert.Equal(Answers.Error(Errno.EXDEV), _answers.LinkAt(0, $"/proc/self/fd/{file}", "/x", 0x400));
    }

    [Fact]
    public void Owners_have_a_kind()
    {
        ulong file = _answers.Pipe().Reader;
        Assert.Equal((0, 0), OwnerOf(file));
        Assert.Equal(0, SetOwner(file, 1, 1));
        Assert.Equal((1, 1), OwnerOf(file));
        Assert.Equal(1, Control(file, 9));
        Assert.Equal(0, SetOwner(file, 0, 1));
        _answers.Move();
        Assert.Equal((0, 1), OwnerOf(file));
        Assert.Equal(0, SetOwner(file, 2, 1));
        Assert.Equal((2, 1), OwnerOf(file));
        Assert.Equal(-1, Control(file, 9));
        Assert.Equal(Answers.Error(Errno.EINVAL), SetOwner(file, 3, 1));
        Assert.Equal(Answers.Error(Errno.ESRCH), SetOwner(file, 1, 4321));
        Assert.Equal(Answers.Error(Errno.ESRCH), Control(file, 8, 4321));
        Assert.Equal(Answers.Error(Errno.EINVAL), Control(file, 8, 0x8000_0000));
        Assert.Equal(Answers.Error(Errno.EFAULT), Control(file, SetOwnerEx, Answers.Nowhere));
        Assert.Equal(Answers.Error(Errno.EFAULT), Control(file, GetOwnerEx, Answers.Nowhere));
        Assert.Equal(0, Control(file, 8, unchecked((ulong)-1L)));
        Assert.Equal((2, 1), OwnerOf(file));
    }

    private (int Kind, int Id) OwnerOf(ulong file)
    {
        Assert.Equal(0, Control(file, GetOwnerEx, Answers.Words));
        return (_answers.Kernel.Peek<int>(_answers.Init, Answers.Words), _answers.Kernel.Peek<int>(_answers.Init, Answers.Words + 4));
    }

    private long SetOwner(ulong file, int kind, int id)
    {
        _answers.Kernel.Poke(_answers.Init, Answers.Words, kind);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 4, id);
        return Control(file, SetOwnerEx, Answers.Words);
    }

    [Fact]
    public void A_pipe_is_as_large_as_it_may_be()
    {
        (ulong reader, ulong writer) = _answers.Pipe();
        Assert.Equal(8192, Control(writer, SetPipeSize, 4097));
        Assert.Equal(4096, Control(writer, SetPipeSize, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), Control(writer, SetPipeSize, (1UL << 31) + 1));
        Assert.Equal(16 << 20, Control(writer, SetPipeSize, 16 << 20));
        Assert.Equal(Answers.Error(Errno.EPERM), Control(writer, SetPipeSize, (16 << 20) + 1));
        Assert.Equal(2 << 20, Control(writer, SetPipeSize, 2 << 20));
        _answers.Move();
        Assert.Equal(2 << 20, Control(reader, GetPipeSize));
        Assert.Equal(Answers.Error(Errno.EBADF), Control(_answers.Open("/dev/null"), SetPipeSize, 4096));
        _answers.BecomeUser();
        Assert.Equal(1 << 20, Control(writer, SetPipeSize, 1 << 20));
        Assert.Equal(Answers.Error(Errno.EPERM), Control(writer, SetPipeSize, (1 << 20) + 1));
        Assert.Equal(Answers.Error(Errno.EPERM), Control(writer, SetPipeSize, 1UL << 31));
        Assert.Equal(Answers.Error(Errno.EINVAL), Control(writer, SetPipeSize, 1UL << 32));
    }

    [Fact]
    public void A_pipe_changes_size_around_its_bytes()
    {
        (ulong reader, ulong writer) = _answers.Pipe();
        Control(writer, SetPipeSize, 16_384);
        // The bytes go round the end of the ring: 6,000 before it, 6,000 after.
        Fill(writer, 10_384, 'x');
        Drain(reader, 10_000, 'x');
        Fill(writer, 11_616, 'y');
        Assert.Equal(Answers.Error(Errno.EBUSY), Control(writer, SetPipeSize, 8192));
        Assert.Equal(32_768, Control(writer, SetPipeSize, 32_768));
        Drain(reader, 384, 'x');
        // 5,616 bytes still, in two pages.
        Drain(reader, 6000, 'y');
        Assert.Equal(8192, Control(writer, SetPipeSize, 8192));
        _answers.Move();
        Drain(reader, 5616, 'y');
        Fill(writer, 8192, 'z');
        Assert.Equal(Answers.Error(Errno.EBUSY), Control(writer, SetPipeSize, 4096));
        Drain(reader, 8192, 'z');
    }

    private void Fill(ulong writer, int count, char text)
    {
        for (int left = count; left > 0; left -= 1000)
            Assert.Equal(Math.Min(left, 1000), _answers.Write(writer, new string(text, Math.Min(left, 1000))));
    }

    private void Drain(ulong reader, int count, char text)
    {
        for (int left = count; left > 0; left -= 1000)
            Assert.Equal(new string(text, Math.Min(left, 1000)), _answers.Read(reader, Math.Min(left, 1000)));
    }

    [Fact]
    public void Openat2_checks_everything_in_Linux_order()
    {
        _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", 0, 0, 0, 16));
        Assert.True(Open2("/f", 0, 0, 0, 64) > 0);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 32, 1UL);
        Assert.Equal(Answers.Error(Errno.E2BIG), Open2("/f", 0, 0, 0, 40));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", 0, 0x1B6, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", 0x4000_0000, 0, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", 1UL << 40, 0, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", OpenFlags.Create, 0x1000, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", 0, 0, 0x40));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", 0, 0, 8 | 16));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/f", OpenFlags.Path | OpenFlags.ReadWrite, 0, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), Open2("/tmp", 0x40_0000 | OpenFlags.ReadWrite, 0x180, 0));
        Assert.Equal(Answers.Error(Errno.EAGAIN), Open2("/f", OpenFlags.Create, 0x180, 0x20));
        Assert.True(Open2("/f", 0, 0, 0x20) > 0);
        Assert.Equal(Answers.Error(Errno.EFAULT), _answers.Call(437, 0, _answers.Path("/f"), Answers.Nowhere, 24));
    }

    [Fact]
    public void Openat2_does_not_cross_mounts_when_asked_not_to()
    {
        const ulong NoCrossing = 1;
        _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        ulong proc = _answers.Open("/proc/self", OpenFlags.Directory);
        Assert.True(Open2("/f", 0, 0, NoCrossing) > 0);
        Assert.True(Open2("/tmp/../f", 0, 0, NoCrossing) > 0);
        Assert.Equal(Answers.Error(Errno.EXDEV), Open2("/proc/version", 0, 0, NoCrossing));
        // Where the walk begins is no crossing.
        Assert.True(Open2("/f", 0, 0, NoCrossing, directory: proc) > 0);
        Assert.Equal(0, _answers.Call(80, _answers.Path("/proc/self")));
        Assert.True(Open2("/f", 0, 0, NoCrossing) > 0);
        Assert.Equal(Answers.Error(Errno.EXDEV), Open2("../../f", 0, 0, NoCrossing, directory: proc));
        Assert.True(Open2("../version", 0, 0, NoCrossing, directory: proc) > 0);
        Assert.Equal(Answers.Error(Errno.EXDEV), Open2("root", 0, 0, NoCrossing, directory: proc));
    }

    [Fact]
    public void Openat2_takes_the_directory_for_the_root_when_asked_to()
    {
        const ulong InRoot = 16;
        _answers.Kernel.Do(_answers.Init, 83, _answers.Path("/d"), 0x1FF);
        _answers.Open("/d/inside", OpenFlags.Create | OpenFlags.ReadWrite);
        _answers.Open("/outside", OpenFlags.Create | OpenFlags.ReadWrite);
        ulong directory = _answers.Open("/d", OpenFlags.Directory);
        Assert.True(Open2("/inside", 0, 0, InRoot, directory: directory) > 0);
        Assert.True(Open2("/../../inside", 0, 0, InRoot, directory: directory) > 0);
        Assert.Equal(Answers.Error(Errno.ENOENT), Open2("/outside", 0, 0, InRoot, directory: directory));
        Assert.True(Open2("/", 0, 0, InRoot, directory: directory) > 0);
    }

    [Fact]
    public void There_is_a_mount_table_and_a_place_for_shared_memory()
    {
        string info = _answers.Read(_answers.Open("/proc/self/mountinfo", 0), 1000);
        Assert.Equal("1 0 0:21 / / rw,relatime - aurora aurora rw\n2 1 0:22 / /proc rw,relatime - proc proc rw\n"
            + "3 1 0:23 / /dev/pts rw,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666\n"
            + "4 1 0:24 / /dev/mqueue rw,relatime - mqueue mqueue rw\n", info);
        Assert.Equal(0, _answers.Call(4, _answers.Path("/"), Answers.Words));
        Assert.Equal(21UL, _answers.Kernel.Peek<ulong>(_answers.Init, Answers.Words));
        Assert.StartsWith("aurora / ", _answers.Read(_answers.Open("/proc/mounts", 0), 1000));
        Assert.StartsWith("device aurora ", _answers.Read(_answers.Open("/proc/self/mountstats", 0), 1000));
        Assert.Equal(0x43FFu, _answers.At("/dev/shm")->Mode);
    }

    private long Open2(string path, ulong flags, ulong mode, ulong resolve, ulong size = 24, ulong directory = unchecked((ulong)-100L))
    {
        _answers.Kernel.Poke(_answers.Init, Answers.Words, flags);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 8, mode);
        _answers.Kernel.Poke(_answers.Init, Answers.Words + 16, resolve);
        return _answers.Call(437, directory, _answers.Path(path), Answers.Words, size);
    }

    [Fact]
    public void Fallocate_answers_in_Linux_order()
    {
        ulong file = _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        ulong readOnly = _answers.Open("/f", 0);
        ulong writer = _answers.Pipe().Writer;
        Assert.Equal(Answers.Error(Errno.EBADF), _answers.Call(285, 99, 0, 0, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(285, readOnly, 64, 0, 0));
        Assert.Equal(Answers.Error(Errno.EOPNOTSUPP), _answers.Call(285, readOnly, 0x100, 0, 1));
        Assert.Equal(Answers.Error(Errno.EOPNOTSUPP), _answers.Call(285, readOnly, 2, 0, 1));
        Assert.Equal(Answers.Error(Errno.EOPNOTSUPP), _answers.Call(285, readOnly, 16 | 2 | 1, 0, 1));
        Assert.Equal(Answers.Error(Errno.EBADF), _answers.Call(285, readOnly, 0, 0, 1));
        Assert.Equal(Answers.Error(Errno.ESPIPE), _answers.Call(285, writer, 0, 0, 1));
        Assert.Equal(Answers.Error(Errno.ENODEV), _answers.Call(285, _answers.Open("/dev/null"), 0, 0, 1));
        Assert.Equal(Answers.Error(Errno.EFBIG), _answers.Call(285, file, 0, 1, long.MaxValue));
        Assert.Equal(0, _answers.Call(285, file, 0, 100, 50));
        Assert.Equal(150UL, _answers.At("/f")->Size);
    }
}
