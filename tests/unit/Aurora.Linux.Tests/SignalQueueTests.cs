using System;
using Aurora.Linux.Calls;
using Aurora.Linux.Signals;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Handlers;

namespace Aurora.Linux.Tests;

/// <summary>Signals that queue: how many, whose they are, what they carry, and that a restore gives all of them back.</summary>
public sealed unsafe class SignalQueueTests
{
    private const ulong Info = Scratch + 0x400;
    private const ulong Own = ulong.MaxValue;

    private static Thread* Blocked(TestKernel kernel)
    {
        Thread* thread = Child(kernel);
        kernel.Poke(thread, Scratch, ulong.MaxValue);
        kernel.Do(thread, 14, 2, Scratch, 0, 8);
        return thread;
    }

    private static long? Queue(TestKernel kernel, Thread* thread, int signal, ulong value, ulong target = Own, bool isToThread = false)
    {
        var user = new UserSignalInfo { Number = signal, Code = SignalCode.Queue };
        user.Fields[0] = 77 | (5UL << 32);
        user.Fields[1] = value;
        user.Fields[2] = value + 1;
        user.Fields[3] = value + 2;
        kernel.Poke(thread, Info, user);
        ulong id = target == Own ? (ulong)thread->Process->Id : target;
        return isToThread ? kernel.Call(thread, 297, id, id, (ulong)signal, Info) : kernel.Call(thread, 129, id, (ulong)signal, Info);
    }

    private static void SetLimit(TestKernel kernel, Thread* thread, ulong soft, ulong hard = 1 << 20)
    {
        kernel.Poke(thread, Scratch + 64, new ResourceLimit(soft, Math.Max(soft, hard)));
        kernel.Do(thread, 160, (ulong)Resource.PendingSignals, Scratch + 64);
    }

