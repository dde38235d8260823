using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What a call accepts, a restore accepts: states that legal programs build are captured, restored, and go on.</summary>
public sealed unsafe class LegalStateTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong OpenFileGetLock = 36;
    private const ulong OpenFileSetLock = 37;
    private const ulong OpenFileSetLockWait = 38;

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static long? Lock(TestKernel kernel, Thread* thread, long descriptor, ulong command, short type, long start, long length)
    {
        kernel.Poke(thread, Scratch + 512, new LinuxLock { Type = type, Start = start, Length = length });
        return kernel.Call(thread, 72, (ulong)descriptor, command, Scratch + 512);
    }

    private static long Open(TestKernel kernel, Thread* thread, string path) => kernel.Do(thread, 2, kernel.PokeText(thread, Scratch + 256, path), 2);

    [Theory]
    [InlineData(LinuxLock.Write)]
    [InlineData(LinuxLock.Read)]
    public void A_lock_of_an_open_file_is_still_held_after_a_restore(short type)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/l", "x"u8, 0x81B6);
        long holder = Open(kernel, init, "/l");
        long other = Open(kernel, init, "/l");
        Assert.Equal(0, Lock(kernel, init, holder, OpenFileSetLock, type, 200, 10));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(0, Lock(restored, again, other, OpenFileGetLock, LinuxLock.Write, 205, 1));
        LinuxLock found = restored.Peek<LinuxLock>(again, Scratch + 512);
        Assert.Equal((type, 200L, 10L, -1), (found.Type, found.Start, found.Length, found.Process));
        Assert.Equal(-(long)Errno.EAGAIN, Lock(restored, again, other, OpenFileSetLock, LinuxLock.Write, 205, 1));
        // Its end is the end of its open file: not before the last duplicate is closed.
        long duplicate = restored.Do(again, 32, (ulong)holder);
        restored.Do(again, 3, (ulong)holder);
        Assert.Equal(-(long)Errno.EAGAIN, Lock(restored, again, other, OpenFileSetLock, LinuxLock.Write, 205, 1));
        restored.Do(again, 3, (ulong)duplicate);
        Assert.Equal(0, Lock(restored, again, other, OpenFileSetLock, LinuxLock.Write, 205, 1));
    }

    [Fact]
    public void A_thread_that_waits_for_a_lock_of_an_open_file_gets_it_after_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/l", "x"u8, 0x81B6);
        long holder = Open(kernel, init, "/l");
        Thread* child = kernel.Fork(init);
        long own = Open(kernel, child, "/l");
        kernel.Do(child, 3, (ulong)holder);
        Assert.Equal(0, Lock(kernel, init, holder, OpenFileSetLock, LinuxLock.Write, 0, 0));
        Assert.Null(Lock(kernel, child, own, OpenFileSetLockWait, LinuxLock.Write, 5, 5));
        using TestKernel restored = Move(kernel);
        Thread* waiter = restored.ThreadOf(child->Id);
        Assert.Null(restored.Resume(waiter));
        restored.Do(restored.ThreadOf(1), 3, (ulong)holder);
        Assert.Equal(0, restored.Resume(waiter));
    }

    [Fact]
    public void All_three_kinds_of_locks_are_restored_side_by_side()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/l", "x"u8, 0x81B6);
        long file = Open(kernel, init, "/l");
        long other = Open(kernel, init, "/l");
        kernel.Do(init, 73, (ulong)file, 2);
        Assert.Equal(0, Lock(kernel, init, file, 6, LinuxLock.Write, 100, 10));
        Assert.Equal(0, Lock(kernel, init, file, OpenFileSetLock, LinuxLock.Read, 200, 10));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(-(long)Errno.EAGAIN, restored.Call(again, 73, (ulong)other, 2 | 4));
        Assert.Equal(-(long)Errno.EAGAIN, Lock(restored, again, other, OpenFileSetLock, LinuxLock.Write, 100, 1));
        Assert.Equal(-(long)Errno.EAGAIN, Lock(restored, again, other, OpenFileSetLock, LinuxLock.Write, 200, 1));
        Assert.Equal(0, Lock(restored, again, other, 6, LinuxLock.Write, 110, 1));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(-1)]
    [InlineData(65)]
    [InlineData(int.MinValue)]
    public void A_timer_without_a_signal_takes_any_signal_number(int signal)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, 0UL);
        kernel.Poke(init, Scratch + 8, signal);
        kernel.Poke(init, Scratch + 12, 1);
        kernel.Do(init, 222, 1, Scratch, Scratch + 128);
        using TestKernel restored = Move(kernel);
        Assert.Equal(0, restored.Do(restored.ThreadOf(1), 226, restored.Peek<uint>(restored.ThreadOf(1), Scratch + 128)));
    }
}
