using Aurora.Linux.Calls;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

public sealed unsafe class TimeTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;

    [Fact]
    public void An_absolute_real_time_sleep_follows_a_clock_that_jumps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, Timespec.From(kernel.Clock.Realtime + (100 * Second)));
        Assert.Null(kernel.Call(init, 230, 0, 1, Scratch, 0));
        kernel.Clock.Realtime += 99 * Second;
        kernel.Scheduler.Wake(init);
        Assert.Null(kernel.Resume(init));
        kernel.Advance(Second);
        Assert.Equal(0, kernel.Resume(init));
    }

    [Fact]
    public void An_interval_timer_fires_in_step_and_counts_what_it_missed()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, SignalSet.Of(Signal.SIGALRM).Bits);
        kernel.Do(init, 14, 0, Scratch, 0, 8);
        kernel.Do(init, 222, 1, 0, Scratch + 8);
        int id = kernel.Peek<int>(init, Scratch + 8);
        kernel.Poke(init, Scratch + 16, new IntervalTimespec { Value = Timespec.From(Second), Interval = Timespec.From(Second) });
        kernel.Do(init, 223, (ulong)id, 0, Scratch + 16, 0);
        kernel.Advance(Second);
        Assert.Equal((long)Signal.SIGALRM, kernel.Do(init, 128, Scratch, 0, 0, 8));
        Assert.Equal(0, kernel.Do(init, 225, (ulong)id));
        kernel.Advance((5 * Second) + (Second / 2));
        Assert.Equal((long)Signal.SIGALRM, kernel.Do(init, 128, Scratch, 0, 0, 8));
        Assert.Equal(4, kernel.Do(init, 225, (ulong)id));
        kernel.Do(init, 224, (ulong)id, Scratch + 64);
        Assert.Equal(Second / 2, kernel.Peek<IntervalTimespec>(init, Scratch + 64).Value.ToNanoseconds());
        kernel.Do(init, 226, (ulong)id);
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, 225, (ulong)id));
    }

    [Fact]
    public void Alarms_are_not_inherited_and_report_what_was_left()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Equal(0, kernel.Do(init, 37, 10));
        kernel.Advance(3 * Second);
        Thread* child = kernel.Fork(init);
        Assert.Equal(0, kernel.Do(child, 37, 0));
        Assert.Equal(7, kernel.Do(init, 37, 0));
        kernel.Advance(20 * Second);
        Assert.NotNull(kernel.Resume(init));
    }

    [Fact]
    public void Absurd_times_neither_wrap_nor_fire()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, new Timespec { Seconds = long.MaxValue, Nanoseconds = 999_999_999 });
        Assert.Null(kernel.Call(init, 35, Scratch, 0));
        kernel.Advance(1UL << 60);
        Assert.Equal(ThreadState.Blocked, init->State);
        Thread* other = init;
        kernel.Scheduler.Wake(other);
        kernel.Poke(init, Scratch, new Timespec { Seconds = -1 });
        Assert.Null(kernel.Resume(init));
    }

    [Fact]
    public void Processor_time_is_charged_to_whoever_used_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(init, 39);
        kernel.Clock.Advance(Second);
        kernel.Do(init, 228, 2, Scratch);
        Assert.Equal(1, kernel.Peek<Timespec>(init, Scratch).Seconds);
        Thread* child = kernel.Fork(init);
        Assert.True(child->UserNanoseconds < Second);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_futex_wait_ends_by_wake_or_time_out(int waiters)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, 7);
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(init, 202, Scratch, 0, 8, 0, 0, 0));
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        var threads = new Thread*[waiters];
        for (int i = 0; i < waiters; i++)
        {
            threads[i] = kernel.ThreadOf(kernel.Do(init, 56, flags, Scratch + 0x4000));
            kernel.Resume(threads[i]);
            Assert.Null(kernel.Call(threads[i], 202, Scratch, 128, 7, 0, 0, 0));
        }
        if (waiters == 0)
        {
            kernel.Poke(init, Scratch + 16, Timespec.From(Second));
            Assert.Null(kernel.Call(init, 202, Scratch, 0, 7, Scratch + 16, 0, 0));
            kernel.Advance(Second);
            Assert.Equal(-(long)Errno.ETIMEDOUT, kernel.Resume(init));
            return;
        }
        Assert.Equal(1, kernel.Do(init, 202, Scratch, 129, 1, 0, 0, 0));
        Assert.Equal(0, kernel.Resume(threads[0]));
        Assert.Equal(3, kernel.Do(init, 202, Scratch, 128 | 4, 1, 10, Scratch + 4, 7));
        Assert.Equal(0, kernel.Resume(threads[1]));
        Assert.Equal(0, kernel.Do(init, 202, Scratch, 129, 10, 0, 0, 0));
        Assert.Equal(2, kernel.Do(init, 202, Scratch + 4, 129, 10, 0, 0, 0));
        Assert.Equal(0, kernel.Resume(threads[3]));
    }
}
