using System.Runtime.InteropServices;
using Aurora.Linux.Calls;
using Aurora.Linux.Signals;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Handlers;

namespace Aurora.Linux.Tests;

/// <summary>Clocks of processor time: timers and sleeps on them, others' clocks, and what is refused how.</summary>
public sealed unsafe class ProcessorTimerTests
{
    private const ulong Millisecond = 1_000_000;
    private const ulong ProcessTime = 2;
    private const ulong ThreadTime = 3;

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Event
    {
        public ulong Value;
        public int Signal;
        public int Notify;
        public int ThreadId;
    }

    private static ulong ClockOf(long id, int which, bool isThread = false)
        => unchecked((ulong)((~id << 3) | (isThread ? 4L : 0) | (long)which));

    /// <summary>The thread runs its program for a while.</summary>
    private static void Compute(TestKernel kernel, Thread* thread, ulong nanoseconds)
    {
        Assert.Equal(thread->Id, (int)kernel.Do(thread, 186));
        kernel.Advance(nanoseconds);
        kernel.Do(thread, 186);
    }

    private static Thread* Booted(TestKernel kernel)
    {
        Thread* thread = Child(kernel);
        kernel.Poke(thread, Scratch, ulong.MaxValue);
        kernel.Do(thread, 14, 2, Scratch, 0, 8);
        return thread;
    }

    private static int Make(TestKernel kernel, Thread* thread, ulong clock, ulong value = 0, int signal = (int)Signal.SIGUSR1)
    {
        kernel.Poke(thread, Scratch + 128, new Event { Value = value, Signal = signal });
        kernel.Do(thread, 222, clock, Scratch + 128, Scratch + 8);
        return kernel.Peek<int>(thread, Scratch + 8);
    }

    private static long? Set(TestKernel kernel, Thread* thread, int id, ulong value, ulong interval = 0, bool isAbsolute = false)
    {
        kernel.Poke(thread, Scratch + 16, new IntervalTimespec { Value = Timespec.From(value), Interval = Timespec.From(interval) });
        return kernel.Call(thread, 223, (ulong)id, isAbsolute ? 1UL : 0, Scratch + 16, 0);
    }

    private static long? Take(TestKernel kernel, Thread* thread, out UserSignalInfo info)
    {
        kernel.Poke(thread, Scratch, ulong.MaxValue);
        kernel.Poke(thread, Scratch + 16, default(Timespec));
        long? result = kernel.Call(thread, 128, Scratch, Scratch + 512, Scratch + 16, 8);
        info = kernel.Peek<UserSignalInfo>(thread, Scratch + 512);
        return result;
    }

