using Aurora.Base;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>O_ASYNC: who is told by which signal that a pipe or a terminal is ready, over restores too.</summary>
public sealed unsafe class AsyncFileTests
{
    private const int Told = 40;
    private const ulong SetFlags = 4;
    private const ulong GetFlags = 3;
    private const ulong SetOwner = 8;
    private const ulong GetOwner = 9;
    private const ulong SetSignal = 10;
    private const ulong AsyncOn = OpenFlags.Async;
    private const ulong Data = Scratch + 0x800;

    private static (ulong Read, ulong Write) Pipe(TestKernel kernel, Thread* thread)
    {
        kernel.Do(thread, 22, Scratch + 0x40);
        return ((ulong)kernel.Peek<int>(thread, Scratch + 0x40), (ulong)kernel.Peek<int>(thread, Scratch + 0x44));
    }

    private static TestKernel Move(TestKernel kernel)
    {
        TestKernel.Image image = kernel.Source ?? new TestKernel.Image();
        for (Process* each = kernel.Pids.NextProcess(1); each != null; each = kernel.Pids.NextProcess(each->Id + 1))
            kernel.Tracker.MarkChanged(&each->FirstThread->Header);
        kernel.Capture(image);
        kernel.Dispose();
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static void Block(TestKernel kernel, Thread* thread, Signal signal)
        => kernel.Do(thread, 14, 0, kernel.PokeMask(thread, signal), 0, 8);

    // The code, band and descriptor of the next signal; null for none.
    private static (int Code, ulong Band, int Descriptor)? Take(TestKernel kernel, Thread* thread, Signal signal)
    {
        kernel.Poke(thread, Scratch + 0x80, 0UL);
        kernel.Poke(thread, Scratch + 0x88, 0UL);
        if (kernel.Call(thread, 128, kernel.PokeMask(thread, signal), Scratch + 0x100, Scratch + 0x80, 8) != (long)signal)
            return null;
        return (kernel.Peek<int>(thread, Scratch + 0x108), kernel.Peek<ulong>(thread, Scratch + 0x110),
            kernel.Peek<int>(thread, Scratch + 0x118));
    }

    private static void Watch(TestKernel kernel, Thread* owner, ulong file, int signal)
    {
        kernel.Do(owner, 72, file, SetOwner, (ulong)owner->Process->Id);
        kernel.Do(owner, 72, file, SetSignal, (ulong)signal);
        kernel.Do(owner, 72, file, SetFlags, AsyncOn);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_owners_of_a_pipe_are_told_of_bytes_and_of_room(bool moves)
    {
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        Block(kernel, init, (Signal)Told);
        (ulong read, ulong write) = Pipe(kernel, init);
        Watch(kernel, init, read, Told);
        Watch(kernel, init, write, Told);
        if (moves)
            kernel = Move(kernel);
        init = kernel.ThreadOf(1);
        Assert.Equal(AsyncOn, (ulong)kernel.Do(init, 72, read, GetFlags) & AsyncOn);
        Assert.Null(Take(kernel, init, (Signal)Told));
        Assert.Equal(3, kernel.Do(init, 1, write, Data, 3));
        Assert.Equal((1, 0x41UL, (int)read), Take(kernel, init, (Signal)Told));
        Assert.Null(Take(kernel, init, (Signal)Told));
        Assert.Equal(3, kernel.Do(init, 0, read, Data, 10));
        Assert.Equal((2, 0x304UL, (int)write), Take(kernel, init, (Signal)Told));
        Assert.Null(Take(kernel, init, (Signal)Told));
        kernel.Do(init, 3, write);
        Assert.Equal((1, 0x41UL, (int)read), Take(kernel, init, (Signal)Told));
        kernel.Dispose();
    }

    [Fact]
    public void Without_a_signal_of_its_own_it_is_SIGIO_and_what_is_turned_off_is_silent()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGIO);
        (ulong read, ulong write) = Pipe(kernel, init);
        Watch(kernel, init, read, 0);
        kernel.Do(init, 1, write, Data, 3);
        Assert.Equal(SignalCode.Kernel, Take(kernel, init, Signal.SIGIO)!.Value.Code);
        kernel.Do(init, 72, read, SetFlags, 0);
        kernel.Do(init, 1, write, Data, 3);
        Assert.Null(Take(kernel, init, Signal.SIGIO));
        kernel.Poke(init, Scratch + 0x40, 1);
        Assert.Equal(0, kernel.Do(init, 16, read, 0x5452, Scratch + 0x40));
        kernel.Do(init, 1, write, Data, 3);
        Assert.NotNull(Take(kernel, init, Signal.SIGIO));
    }

