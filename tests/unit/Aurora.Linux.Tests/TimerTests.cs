using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Linux.Calls;
using Aurora.Linux.Signals;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Timers whose signals nobody takes for a while: they stand still, count what they miss, and cost nobody else.</summary>
public sealed unsafe class TimerTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;
    private const ulong Handler = TestKernel.Code + 0x200;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_timer_of_nanoseconds_expires_once_until_its_signal_is_taken_and_counts_the_rest(bool isBlocked)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        if (isBlocked)
            Block(kernel, init, Signal.SIGUSR1);
        else
            Act(kernel, init, Signal.SIGUSR1, SignalAction.Ignore);
        MakeTimer(kernel, init, Signal.SIGUSR1, 7, 7);
        ulong begin = kernel.Clock.Now;
        Assert.InRange(Turns(kernel, Second), 1, 2);
        ulong passed = kernel.Clock.Now - begin;
        Assert.Equal(7 - (passed % 7), LeftOf(kernel, init, 0));
        if (isBlocked)
        {
            Assert.Equal((long)Signal.SIGUSR1, kernel.Do(init, 128, Scratch, Scratch + 512, 0, 8));
            Assert.Equal((int)(passed / 7) - 1, OverrunsIn(kernel.Peek<UserSignalInfo>(init, Scratch + 512)));
        }
        else
        {
            Act(kernel, init, Signal.SIGUSR1, Handler);
            Assert.Equal(Handler, init->Context->Rip);
            Assert.Equal((int)(passed / 7) - 1, OverrunsIn(kernel.Peek<UserSignalInfo>(init, init->Context->Rsi)));
        }
        Assert.Equal((long)(passed / 7) - 1, kernel.Do(init, 225, 0));
        Assert.Equal(begin + (((passed / 7) + 1) * 7), kernel.Scheduler.NextDeadlineNanoseconds);
    }

    [Fact]
    public void A_thousand_timers_of_a_nanosecond_that_nobody_hears_leave_the_machine_alone()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Act(kernel, init, Signal.SIGALRM, SignalAction.Ignore);
        for (int i = 0; i < 4; i++)
        {
            Thread* child = kernel.Fork(init);
            for (int j = 0; j < 256; j++)
                MakeTimer(kernel, child, Signal.SIGALRM, 1, 1);
        }
        Assert.InRange(Turns(kernel, Second), 1, 10);
    }

    [Fact]
    public void What_passes_before_and_after_a_restore_counts_until_the_signal_is_taken()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGUSR1);
        MakeTimer(kernel, init, Signal.SIGUSR1, Second, Second);
        Alarm(kernel, init, Second, Second);
        Block(kernel, init, Signal.SIGALRM);
        kernel.Advance((2 * Second) + (Second / 2));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        restored.Advance(kernel.Clock.Now - restored.Clock.Now);
        restored.Advance(3 * Second);
        Thread* again = restored.ThreadOf(1);
        restored.Poke(again, Scratch, SignalSet.Of(Signal.SIGUSR1).Bits);
        Assert.Equal((long)Signal.SIGUSR1, restored.Do(again, 128, Scratch, 0, 0, 8));
        Assert.Equal(4, restored.Do(again, 225, 0));
        Assert.Equal(0, AlarmLeft(restored, again));
        restored.Poke(again, Scratch, SignalSet.Of(Signal.SIGALRM).Bits);
        Assert.Equal((long)Signal.SIGALRM, restored.Do(again, 128, Scratch, 0, 0, 8));
        Assert.Equal(500_000, AlarmLeft(restored, again));
    }

    [Fact]
    public void An_interval_timer_goes_on_when_somebody_has_taken_the_alarm()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGALRM);
        Alarm(kernel, init, 1000, 1000);
        Assert.InRange(Turns(kernel, Second), 1, 2);
        Assert.Equal((long)Signal.SIGALRM, kernel.Do(init, 128, Scratch, 0, 0, 8));
        kernel.Advance(1000);
        Assert.Equal((long)Signal.SIGALRM, kernel.Do(init, 128, Scratch, 0, 0, 8));
        Alarm(kernel, init, 0, 1000);
        Assert.Equal(ulong.MaxValue, kernel.Scheduler.NextDeadlineNanoseconds);
    }

    [Fact]
    public void Every_one_of_more_timers_than_a_queue_takes_is_heard()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGUSR1);
        const int many = SignalQueue.Limit + 20;
        for (int i = 0; i < many; i++)
            MakeTimer(kernel, init, Signal.SIGUSR1, Second, i % 2 == 0 ? 0 : 100 * Second);
        kernel.Advance(2 * Second);
        var heard = new HashSet<ulong>();
        for (int i = 0; i < many; i++)
        {
            Assert.Equal((long)Signal.SIGUSR1, kernel.Do(init, 128, Scratch, Scratch + 512, 0, 8));
            heard.Add(ValueIn(kernel.Peek<UserSignalInfo>(init, Scratch + 512)));
        }
        Assert.Equal(many, heard.Count);
        kernel.Poke(init, Scratch + 16, default(Timespec));
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(init, 128, Scratch, 0, Scratch + 16, 8));
    }

    [Fact]
    public void A_timer_that_found_no_room_and_nobody_who_makes_any_tries_again()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGUSR1);
        MakeTimer(kernel, init, Signal.SIGUSR1, Second, 0);
        kernel.Pages.PageLimit = 0;
        var user = new UserSignalInfo { Code = SignalCode.Queue };
        user.Fields[0] = 1;
        kernel.Poke(init, Scratch + 512, user);
        kernel.Poke(init, Scratch + 256, ulong.MaxValue);
        kernel.Do(init, 14, 0, Scratch + 256, 0, 8);
        int queued = 0;
        while (kernel.Call(init, 129, 1, 40, Scratch + 512) == 0)
            Assert.InRange(++queued, 0, 1000);
        Assert.InRange(Turns(kernel, 2 * Second), 2, 50);
        kernel.Do(init, 226, 0);
        kernel.Advance(Second);
        Assert.Equal(ulong.MaxValue, kernel.Scheduler.NextDeadlineNanoseconds);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_timer_that_is_set_again_or_deleted_takes_its_signal_along(bool isDeleted)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGUSR1);
        MakeTimer(kernel, init, Signal.SIGUSR1, Second, Second);
        MakeTimer(kernel, init, Signal.SIGUSR1, 2 * Second, 0);
        kernel.Advance(Second);
        Assert.True(init->Process->Pending.Set.Contains(Signal.SIGUSR1));
        if (isDeleted)
            kernel.Do(init, 226, 0);
        else
            SetTimer(kernel, init, 0, 0, 0);
        Assert.True(init->Process->Pending.Set.IsEmpty);
        kernel.Advance(Second);
        Assert.Equal((long)Signal.SIGUSR1, kernel.Do(init, 128, Scratch, Scratch + 512, 0, 8));
        Assert.Equal(1UL, ValueIn(kernel.Peek<UserSignalInfo>(init, Scratch + 512)));
    }

    [Fact]
    public void A_timer_that_only_counts_shows_where_it_is_and_never_expires()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch + 128, new TimerEvent { Signal = 10, Notify = 1 });
        kernel.Do(init, 222, 1, Scratch + 128, Scratch + 8);
        kernel.Do(init, 222, 1, Scratch + 128, Scratch + 8);
        SetTimer(kernel, init, 0, Second, Second);
        SetTimer(kernel, init, 1, Second, 0);
        Assert.Equal(ulong.MaxValue, kernel.Scheduler.NextDeadlineNanoseconds);
        kernel.Advance(5 * Second / 2);
        Assert.Equal(Second / 2, LeftOf(kernel, init, 0));
        Assert.Equal(0UL, LeftOf(kernel, init, 1));
    }

    // The code may come from a program; what timers do with their own signals does not follow from it.
    [Fact]
    public void A_signal_that_only_says_it_comes_from_a_timer_is_any_other()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGUSR1);
        MakeTimer(kernel, init, Signal.SIGUSR1, Second, Second);
        for (int i = 0; i < 3; i++)
        {
            kernel.Poke(init, Scratch + 512, new UserSignalInfo { Number = (int)Signal.SIGUSR1, Code = SignalCode.Timer });
            Assert.Equal(0, kernel.Do(init, 129, 1, (ulong)Signal.SIGUSR1, Scratch + 512));
        }
        Assert.Equal(1, init->Process->Pending.Count);
    }

    private static void MakeTimer(TestKernel kernel, Thread* thread, Signal signal, ulong value, ulong interval)
    {
        kernel.Do(thread, 222, 1, 0, Scratch + 8);
        int id = kernel.Peek<int>(thread, Scratch + 8);
        if (signal != Signal.SIGALRM)
        {
            kernel.Do(thread, 226, (ulong)id);
            kernel.Poke(thread, Scratch + 128, new TimerEvent { Signal = (int)signal, Value = (ulong)id });
            kernel.Do(thread, 222, 1, Scratch + 128, Scratch + 8);
        }
        SetTimer(kernel, thread, id, value, interval);
    }

    private static void SetTimer(TestKernel kernel, Thread* thread, int id, ulong value, ulong interval)
    {
        kernel.Poke(thread, Scratch + 64, new IntervalTimespec { Value = Timespec.From(value), Interval = Timespec.From(interval) });
        kernel.Do(thread, 223, (ulong)id, 0, Scratch + 64, 0);
    }

    private static ulong LeftOf(TestKernel kernel, Thread* thread, ulong id)
    {
        kernel.Do(thread, 224, id, Scratch + 192);
        return kernel.Peek<IntervalTimespec>(thread, Scratch + 192).Value.ToNanoseconds();
    }

    private static void Alarm(TestKernel kernel, Thread* thread, ulong value, ulong interval)
    {
        kernel.Poke(thread, Scratch + 64, new IntervalTimeval { Value = Timeval.From(value), Interval = Timeval.From(interval) });
        kernel.Do(thread, 38, 0, Scratch + 64, 0);
    }

    private static long AlarmLeft(TestKernel kernel, Thread* thread)
    {
        kernel.Do(thread, 36, 0, Scratch + 192);
        IntervalTimeval left = kernel.Peek<IntervalTimeval>(thread, Scratch + 192);
        return (long)(left.Value.ToNanoseconds() / 1000);
    }

    private static void Block(TestKernel kernel, Thread* thread, Signal signal)
    {
        kernel.Poke(thread, Scratch, SignalSet.Of(signal).Bits);
        kernel.Do(thread, 14, 0, Scratch, 0, 8);
    }

    private static void Act(TestKernel kernel, Thread* thread, Signal signal, ulong handler)
    {
        kernel.Poke(thread, Scratch + 64, new SignalAction
        {
            Handler = handler, Flags = SignalAction.HasRestorer | SignalAction.SigInfo, Restorer = TestKernel.Code + 0x300,
        });
        kernel.Call(thread, 13, (ulong)signal, Scratch + 64, 0, 8);
    }

    // The turns of the main loop in which something is due.
    private static int Turns(TestKernel kernel, ulong nanoseconds)
    {
        int turns = 0;
        ulong end = kernel.Clock.Now + nanoseconds;
        for (; turns < 100_000; turns++)
        {
            ulong next = System.Math.Max(kernel.Scheduler.NextDeadlineNanoseconds, kernel.Clock.Now + 1);
            if (next > end)
                break;
            kernel.Advance(next - kernel.Clock.Now);
        }
        kernel.Advance(end - kernel.Clock.Now);
        return turns;
    }

    private static int OverrunsIn(UserSignalInfo info) => (int)(info.Fields[0] >> 32);

    private static ulong ValueIn(UserSignalInfo info) => info.Fields[1];

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct TimerEvent
    {
        public ulong Value;
        public int Signal;
        public int Notify;
    }
}