    private static IntervalTimespec Left(TestKernel kernel, Thread* thread, int id)
    {
        kernel.Do(thread, 224, (ulong)id, Scratch + 64);
        return kernel.Peek<IntervalTimespec>(thread, Scratch + 64);
    }

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    [Theory]
    [InlineData(ProcessTime)]
    [InlineData(ThreadTime)]
    public void A_timer_counts_what_its_process_or_thread_uses_and_not_what_others_do(ulong clock)
    {
        using var kernel = new TestKernel();
        Thread* thread = Booted(kernel);
        Thread* other = kernel.Fork(thread);
        Compute(kernel, thread, 7 * Millisecond);
        int id = Make(kernel, thread, clock, 77);
        Assert.Equal(0, Set(kernel, thread, id, 20 * Millisecond, 10 * Millisecond));
        Compute(kernel, other, 50 * Millisecond);
        Compute(kernel, thread, 15 * Millisecond);
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Thread* counted = each.ThreadOf(thread->Id);
            Assert.Equal(-(long)Errno.EAGAIN, Take(each, counted, out _));
            Assert.Equal(5 * Millisecond, Left(each, counted, id).Value.ToNanoseconds());
            Compute(each, each.ThreadOf(other->Id), 50 * Millisecond);
            Assert.Equal(-(long)Errno.EAGAIN, Take(each, counted, out _));
            Compute(each, counted, 6 * Millisecond);
            Compute(each, counted, 21 * Millisecond);
            Assert.Equal((long)Signal.SIGUSR1, Take(each, counted, out UserSignalInfo info));
            Assert.Equal((SignalCode.Timer, (uint)id, 2U, 77UL),
                (info.Code, (uint)info.Fields[0], (uint)(info.Fields[0] >> 32), info.Fields[1]));
            Assert.Equal(8 * Millisecond, Left(each, counted, id).Value.ToNanoseconds());
            Compute(each, counted, 8 * Millisecond);
            Assert.Equal((long)Signal.SIGUSR1, Take(each, counted, out _));
            Assert.Equal(0, Set(each, counted, id, 0));
            Compute(each, counted, 100 * Millisecond);
            Assert.Equal(-(long)Errno.EAGAIN, Take(each, counted, out _));
        }
    }

    // What the kernel keeps of the timer is the same with and without a restore: it is on no list any more.
    [Fact]
    public void A_timer_of_a_thread_that_has_ended_counts_no_more()
    {
        using var kernel = new TestKernel();
        Thread* thread = Booted(kernel);
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        Thread* other = kernel.ThreadOf((int)kernel.Do(thread, 56, flags, Scratch + 0x2000, 0, 0, 0));
        int id = Make(kernel, other, ThreadTime);
        Assert.Equal(0, Set(kernel, other, id, 10 * Millisecond));
        Assert.True(thread->Process->FirstTimer->IsCounting);
        kernel.Call(other, 60, 0);
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Thread* left = each.ThreadOf(thread->Id);
            Assert.False(left->Process->FirstTimer->IsCounting);
            Assert.True(left->Process->FirstCounting == null);
            Compute(each, left, 20 * Millisecond);
            Assert.Equal(-(long)Errno.EAGAIN, Take(each, left, out _));
        }
    }

    [Fact]
    public void A_timer_may_count_another_process_until_that_is_gone()
    {
        using var kernel = new TestKernel();
        Thread* thread = Booted(kernel);
        Thread* other = kernel.Fork(thread);
        int otherId = other->Id;
        int id = Make(kernel, thread, ClockOf(otherId, 2));
        Assert.Equal(0, Set(kernel, thread, id, 10 * Millisecond, 10 * Millisecond));
        Compute(kernel, other, 12 * Millisecond);
        Assert.Equal((long)Signal.SIGUSR1, Take(kernel, thread, out _));
        kernel.Call(other, 231, 0);
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Thread* counted = each.ThreadOf(thread->Id);
            Assert.Equal(0, each.Do(counted, 228, ClockOf(otherId, 2), Scratch));
            Assert.Equal((long)Signal.SIGCHLD, Take(each, counted, out _));
            Assert.Equal(otherId, each.Do(counted, 61, (ulong)otherId, 0, 0, 0));
            Assert.Equal(-(long)Errno.EINVAL, each.Call(counted, 228, ClockOf(otherId, 2), Scratch));
            Assert.Equal(0UL, Left(each, counted, id).Value.ToNanoseconds() + Left(each, counted, id).Interval.ToNanoseconds());
            Assert.Equal(-(long)Errno.ESRCH, Set(each, counted, id, 1));
            Assert.Equal(0, each.Do(counted, 226, (ulong)id));
        }
    }

    [Fact]
    public void A_thread_that_ends_takes_nobody_with_it()
    {
        using var kernel = new TestKernel();
        Thread* thread = Booted(kernel);
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        Thread* second = kernel.ThreadOf(kernel.Do(thread, 56, flags, Scratch + 0x4000));
        kernel.Resume(second);
        int id = Make(kernel, thread, ClockOf(second->Id, 2, isThread: true));
        int user = Make(kernel, thread, ClockOf(0, 1));
        Assert.Equal(0, Set(kernel, thread, id, Millisecond));
        Assert.Equal(0, Set(kernel, thread, user, 3 * Millisecond));
        kernel.Call(second, 60, 0);
        Compute(kernel, thread, 2 * Millisecond);
        Assert.Equal(-(long)Errno.EAGAIN, Take(kernel, thread, out _));
        Compute(kernel, thread, 2 * Millisecond);
        Assert.Equal((long)Signal.SIGUSR1, Take(kernel, thread, out UserSignalInfo info));
        Assert.Equal(user, (int)info.Fields[0]);
        Assert.Equal(-(long)Errno.ESRCH, Set(kernel, thread, id, 1));
        kernel.Do(thread, 226, (ulong)id);
    }

    [Fact]
    public void What_is_asked_for_an_instant_that_has_passed_expires_at_once()
    {
        using var kernel = new TestKernel();
        Thread* thread = Booted(kernel);
        Compute(kernel, thread, 5 * Millisecond);
        int id = Make(kernel, thread, ProcessTime);
        Assert.Equal(0, Set(kernel, thread, id, 1, isAbsolute: true));
        Assert.Equal((long)Signal.SIGUSR1, Take(kernel, thread, out _));
        Assert.Equal(0UL, Left(kernel, thread, id).Value.ToNanoseconds());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sleep_on_processor_time_ends_when_it_has_been_used_also_after_a_restore(bool isAbsolute)
    {
        using var kernel = new TestKernel();
        Thread* thread = Booted(kernel);
        Thread* other = kernel.Fork(thread);
        Compute(kernel, other, 10 * Millisecond);
        kernel.Poke(thread, Scratch + 16, Timespec.From((isAbsolute ? 10 * Millisecond : 0) + (30 * Millisecond)));
        Assert.Null(kernel.Call(thread, 230, ClockOf(other->Id, 2), isAbsolute ? 1UL : 0, Scratch + 16, Scratch + 48));
        Compute(kernel, other, 20 * Millisecond);
        Assert.Null(kernel.Resume(thread));
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Thread* sleeper = each.ThreadOf(thread->Id);
            Assert.Null(each.Resume(sleeper));
            each.Advance(1000 * Millisecond);
            Assert.Null(each.Resume(sleeper));
            Compute(each, each.ThreadOf(other->Id), 11 * Millisecond);
            Assert.Equal(0, each.Resume(sleeper));
        }
    }

    [Fact]
    public void A_sleep_on_a_process_that_ends_waits_for_a_signal_and_tells_what_is_left()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        Thread* other = kernel.Fork(thread);
        Catch(kernel, thread, Signal.SIGUSR1);
        kernel.Poke(thread, Scratch + 16, Timespec.From(30 * Millisecond));
        Assert.Null(kernel.Call(thread, 230, ClockOf(other->Id, 2), 0, Scratch + 16, Scratch + 48));
        Compute(kernel, other, 10 * Millisecond);
        kernel.Call(other, 231, 0);
        Assert.Null(kernel.Resume(thread));
        kernel.Signals.Send(thread->Process, SignalInfo.FromKernel(Signal.SIGUSR1));
        Assert.NotNull(kernel.Resume(thread));
        Assert.Equal(-(long)Errno.EINTR, Return(kernel, thread));
        Assert.Equal(20 * Millisecond, kernel.Peek<Timespec>(thread, Scratch + 48).ToNanoseconds());
    }

    [Fact]
    public void Refusals_are_those_of_Linux()
    {
        using var kernel = new TestKernel();
        Thread* thread = Booted(kernel);
        Thread* other = kernel.Fork(thread);
        kernel.Poke(thread, Scratch + 128, new Event { Signal = (int)Signal.SIGUSR1 });
        const ulong ok = Scratch + 128;
        const ulong nobody = 99_999;
        void Refuses(Errno error, int call, params ulong[] arguments) => Assert.Equal(-(long)error, kernel.Call(thread, call, arguments));
        Refuses(Errno.EFAULT, 222, ProcessTime, ok, 1);
        Refuses(Errno.EFAULT, 222, ClockOf((long)nobody, 2), ok, 1);
        Refuses(Errno.EINVAL, 222, ClockOf((long)nobody, 2), ok, Scratch);
        Refuses(Errno.EINVAL, 222, unchecked((ulong)-1L), ok, Scratch);
        Refuses(Errno.EOPNOTSUPP, 222, unchecked((ulong)-5L), ok, Scratch);
        Refuses(Errno.EINVAL, 222, ClockOf(other->Id, 2, isThread: true), ok, Scratch);
        Refuses(Errno.EINVAL, 228, ClockOf(other->Id, 2, isThread: true), Scratch);
        Refuses(Errno.EINVAL, 229, ClockOf(other->Id, 2, isThread: true), Scratch);
        kernel.Poke(thread, Scratch + 16, Timespec.From(Millisecond));
        Refuses(Errno.EOPNOTSUPP, 230, ThreadTime, 0, Scratch + 16, 0);
        Refuses(Errno.EINVAL, 230, ClockOf(thread->Id, 2, isThread: true), 0, Scratch + 16, 0);
        Refuses(Errno.EINVAL, 230, ClockOf(0, 2, isThread: true), 0, Scratch + 16, 0);
        Refuses(Errno.EFAULT, 230, ProcessTime, 0, 1, 0);
        Refuses(Errno.EFAULT, 230, ClockOf((long)nobody, 2), 0, 1, 0);
        Refuses(Errno.EINVAL, 230, ClockOf((long)nobody, 2), 0, Scratch + 16, 0);
        Refuses(Errno.EOPNOTSUPP, 230, 4, 0, Scratch + 16, 0);
        Refuses(Errno.EINVAL, 230, 99, 0, Scratch + 16, 0);
        // What has a resolution of ticks on Linux has here.
        kernel.Do(thread, 229, ClockOf(0, 0), Scratch);
        Assert.Equal(4 * Millisecond, kernel.Peek<Timespec>(thread, Scratch).ToNanoseconds());
        kernel.Do(thread, 229, ClockOf(0, 2), Scratch);
        Assert.Equal(1UL, kernel.Peek<Timespec>(thread, Scratch).ToNanoseconds());
        kernel.Do(thread, 229, 1, 0);
    }
}