    [Fact]
    public void A_regular_file_has_no_such_flag()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/f", "12345"u8);
        ulong file = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/f"), 2);
        Assert.Equal(0, kernel.Do(init, 72, file, SetFlags, AsyncOn));
        Assert.Equal(0UL, (ulong)kernel.Do(init, 72, file, GetFlags) & AsyncOn);
        kernel.Poke(init, Scratch + 0x40, 1);
        Assert.Equal(-(long)Errno.ENOTTY, kernel.Call(init, 16, file, 0x5452, Scratch + 0x40));
    }

    [Fact]
    public void What_has_been_posted_and_not_told_is_told_after_a_restore()
    {
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        Block(kernel, init, (Signal)Told);
        Watch(kernel, init, 0, Told);
        kernel.Type("a line\n");
        Assert.True(kernel.Scheduler.HasPosted);
        kernel = Move(kernel);
        init = kernel.ThreadOf(1);
        Assert.True(kernel.Scheduler.HasPosted);
        OwnerSignals.Deliver(kernel.Linux);
        Assert.False(kernel.Scheduler.HasPosted);
        Assert.Equal((1, 0x41UL, 0), Take(kernel, init, (Signal)Told));
        kernel = Move(kernel);
        Assert.False(kernel.Scheduler.HasPosted);
        kernel.Dispose();
    }

    [Fact]
    public void A_terminal_belongs_to_its_foreground_group_unless_somebody_else_has_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Do(init, 72, 0, SetFlags, AsyncOn);
        long group = kernel.Terminals.ConsoleOf(kernel.Tracker)->ForegroundGroup;
        Assert.Equal(group == 0 ? init->Process->Id : -group, kernel.Call(init, 72, 0, GetOwner));
    }

    /// <summary>A herd of readers: what one takes away wakes one.</summary>
    [Fact]
    public void One_write_wakes_one_of_many_readers_and_what_it_leaves_the_next()
    {
        const int readers = 100;
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong read, ulong write) = Pipe(kernel, init);
        int[] ids = new int[readers];
        for (int i = 0; i < readers; i++)
        {
            Thread* child = kernel.Fork(init);
            Assert.Null(kernel.Call(child, 0, read, Data, 1));
            ids[i] = child->Id;
        }
        Assert.Equal(0, Awake(kernel, ids));
        kernel.Do(init, 1, write, Data, 1);
        Assert.Equal(1, Awake(kernel, ids));
        Assert.Equal(1, kernel.Resume(kernel.ThreadOf(ids[0])));
        Assert.Equal(1, Awake(kernel, ids));
        // Two bytes wake one reader; it leaves the second byte, and so the next is woken when it has read.
        kernel.Do(init, 1, write, Data, 2);
        Assert.Equal(2, Awake(kernel, ids));
        Assert.Equal(1, kernel.Resume(kernel.ThreadOf(ids[1])));
        Assert.Equal(3, Awake(kernel, ids));
        // Who ends before it has looked passes the wake-up on.
        kernel.Do(init, 62, (ulong)ids[2], (ulong)Signal.SIGKILL);
        Assert.Null(kernel.Resume(kernel.ThreadOf(ids[2])));
        Assert.Equal(ThreadState.Runnable, kernel.ThreadOf(ids[3])->State);
        Assert.Equal(1, kernel.Resume(kernel.ThreadOf(ids[3])));
    }

    private static int Awake(TestKernel kernel, int[] ids)
    {
        int count = 0;
        foreach (int id in ids)
            count += kernel.ThreadOf(id)->State == ThreadState.Runnable ? 1 : 0;
        return count;
    }
}
