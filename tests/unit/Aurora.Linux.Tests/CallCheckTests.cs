using System;
using Aurora.Base;
using Aurora.Linux.Files;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What calls look at before they do anything, and in which order, as Linux 6.1 does.</summary>
public sealed unsafe class CallCheckTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Text = Scratch + 0x1000;
    private const ulong Here = unchecked((ulong)-100L);
    private const ulong At = 0x10_0000_0000;
    private const ulong Page = 4096;
    private const ulong GrowsDown = 0x01000000;
    private const ulong GrowsUp = 0x02000000;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public CallCheckTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Call(int number, params ulong[] arguments) => _kernel.Call(_init, number, arguments)!.Value;

    private static long Error(Errno error) => -(long)error;

    private ulong Path(string path) => _kernel.PokeText(_init, Text, path);

    private ulong Open(string path, uint flags) => (ulong)_kernel.Do(_init, 2, Path(path), flags, 0x1B6);

    [Fact]
    public void Pipes_carry_no_packets()
    {
        Assert.Equal(Error(Errno.EINVAL), Call(293, Scratch, OpenFlags.Direct));
        Assert.Equal(0, Call(293, Scratch, OpenFlags.NonBlocking));
        ulong writer = _kernel.Peek<uint>(_init, Scratch + 4);
        Assert.Equal(Error(Errno.EINVAL), Call(72, writer, 4, OpenFlags.Direct));
        Assert.Equal(OpenFlags.WriteOnly | OpenFlags.NonBlocking, Call(72, writer, 3));
        ulong file = Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        Assert.Equal(0, Call(72, file, 4, OpenFlags.Direct));
        Assert.Equal(OpenFlags.ReadWrite | OpenFlags.Direct, (uint)Call(72, file, 3) & ~OpenFlags.LargeFile);
    }

    [Fact]
    public void Advice_about_less_than_nothing_is_refused()
    {
        ulong file = Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        Assert.Equal(0, Call(221, file, 0, 0, 4));
        Assert.Equal(Error(Errno.EINVAL), Call(221, file, 0, ulong.MaxValue, 4));
        Assert.Equal(Error(Errno.EINVAL), Call(221, file, 0, 0, 6));
    }

    private ulong Times(long access, long modify)
    {
        _kernel.Poke(_init, Scratch + 0x100, new LinuxTimestamp { Nanoseconds = access });
        _kernel.Poke(_init, Scratch + 0x110, new LinuxTimestamp { Nanoseconds = modify });
        return Scratch + 0x100;
    }

    [Fact]
    public void Utimensat_looks_for_a_file_only_if_it_has_a_time_for_it()
    {
        ulong nothing = Times(LinuxTimestamp.Omit, LinuxTimestamp.Omit);
        Assert.Equal(0, Call(280, Here, Path("/missing"), nothing, 0xFFFF));
        Assert.Equal(Error(Errno.EFAULT), Call(280, Here, Path("/missing"), 0x10, 0xFFFF));
        ulong wrong = Times(0, 1_000_000_000);
        Assert.Equal(Error(Errno.EINVAL), Call(280, Here, Path("/missing"), wrong, 0xFFFF));
        Assert.Equal(Error(Errno.ENOENT), Call(280, Here, Path("/missing"), wrong, 0));
        Assert.Equal(Error(Errno.EINVAL), Call(280, Here, Path("/tmp"), wrong, 0));
    }

    [Fact]
    public void Utimensat_of_an_open_file_takes_no_flags_and_no_mere_name()
    {
        ulong file = Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        ulong name = Open("/f", OpenFlags.Path);
        ulong times = Times(1, 2);
        Assert.Equal(0, Call(280, file, 0, times, 0));
        Assert.Equal(Error(Errno.EINVAL), Call(280, file, 0, times, FileCall.EmptyPath));
        Assert.Equal(Error(Errno.EBADF), Call(280, name, 0, times, 0));
        Assert.Equal(0, Call(280, name, Path(""), times, FileCall.EmptyPath));
        Assert.Equal(Error(Errno.EBADF), Call(261, name, 0, 0));
        Assert.Equal(0, Call(261, file, 0, 0));
        Assert.Equal(Error(Errno.EFAULT), Call(280, Here, 0, times, 0));
    }

    [Theory]
    [InlineData(At, 0UL, 0xF0UL, Errno.Ok)]
    [InlineData(At + 1, 0UL, 1UL, Errno.EINVAL)]
    [InlineData(At, Page, 0xF0UL, Errno.EINVAL)]
    [InlineData(At, 0UL, GrowsDown | GrowsUp, Errno.EINVAL)]
    [InlineData(0x7FFF_FFFF_0000UL, 1UL << 32, 1UL, Errno.ENOMEM)]
    [InlineData(At, Page, 1UL | 8UL, Errno.Ok)]
    [InlineData(At, Page, 1UL | GrowsDown, Errno.EINVAL)]
    [InlineData(At, Page, 1UL | GrowsUp, Errno.EINVAL)]
    [InlineData(At - Page, Page, 1UL | GrowsDown, Errno.ENOMEM)]
    [InlineData(At - Page, Page, 1UL | GrowsUp, Errno.ENOMEM)]
    public void Mprotect_takes_and_refuses_what_Linux_does(ulong address, ulong length, ulong protection, Errno error)
    {
        _kernel.Do(_init, 9, At, 4 * Page, 3, 0x32, ulong.MaxValue);
        Assert.Equal(Error(error), Call(10, address, length, protection));
    }

    [Fact]
    public void A_stack_is_protected_from_its_beginning_on()
    {
        _kernel.Do(_init, 9, At, 4 * Page, 3, 0x132, ulong.MaxValue);
        Assert.Equal(0, Call(10, At + (2 * Page), Page, 7 | GrowsDown));
        AddressSpace* space = _init->Process->AddressSpace;
        const Protection everything = Protection.Read | Protection.Write | Protection.Execute;
        Assert.Equal(everything, MappingTable.Find(space, new VirtualAddress(At))->Protection);
        Assert.Equal(everything, MappingTable.Find(space, new VirtualAddress(At + (2 * Page)))->Protection);
        Assert.Equal(Protection.Read | Protection.Write, MappingTable.Find(space, new VirtualAddress(At + (3 * Page)))->Protection);
    }

    [Theory]
    [InlineData(0UL, 17UL, true)]
    [InlineData(1UL << 34, 17UL, false)] // no such flag
    [InlineData(0x400000UL, 17UL, false)] // CLONE_DETACHED
    [InlineData(0x11UL, 0UL, false)] // a signal among the flags
    [InlineData(0x8000UL, 17UL, false)] // CLONE_PARENT with a signal
    [InlineData(0UL, 65UL, false)]
    public void Clone3_refuses_what_clone_forgives(ulong flags, ulong signal, bool isTaken)
    {
        Thread* parent = _kernel.Fork(_init);
        for (ulong word = 0; word < 8; word++)
            _kernel.Poke(parent, Scratch + (word * 8), word == 0 ? flags : word == 4 ? signal : 0);
        long result = _kernel.Call(parent, 435, Scratch, 64)!.Value;
        Assert.Equal(isTaken, result > 0);
        if (!isTaken)
            Assert.Equal(Error(Errno.EINVAL), result);
    }

    [Fact]
    public void Kcmp_tells_who_shares_what_is_undone_of_semaphores()
    {
        const ulong undo = 6, sharesUndo = 0x40000;
        Thread* other = _kernel.Fork(_init);
        Assert.Equal(0, Call(312, 1, (ulong)other->Id, undo));
        Thread* sharer = _kernel.ThreadOf(_kernel.Do(_init, 56, sharesUndo | (ulong)Signal.SIGCHLD));
        Assert.Equal(0, Call(312, 1, (ulong)sharer->Id, undo));
        Assert.Equal(2, Call(312, 1, (ulong)other->Id, undo));
        Assert.Equal(1, Call(312, (ulong)other->Id, 1, undo));
    }

    [Fact]
    public void Flags_of_an_action_that_nobody_knows_do_not_stay()
    {
        const ulong unsupported = 0x400;
        _kernel.Poke(_init, Scratch, new SignalAction { Handler = SignalAction.Ignore, Flags = SignalAction.Restart | unsupported });
        Assert.Equal(0, Call(13, (ulong)Signal.SIGUSR1, Scratch, 0, 8));
        Assert.Equal(0, Call(13, (ulong)Signal.SIGUSR1, 0, Scratch + 0x100, 8));
        Assert.Equal(SignalAction.Restart, _kernel.Peek<SignalAction>(_init, Scratch + 0x100).Flags);
    }

    [Fact]
    public void Sigpending_writes_as_much_of_the_set_as_is_asked_for()
    {
        _kernel.Poke(_init, Scratch, ulong.MaxValue);
        Assert.Equal(0, Call(127, Scratch, 4));
        Assert.Equal(0xFFFF_FFFF_0000_0000UL, _kernel.Peek<ulong>(_init, Scratch));
        Assert.Equal(Error(Errno.EINVAL), Call(127, Scratch, 9));
    }

    [Theory]
    [InlineData("/", 0x1020L)]
    [InlineData("/proc", 0x1020L)]
    public void Statfs_has_flags_and_says_which_access_times_are_kept(string path, long flags)
    {
        Assert.Equal(0, Call(137, Path(path), Scratch));
        Assert.Equal(flags, _kernel.Peek<LinuxStatFs>(_init, Scratch).Flags);
    }

    [Theory]
    [InlineData(At, Page, 4UL, Errno.Ok)]
    [InlineData(At + 1, Page, 4UL, Errno.EINVAL)]
    [InlineData(At, Page, 5UL, Errno.EINVAL)]
    [InlineData(At + Page, Page, 1UL, Errno.ENOMEM)]
    [InlineData(At, ulong.MaxValue, 1UL, Errno.Ok)] // so many pages are none
    [InlineData(At, ulong.MaxValue - Page, 1UL, Errno.ENOMEM)]
    [InlineData(0x8000_0000_0000UL, Page, 1UL, Errno.ENOMEM)]
    public void Msync_says_what_is_not_mapped_as_Linux_does(ulong address, ulong length, ulong flags, Errno error)
    {
        _kernel.Do(_init, 9, At, Page, 3, 0x32, ulong.MaxValue);
        Assert.Equal(Error(error), _kernel.Call(_init, 26, address, length, flags) ?? 0);
    }

    [Theory]
    [InlineData(8UL)]
    [InlineData(9UL)]
    public void Clocks_that_wake_the_machine_are_for_who_may(ulong clock)
    {
        _kernel.Poke(_init, Scratch, 0UL);
        _kernel.Poke(_init, Scratch + 8, 0UL);
        Assert.Equal(0, Call(222, clock, 0, Scratch + 0x20));
        Assert.Equal(0, Call(230, clock, 1, Scratch, 0));
        Assert.Equal(0, Call(105, 1000));
        Assert.Equal(Error(Errno.EPERM), Call(222, clock, 0, Scratch + 0x20));
        Assert.Equal(Error(Errno.EPERM), Call(230, clock, 1, Scratch, 0));
        Assert.Equal(Error(Errno.EFAULT), Call(230, clock, 1, 0x10, 0));
        Assert.True(_init->Process->FirstTimer->Next == null);
    }
}