    private static long? Take(TestKernel kernel, Thread* thread, out UserSignalInfo info)
    {
        kernel.Poke(thread, Scratch, ulong.MaxValue);
        kernel.Poke(thread, Scratch + 16, default(Timespec));
        long? result = kernel.Call(thread, 128, Scratch, Scratch + 512, Scratch + 16, 8);
        info = kernel.Peek<UserSignalInfo>(thread, Scratch + 512);
        return result;
    }

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    [Theory]
    [InlineData(33)]
    [InlineData(96)]
    [InlineData(97)]
    [InlineData(3000)]
    public void As_many_queue_as_the_limit_says_and_come_in_order_before_and_after_a_restore(int count)
    {
        using var kernel = new TestKernel();
        Thread* thread = Blocked(kernel);
        SetLimit(kernel, thread, (ulong)count);
        for (int i = 0; i < count; i++)
            Assert.Equal(0, Queue(kernel, thread, 34 + (i % 3), (ulong)i, isToThread: i % 2 == 0));
        Assert.Equal(-(long)Errno.EAGAIN, Queue(kernel, thread, 34, 1));
        Assert.Equal(0, kernel.Do(thread, 234, (ulong)thread->Id, (ulong)thread->Id, (ulong)Signal.SIGTERM));
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Thread* taker = each.ThreadOf(thread->Id);
            Assert.Equal((long)Signal.SIGTERM, Take(each, taker, out _));
            // A thread takes its own signals before those of its process; within each the lowest first.
            for (int parity = 0; parity < 2; parity++)
            {
                for (int signal = 0; signal < 3; signal++)
                {
                    for (int i = 0; i < count; i++)
                    {
                        if (i % 2 != parity || i % 3 != signal)
                            continue;
                        Assert.Equal(34 + signal, Take(each, taker, out UserSignalInfo info));
                        Assert.Equal((ulong)i, info.Fields[1]);
                    }
                }
            }
            Assert.Equal(-(long)Errno.EAGAIN, Take(each, taker, out _));
            // All room is there again.
            for (int i = 0; i < count; i++)
                Assert.Equal(0, Queue(each, taker, 40, (ulong)i));
            Assert.Equal(-(long)Errno.EAGAIN, Queue(each, taker, 40, 0));
        }
    }

    [Fact]
    public void What_was_queued_arrives_whole()
    {
        using var kernel = new TestKernel();
        Thread* thread = Blocked(kernel);
        SetLimit(kernel, thread, 100);
        for (int i = 0; i < 50; i++)
            Assert.Equal(0, Queue(kernel, thread, 40, (ulong)i * 1000));
        using TestKernel restored = Move(kernel);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(40, Take(restored, restored.ThreadOf(thread->Id), out UserSignalInfo info));
            Assert.Equal((40, 0, SignalCode.Queue, 0), (info.Number, info.Error, info.Code, info.Padding));
            Assert.Equal(77 | (5UL << 32), info.Fields[0]);
            for (int word = 1; word < 4; word++)
                Assert.Equal(((ulong)i * 1000) + (ulong)(word - 1), info.Fields[word]);
            for (int word = 4; word < 14; word++)
                Assert.Equal(0UL, info.Fields[word]);
        }
    }

    [Fact]
    public void The_limit_is_the_users_whatever_processes_the_signals_wait_in()
    {
        using var kernel = new TestKernel();
        Thread* first = Blocked(kernel);
        kernel.Do(first, 105, 1000);
        SetLimit(kernel, first, 60, 60);
        Thread* second = kernel.Fork(first);
        int secondId = second->Id;
        for (int i = 0; i < 40; i++)
            Assert.Equal(0, Queue(kernel, first, 40, 1));
        for (int i = 0; i < 20; i++)
            Assert.Equal(0, Queue(kernel, second, 40, 1));
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Thread* full = each.ThreadOf(first->Id);
            Thread* other = each.ThreadOf(secondId);
            Assert.Equal(-(long)Errno.EAGAIN, Queue(each, full, 40, 1));
            Assert.Equal(-(long)Errno.EAGAIN, Queue(each, other, 40, 1));
            // Of a standard signal only the details are lost, of one from kill nothing is refused.
            Assert.Equal(0, Queue(each, other, (int)Signal.SIGUSR1, 1));
            each.Do(other, 62, (ulong)other->Id, 41);
            // Root's are root's, and what another sends is charged to the one that gets it.
            Thread* root = each.ThreadOf(1);
            Assert.Equal(-(long)Errno.EAGAIN, Queue(each, root, 40, 1, (ulong)other->Process->Id));
            each.Poke(root, Scratch, ulong.MaxValue);
            each.Do(root, 14, 2, Scratch, 0, 8);
            Assert.Equal(0, Queue(each, root, 40, 1));
            // Whoever ends gives back what waited for him.
            each.Call(other, 231, 0);
            // His end is told with a signal, which counts.
            for (int i = 0; i < 19; i++)
                Assert.Equal(0, Queue(each, full, 40, 1));
            Assert.Equal(-(long)Errno.EAGAIN, Queue(each, full, 40, 1));
        }
    }

    [Fact]
    public void Who_changes_his_real_user_takes_along_what_waits()
    {
        using var kernel = new TestKernel();
        Thread* first = Blocked(kernel);
        SetLimit(kernel, first, 50, 50);
        Thread* second = kernel.Fork(first);
        for (int i = 0; i < 50; i++)
            Assert.Equal(0, Queue(kernel, first, 40, 1));
        Assert.Equal(-(long)Errno.EAGAIN, Queue(kernel, second, 40, 1));
        kernel.Do(first, 105, 1000);
        Assert.Equal(0, Queue(kernel, second, 40, 1));
        Assert.Equal(-(long)Errno.EAGAIN, Queue(kernel, first, 40, 1));
    }

    [Fact]
    public void A_signal_that_becomes_ignored_goes_with_all_that_were_queued()
    {
        using var kernel = new TestKernel();
        Thread* thread = Blocked(kernel);
        SetLimit(kernel, thread, 1000);
        for (int i = 0; i < 1000; i++)
            Assert.Equal(0, Queue(kernel, thread, 40 + (i % 2), (ulong)i, isToThread: i % 3 == 0));
        kernel.Poke(thread, Scratch, new SignalAction { Handler = SignalAction.Ignore });
        kernel.Do(thread, 13, 40, Scratch, 0, 8);
        int left = 0;
        while (Take(kernel, thread, out UserSignalInfo info) == 41)
            left++;
        Assert.Equal(500, left);
        kernel.Poke(thread, Scratch, new SignalAction { Handler = SignalAction.Default });
        kernel.Do(thread, 13, 40, Scratch, 0, 8);
        for (int i = 0; i < 1000; i++)
            Assert.Equal(0, Queue(kernel, thread, 40, (ulong)i));
    }

    [Theory]
    [InlineData(0, SignalCode.Queue, 0UL)]
    [InlineData(14 - 1, SignalCode.Queue, (ulong)0)]
    [InlineData(14 - 1, -99, (ulong)Errno.E2BIG)]
    [InlineData(0, -99, 0UL)]
    public void Bytes_beyond_what_the_kernel_keeps_must_be_zero_where_it_does_not_know_the_code(int word, int code, ulong error)
    {
        using var kernel = new TestKernel();
        Thread* thread = Blocked(kernel);
        var user = new UserSignalInfo { Number = 40, Code = code };
        user.Fields[word] = 1;
        kernel.Poke(thread, Info, user);
        Assert.Equal(-(long)error, kernel.Call(thread, 129, (ulong)thread->Id, 40, Info));
    }
}
