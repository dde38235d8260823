using System;
using System.Text;
using Aurora.Linux.Calls;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What one user can see and change of another's processes.</summary>
public sealed unsafe class OtherUserTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Buffer = Scratch + 0x1000;
    private const ulong User = 1000;
    private static readonly string[] _guarded = ["environ", "maps", "io"];

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public OtherUserTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Call(Thread* thread, int number, params ulong[] arguments) => _kernel.Call(thread, number, arguments)!.Value;

    private long Open(Thread* thread, string path, ulong flags = 0) => Call(thread, 2, _kernel.PokeText(thread, Scratch, path), flags);

    private long Read(Thread* thread, long descriptor) => Call(thread, 17, (ulong)descriptor, Buffer, 100, 0);

    private long Write(Thread* thread, long descriptor, string text)
    {
        _kernel.PokeText(thread, Buffer, text);
        return Call(thread, 1, (ulong)descriptor, Buffer, (ulong)text.Length);
    }

    private string Text(Thread* thread, string path)
    {
        long descriptor = Open(thread, path);
        long count = Call(thread, 0, (ulong)descriptor, Buffer, 0x2000);
        Call(thread, 3, (ulong)descriptor);
        var text = new StringBuilder();
        for (long i = 0; i < count; i++)
            text.Append((char)_kernel.Peek<byte>(thread, Buffer + (ulong)i));
        return text.ToString();
    }

    // A process of a user that has executed since it changed its ids: one its user may look into.
    private Thread* ForkAs(ulong user)
    {
        Thread* child = _kernel.Fork(_init);
        Call(child, 106, user);
        Call(child, 105, user);
        Assert.Equal(0, Call(child, 157, 4, 1));
        return child;
    }


    [Fact]
    public void Nobody_but_root_looks_into_others_memory()
    {
        Thread* user = ForkAs(User);
        Thread* same = ForkAs(User);
        Thread* other = ForkAs(User + 1);
        foreach (string name in _guarded)
        {
            foreach (nint owner in new[] { (nint)_init, (nint)other })
                Assert.Equal(-(long)Errno.EACCES, Open(user, $"/proc/{((Thread*)owner)->Id}/{name}"));
            Assert.True(Open(user, $"/proc/{same->Id}/{name}") >= 0, name);
            Assert.True(Open(_init, $"/proc/{other->Id}/{name}") >= 0, name);
        }
        Assert.Equal(-(long)Errno.EACCES, Call(user, 89, _kernel.PokeText(user, Scratch, "/proc/1/exe"), Buffer, 99));
        Assert.Equal(-(long)Errno.EACCES, Open(user, "/proc/1/cwd/tmp"));
        Assert.Equal(-(long)Errno.EACCES, Open(user, "/proc/1/fd"));
    }

    [Fact]
    public void A_process_that_changed_its_ids_is_nobodys_to_look_into_until_it_says_so()
    {
        Thread* user = ForkAs(User);
        Thread* fallen = _kernel.Fork(_init);
        Call(fallen, 106, User);
        Call(fallen, 105, User);
        Assert.Equal(0, Call(fallen, 157, 3));
        Assert.Equal(-(long)Errno.EACCES, Open(user, $"/proc/{fallen->Id}/maps"));
        Assert.True(Open(fallen, "/proc/self/maps") >= 0);
        Assert.True(Open(fallen, "/proc/self/fd") >= 0);
        Assert.Equal(0, Call(fallen, 157, 4, 1));
        Assert.True(Open(user, $"/proc/{fallen->Id}/maps") >= 0);
    }

    [Fact]
    public void A_file_of_a_process_never_shows_the_next_owner_of_its_number()
    {
        Thread* user = ForkAs(User);
        Thread* child = _kernel.Fork(user);
        var files = new long[4];
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = Open(user, $"/proc/{child->Id}/{new[] { "environ", "maps", "cmdline", "status" }[i]}");
            Assert.True(files[i] >= 0);
            Read(user, files[i]);
        }
        long directory = Open(user, $"/proc/{child->Id}", 0x10000);
        int id = child->Id;
        _kernel.Call(child, 231, 0);
        _kernel.Call(user, 61, ulong.MaxValue, 0, 0, 0);
        _kernel.Pids.Ids.GoOnFrom(id - 1);
        Assert.Equal(id, _kernel.Fork(_init)->Id);
        foreach (long file in files)
            Assert.Equal(-(long)Errno.ESRCH, Read(user, file));
        Assert.Equal(-(long)Errno.ENOENT, Call(user, 257, (ulong)directory, _kernel.PokeText(user, Scratch, "status"), 0));
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Thread* again = restored.ThreadOf(user->Id);
        foreach (long file in files)
            Assert.Equal(-(long)Errno.ESRCH, restored.Call(again, 17, (ulong)file, Buffer, 100, 0));
    }

    [Fact]
    public void What_was_opened_is_not_read_on_without_permission()
    {
        Thread* user = ForkAs(User);
        Thread* child = _kernel.Fork(user);
        long file = Open(user, $"/proc/{child->Id}/maps");
        Assert.True(Read(user, file) > 0);
        child->Process->IsDumpable = false;
        Assert.Equal(-(long)Errno.EACCES, Read(user, file));
    }

    [Fact]
    public void Limits_priorities_and_processors_of_others_are_theirs()
    {
        Thread* user = ForkAs(User);
        Thread* other = ForkAs(User + 1);
        ulong id = (ulong)other->Id;
        _kernel.Poke(user, Scratch, 100UL);
        _kernel.Poke(user, Scratch + 8, 100UL);
        _kernel.Poke(user, Scratch + 0x20, 1);
        _kernel.Poke(user, Scratch + 0x30, 0);
        Assert.Equal(-(long)Errno.EPERM, Call(user, 302, id, 7, Scratch, 0));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 302, id, 7, 0, Scratch + 0x40));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 141, 0, id, 5));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 142, id, Scratch + 0x30));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 144, id, 3, Scratch + 0x30));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 203, id, 8, Scratch + 0x20));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 274, id, Scratch + 0x40, Scratch + 0x48));
        Assert.Equal(0, Call(_init, 141, 0, id, 5));
        Assert.Equal(15, Call(user, 140, 0, id));
        ulong same = (ulong)ForkAs(User)->Id;
        Assert.Equal(0, Call(user, 302, same, 7, Scratch, 0));
        Assert.Equal(0, Call(user, 141, 0, same, 5));
        Assert.Equal(-(long)Errno.EACCES, Call(user, 141, 0, same, 4));
    }

    [Fact]
    public void Priorities_of_groups_and_users()
    {
        Thread* user = ForkAs(User);
        Thread* child = _kernel.Fork(user);
        Assert.Equal(-(long)Errno.ESRCH, Call(user, 140, 1, ulong.MaxValue));
        Assert.Equal(-(long)Errno.ESRCH, Call(user, 140, 2, ulong.MaxValue));
        Assert.Equal(-(long)Errno.ESRCH, Call(user, 141, 2, 77, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(user, 140, 3, 0));
        Assert.Equal(0, Call(_init, 141, 2, User, 7));
        Assert.Equal(13, Call(child, 140, 0, 0));
        Assert.Equal(0, Call(child, 109, 0, 0));
        Assert.Equal(0, Call(user, 141, 1, (ulong)child->Id, 9));
        Assert.Equal(11, Call(child, 140, 0, 0));
        Assert.Equal(13, Call(child, 140, 2, 0));
    }

    [Fact]
    public void Policies_are_kept_and_real_time_ones_are_roots()
    {
        Thread* user = ForkAs(User);
        _kernel.Poke(user, Scratch, 0);
        _kernel.Poke(user, Scratch + 4, 5);
        _kernel.Poke(_init, Scratch + 4, 5);
        Assert.Equal(0, Call(user, 144, 0, 3, Scratch));
        Assert.Equal(3, Call(user, 145, 0));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 144, 0, 1, Scratch + 4));
        Assert.Equal(0, Call(user, 144, 0, 5, Scratch));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 144, 0, 0, Scratch));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 144, 0, 1, Scratch));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 144, 0, 4, Scratch));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 144, ulong.MaxValue, 1, Scratch + 4));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 145, ulong.MaxValue));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 143, ulong.MaxValue, Scratch));
        Assert.Equal(0, Call(_init, 144, 0, 0x40000001, Scratch + 4));
        Assert.Equal(0x40000001, Call(_init, 145, 0));
        Assert.Equal(0, Call(_init, 157, 29, 7));
        Assert.Equal(0, Call(_init, 157, 30));
        Assert.Equal(0, Call(_init, 143, 0, Scratch + 8));
        Assert.Equal(5, _kernel.Peek<int>(_init, Scratch + 8));
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(0, Call(child, 145, 0));
        Assert.Equal(99, Call(user, 146, 1));
        Assert.Equal(1, Call(user, 147, 2));
        Assert.Equal(0, Call(user, 146, 5));
        Assert.Equal(-(long)Errno.EINVAL, Call(user, 146, 4));
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Assert.Equal(0x40000001, restored.Call(restored.ThreadOf(1), 145, 0));
        Assert.Equal(5, restored.Call(restored.ThreadOf(user->Id), 145, 0));
    }

    [Fact]
    public void Io_priorities_and_timer_slack_are_kept()
    {
        Thread* user = ForkAs(User);
        Assert.Equal(0, Call(user, 252, 1, 0));
        Assert.Equal(0, Call(user, 251, 1, 0, (2 << 13) | 6));
        Assert.Equal((2 << 13) | 6, Call(user, 252, 1, 0));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 251, 1, 0, (1 << 13) | 1));
        Assert.Equal(-(long)Errno.EINVAL, Call(user, 251, 1, 0, (2 << 13) | 8));
        Assert.Equal(-(long)Errno.EINVAL, Call(user, 251, 0, 0, 2 << 13));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 251, 1, 1, 2 << 13));
        Assert.Equal(-(long)Errno.ESRCH, Call(user, 251, 1, 9999, 2 << 13));
        Assert.Equal(50_000, Call(user, 157, 30));
        Assert.Equal(0, Call(user, 157, 29, 1));
        Assert.Equal(1, Call(user, 157, 30));
        Thread* child = _kernel.Fork(user);
        Assert.Equal(1, Call(child, 157, 30));
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Assert.Equal((2 << 13) | 6, restored.Call(restored.ThreadOf(user->Id), 252, 1, 0));
        Assert.Equal(1, restored.Call(restored.ThreadOf(user->Id), 157, 30));
        Assert.Equal(0, Call(user, 157, 29, 0));
        Assert.Equal(50_000, Call(user, 157, 30));
    }

    [Fact]
    public void What_is_written_to_proc_is_kept_or_refused()
    {
        Thread* user = ForkAs(User);
        long file = Open(user, "/proc/self/oom_score_adj", 2);
        Assert.Equal(3, Write(user, file, "500"));
        Assert.Equal("500\n", Text(user, "/proc/self/oom_score_adj"));
        Assert.Equal(-(long)Errno.EACCES, Write(user, file, "-1"));
        Assert.Equal(-(long)Errno.EINVAL, Write(user, file, "1001"));
        Assert.Equal(-(long)Errno.EINVAL, Write(user, file, "many"));
        Assert.Equal("500\n", Text(user, "/proc/self/oom_score_adj"));
        Assert.Equal("500\n", Text(_kernel.Fork(user), "/proc/self/oom_score_adj"));
        Assert.Equal(6, Write(_init, Open(_init, "/proc/self/oom_score_adj", 1), "-1000\n"));
        Assert.Equal("-1000\n", Text(_init, "/proc/self/oom_score_adj"));
        Assert.Equal(-(long)Errno.EACCES, Open(user, "/proc/1/oom_score_adj", 1));
        Assert.Equal(20, Write(user, Open(user, "/proc/self/comm", 1), "a-name-of-many-chars"));
        Assert.Equal("a-name-of-many-\n", Text(user, "/proc/self/comm"));
        Assert.Equal(-(long)Errno.EINVAL, Write(_init, Open(_init, $"/proc/{user->Id}/comm", 1), "x"));
        Assert.Equal(-(long)Errno.EACCES, Open(_init, "/proc/sys/kernel/pid_max", 1));
        Assert.Equal(-(long)Errno.EIO, Write(_init, Open(_init, "/proc/self/cmdline", 1), "x"));
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Thread* again = restored.ThreadOf(user->Id);
        Assert.Equal(3 + 0L, restored.Call(again, 17, (ulong)file, Buffer, 3, 0));
        Assert.Equal((byte)'5', restored.Peek<byte>(again, Buffer));
    }

    [Fact]
    public void Names_are_cut_and_the_state_is_the_leaders()
    {
        Thread* user = ForkAs(User);
        Assert.Equal(0, Call(user, 157, 15, _kernel.PokeText(user, Scratch, "0123456789abcdefXYZ")));
        Assert.Equal("0123456789abcde\n", Text(user, "/proc/self/comm"));
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        Thread* second = _kernel.ThreadOf(_kernel.Do(user, 56, flags, Scratch + 0x8000));
        Assert.Equal(0, _kernel.Resume(second));
        _kernel.Poke(user, Scratch, Timespec.From(1_000_000_000));
        Assert.Null(_kernel.Call(user, 35, Scratch, 0));
        Assert.Contains(") S ", Text(second, "/proc/self/stat"), StringComparison.Ordinal);
    }
}
