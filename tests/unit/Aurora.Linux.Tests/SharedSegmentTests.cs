using System.Text;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>System V shared memory, by the call and over a restore.</summary>
public sealed unsafe class SharedSegmentTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong At = 0x3000_0000;
    private const ulong Page = 4096;
    private const ulong Make = 0x200;
    private const ulong Any = 0x1FF;

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static ulong Get(TestKernel kernel, Thread* thread, ulong key, ulong pages, ulong flags = Make | Any)
        => (ulong)kernel.Do(thread, 29, key, pages * Page, flags);

    private static ulong Attach(TestKernel kernel, Thread* thread, ulong id, ulong address = At, ulong flags = 0)
        => (ulong)kernel.Do(thread, 30, id, address, flags);

    private static SegmentStatus StatusOf(TestKernel kernel, Thread* thread, ulong id)
    {
        Assert.Equal(0, kernel.Do(thread, 31, id, 2, Scratch));
        return kernel.Peek<SegmentStatus>(thread, Scratch);
    }

    private static void Is(Errno error, long? result) => Assert.Equal(-(long)error, result);

    private static string Read(TestKernel kernel, Thread* thread, string path)
    {
        ulong file = (ulong)kernel.Do(thread, 2, kernel.PokeText(thread, Scratch, path), 0);
        var text = new StringBuilder();
        for (long length; (length = kernel.Do(thread, 0, file, Scratch, 1000)) > 0;)
            for (int i = 0; i < length; i++)
                text.Append((char)kernel.Peek<byte>(thread, Scratch + (ulong)i));
        kernel.Do(thread, 3, file);
        return text.ToString();
    }

    [Fact]
    public void A_segment_nobody_has_attached_comes_back_with_what_is_in_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Clock.Realtime += 5_000_000_000;
        ulong id = Get(kernel, init, 77, 3, Make | 0x1A4);
        Attach(kernel, init, id);
        kernel.Poke(init, At + Page, 0xA0B0C0D0UL);
        kernel.Do(init, 67, At);
        SegmentStatus before = StatusOf(kernel, init, id);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(id, Get(restored, again, 77, 3, 0x1A4));
        SegmentStatus after = StatusOf(restored, again, id);
        Assert.Equal(before, after);
        Assert.Equal(0UL, after.Attaches);
        Assert.True(after.ChangeSeconds != 0 && after.Creator == 1);
        Attach(restored, again, id);
        Assert.Equal(0xA0B0C0D0UL, restored.Peek<ulong>(again, At + Page));
        Assert.NotEqual(id, Get(restored, again, 78, 1));
    }

    [Fact]
    public void A_removed_segment_lives_as_long_as_somebody_shows_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        int objects = kernel.Memory.ObjectCount;
        ulong id = Get(kernel, init, 5, 2);
        Attach(kernel, init, id);
        kernel.Poke(init, At, 42UL);
        kernel.Do(init, 31, id, 0, 0);
        Is(Errno.ENOENT, kernel.Call(init, 29, 5, Page, 0));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        SegmentStatus status = StatusOf(restored, again, id);
        Assert.Equal(0, status.Permissions.Key);
        Assert.Equal(0x3FFU, status.Permissions.Mode);
        Attach(restored, again, id, At + (16 * Page));
        Assert.Equal(42UL, restored.Peek<ulong>(again, At + (16 * Page)));
        restored.Do(again, 67, At);
        Assert.Equal(1UL, StatusOf(restored, again, id).Attaches);
        restored.Do(again, 67, At + (16 * Page));
        Is(Errno.EINVAL, restored.Call(again, 31, id, 2, Scratch));
        Assert.Equal(objects, restored.Memory.ObjectCount);
        Is(Errno.EINVAL, restored.Call(again, 30, id, 0, 0));
    }

    [Fact]
    public void Every_piece_counts_and_shmdt_finds_them_all()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong id = Get(kernel, init, 0, 8);
        Attach(kernel, init, id);
        kernel.Do(init, 10, At + (2 * Page), Page, 1);
        Assert.Equal(3UL, StatusOf(kernel, init, id).Attaches);
        kernel.Do(init, 10, At + (2 * Page), Page, 3);
        Assert.Equal(3UL, StatusOf(kernel, init, id).Attaches);
        kernel.Do(init, 11, At, Page);
        kernel.Do(init, 11, At + (5 * Page), Page);
        Assert.Equal(4UL, StatusOf(kernel, init, id).Attaches);
        Thread* child = kernel.Fork(init);
        Assert.Equal(8UL, StatusOf(kernel, init, id).Attaches);
        Is(Errno.EINVAL, kernel.Call(init, 67, At + Page));
        kernel.Do(init, 67, At);
        Assert.Equal(4UL, StatusOf(kernel, init, id).Attaches);
        int number = child->Id;
        kernel.Call(child, 231, 0);
        SegmentStatus status = StatusOf(kernel, init, id);
        Assert.Equal(0UL, status.Attaches);
        Assert.Equal(number, status.LastProcess);
        Is(Errno.EINVAL, kernel.Call(init, 67, At));
    }

    [Fact]
    public void A_program_with_many_pieces_leaves_them_all_when_it_ends()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong id = Get(kernel, init, 0, 1200);
        Thread* child = kernel.Fork(init);
        Attach(kernel, child, id);
        for (ulong page = 1; page < 1200; page += 2)
            kernel.Do(child, 10, At + (page * Page), Page, 1);
        Assert.Equal(1200UL, StatusOf(kernel, init, id).Attaches);
        int number = child->Id;
        kernel.Call(child, 231, 0);
        Assert.True(kernel.Memory.Spaces.IsEnding);
        Assert.Equal(0UL, StatusOf(kernel, init, id).Attaches);
        Assert.Equal(number, StatusOf(kernel, init, id).LastProcess);
        kernel.Do(init, 31, id, 0, 0);
        using (TestKernel restored = Move(kernel))
            Is(Errno.EINVAL, restored.Call(restored.ThreadOf(1), 31, id, 2, Scratch));
        while (kernel.Memory.Spaces.IsEnding)
            kernel.Memory.Spaces.EndStep();
        Is(Errno.EINVAL, kernel.Call(init, 31, id, 2, Scratch));
    }

    [Fact]
    public void Many_pieces_are_detached_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong id = Get(kernel, init, 0, 1200);
        Attach(kernel, init, id);
        for (ulong page = 1; page < 1200; page += 2)
            kernel.Do(init, 10, At + (page * Page), Page, 1);
        Assert.Equal(0, kernel.Do(init, 67, At));
        Assert.Equal(0UL, StatusOf(kernel, init, id).Attaches);
    }

    [Fact]
    public void Addresses_and_rights_are_Linuxs()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong id = Get(kernel, init, 9, 2, Make | 0x180);
        Is(Errno.EINVAL, kernel.Call(init, 30, id, At + 5, 0));
        Assert.Equal(At, Attach(kernel, init, id, At + 5, 0x2000));
        Is(Errno.EINVAL, kernel.Call(init, 30, id, At + Page, 0));
        Assert.Equal(At + Page, Attach(kernel, init, id, At + Page, 0x4000));
        Is(Errno.EINVAL, kernel.Call(init, 30, id, 0, 0x4000));
        Is(Errno.EINVAL, kernel.Call(init, 30, id, 5, 0x6000));
        ulong reading = Attach(kernel, init, id, 0, 0x1000);
        Is(Errno.EACCES, kernel.Call(init, 10, reading, Page, 3));
        Is(Errno.EEXIST, kernel.Call(init, 29, 9, Page, 0x600));
        Is(Errno.EINVAL, kernel.Call(init, 29, 9, 3 * Page, 0));
        Is(Errno.EINVAL, kernel.Call(init, 29, 10, Page, Make | 0x800));
        Is(Errno.EINVAL, kernel.Call(init, 29, 10, 0, Make));
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 117, 500, 500, 500);
        Is(Errno.EACCES, kernel.Call(child, 29, 9, Page, 0x100));
        Assert.Equal((long)id, kernel.Call(child, 29, 9, Page, 0));
        Is(Errno.EACCES, kernel.Call(child, 30, id, 0, 0));
        Is(Errno.EACCES, kernel.Call(child, 31, id, 2, Scratch));
        Assert.Equal((long)id, kernel.Call(child, 31, id & 0x7FFF, 15, Scratch));
        Is(Errno.EPERM, kernel.Call(child, 31, id, 0, 0));
        Is(Errno.EPERM, kernel.Call(child, 31, id, 11, 0));
        Is(Errno.EFAULT, kernel.Call(child, 31, id, 1, 8));
        Is(Errno.EINVAL, kernel.Call(child, 31, ulong.MaxValue, 2, Scratch));
    }

    [Fact]
    public void A_removed_segment_may_be_attached_over_its_own_last_piece()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong id = Get(kernel, init, 0, 1);
        Attach(kernel, init, id);
        kernel.Poke(init, At, 7UL);
        kernel.Do(init, 31, id, 0, 0);
        Attach(kernel, init, id, At, 0x4000);
        Assert.Equal(1UL, StatusOf(kernel, init, id).Attaches);
        Assert.Equal(7UL, kernel.Peek<ulong>(init, At));
        kernel.Do(init, 67, At);
        Is(Errno.EINVAL, kernel.Call(init, 31, id, 2, Scratch));
    }

    [Fact]
    public void Groups_have_segments_of_their_own()
    {
        using var kernel = new TestKernel();
        ObjectTracker first = kernel.Tracker;
        Thread* init = kernel.Boot();
        ulong id = Get(kernel, init, 77, 1);
        ObjectTracker second = kernel.AddGroup();
        kernel.Enter(second);
        Thread* other = kernel.Boot();
        Is(Errno.ENOENT, kernel.Call(other, 29, 77, Page, 0));
        Assert.Equal(id, Get(kernel, other, 77, 2));
        Attach(kernel, other, id);
        kernel.Enter(first);
        Assert.Equal(Page, StatusOf(kernel, init, id).Size);
    }

    [Fact]
    public void Limits_and_lists_are_told()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Equal("18446744073692774399\n", Read(kernel, init, "/proc/sys/kernel/shmmax"));
        ulong id = Get(kernel, init, 0x1234, 2, Make | 0x1B6);
        Attach(kernel, init, id);
        string[] lines = Read(kernel, init, "/proc/sysvipc/shm").Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("      4660          0   666                  8192     1     0      1     0     0     0     0 ", lines[1]);
        Assert.Contains("/SYSV00001234 (deleted)", Read(kernel, init, "/proc/self/maps"));
        ulong file = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/proc/sys/kernel/shmmni"), 1);
        kernel.Do(init, 1, file, kernel.PokeText(init, Scratch, "1\n"), 2);
        Is(Errno.ENOSPC, kernel.Call(init, 29, 0, Page, Make));
        Is(Errno.EINVAL, kernel.Call(init, 1, file, kernel.PokeText(init, Scratch, "40000"), 5));
        ulong next = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/proc/sys/kernel/shm_next_id"), 1);
        kernel.Do(init, 1, file, kernel.PokeText(init, Scratch, "9"), 1);
        kernel.Do(init, 1, next, kernel.PokeText(init, Scratch, "98309"), 5);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal("9\n", Read(restored, again, "/proc/sys/kernel/shmmni"));
        Assert.Equal(98309UL, Get(restored, again, 0, 1));
        Assert.Equal("-1\n", Read(restored, again, "/proc/sys/kernel/shm_next_id"));
        Assert.Equal(1UL, Get(restored, again, 0, 1));
    }

    [Fact]
    public void Thousands_of_segments_are_found()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        for (ulong i = 0; i < 1500; i++)
            Get(kernel, init, i + 1, 1, Make | 0x1B6);
        for (ulong i = 0; i < 1500; i += 7)
            Assert.Equal((long)i, kernel.Do(init, 29, i + 1, Page, 0));
        Assert.Equal(1500 + 2, Read(kernel, init, "/proc/sysvipc/shm").Split('\n').Length);
        Assert.Equal(1499, kernel.Do(init, 31, 0, 14, Scratch));
    }

    [Fact]
    public void A_user_takes_only_his_share()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* greedy = kernel.Fork(init);
        kernel.Do(greedy, 117, 500, 500, 500);
        long result = 0;
        for (int i = 0; i < 4096 && result >= 0; i++)
            result = kernel.Call(greedy, 29, 0, Page, 0)!.Value;
        Is(Errno.ENOMEM, result);
        Thread* modest = kernel.Fork(init);
        kernel.Do(modest, 117, 501, 501, 501);
        Get(kernel, modest, 0, 1, 0);
    }

    [Fact]
    public void Locked_segments_count_for_their_user()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong large = Get(kernel, init, 0, 2000, Any);
        ulong small = Get(kernel, init, 0, 100, Any);
        kernel.Poke(init, Scratch, new SegmentStatus { Permissions = new IpcPermissions { Uid = 500, Gid = 500, Mode = 0x1FF } });
        kernel.Do(init, 31, large, 1, Scratch);
        kernel.Do(init, 31, small, 1, Scratch);
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 117, 500, 500, 500);
        kernel.Do(child, 31, large, 11, 0);
        Is(Errno.ENOMEM, kernel.Call(child, 31, small, 11, 0));
        Assert.Equal(0x5FFU, StatusOf(kernel, child, large).Permissions.Mode);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(child->Id);
        Is(Errno.ENOMEM, restored.Call(again, 31, small, 11, 0));
        restored.Do(again, 31, large, 12, 0);
        restored.Do(again, 31, small, 11, 0);
    }
}
