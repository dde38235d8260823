using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>Calls about many processes or threads change some in a step and go on later, in a restored machine too.</summary>
public sealed unsafe class ManyAtOnceTests : IDisposable
{
    private const ulong Second = 1_000_000_000;
    private const ulong Word = Scratch + 0x100;
    private const ulong Other = Scratch + 0x180;
    private const ulong Private = 128;
    private const ulong User = 1000;

    private TestKernel _kernel = new();
    private Thread* _init;

    public ManyAtOnceTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    // Makes a call; the machine is restored after each of its steps, none of which may change more than an epoch holds.
    private long InSteps(int id, int leastSteps, int number, params ulong[] arguments)
    {
        Thread* thread = _kernel.ThreadOf(id);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        Start(thread, number, arguments[0], arguments.Length > 1 ? arguments[1] : 0, arguments.Length > 2 ? arguments[2] : 0);
        thread->Context->R10 = arguments.Length > 3 ? arguments[3] : 0;
        thread->Context->R8 = arguments.Length > 4 ? arguments[4] : 0;
        thread->Context->R9 = arguments.Length > 5 ? arguments[5] : 0;
        _kernel.Trap(thread);
        int steps = 1;
        for (; thread->Call.Active; steps++)
        {
            Assert.InRange(steps, 1, 1000);
            Assert.InRange(Changes(_kernel), 0, MostPerStep);
            _kernel.Tracker.MarkChanged(&thread->Header);
            _kernel.Capture(image);
            _kernel.Dispose();
            _kernel = TestKernel.Restore(image);
            thread = _kernel.ThreadOf(id);
            // It may wait for its pages first.
            for (bool waits = true; waits; waits = thread->Call.Active && thread->State != ThreadState.Runnable)
            {
                _kernel.ServePager();
                _kernel.Executive.PrepareToRun(thread);
            }
        }
        Assert.InRange(Changes(_kernel), 0, MostPerStep);
        Assert.InRange(steps, leastSteps, 1000);
        _init = _kernel.ThreadOf(1);
        return (long)thread->Context->Rax;
    }

    private Thread* ForkAsUser()
    {
        Thread* child = _kernel.Fork(_init);
        _kernel.Do(child, 105, User);
        return child;
    }

    private void StartThreads(Thread* maker, ulong word = 0)
    {
        for (int i = 0; i < Many; i++)
        {
            Thread* thread = _kernel.ThreadOf(_kernel.Do(maker, 56, ThreadFlags, 0, 0, 0, 0));
            if (word != 0)
            {
                Assert.Equal(0, _kernel.Resume(thread));
                Assert.Null(_kernel.Call(thread, 202, word, Private, 0, 0));
            }
        }
    }

    private int Count(Func<nint, bool> isMeant)
    {
        int count = 0;
        for (Process* each = _kernel.Pids.NextProcess(2); each != null; each = _kernel.Pids.NextProcess(each->Id + 1))
            for (Thread* thread = each->FirstThread; thread != null; thread = thread->NextOfProcess)
                count += isMeant((nint)thread) ? 1 : 0;
        return count;
    }

    private int CountWoken()
        => Count(each => ((Thread*)each)->Call.Active && ((Thread*)each)->Call.Number == 202
            && ((Thread*)each)->Call.Phase == FutexTable.Woken);

    [Fact]
    public void The_disk_priority_of_a_user_with_many_threads()
    {
        const int priority = (2 << 13) | 6;
        Thread* user = ForkAsUser();
        StartThreads(user);
        Assert.Equal(0, InSteps(user->Id, 3, 251, 3, 0, priority));
        Assert.Equal(Many + 1, Count(each => ((Thread*)each)->Schedule.IoPriority == priority));
        Assert.Equal(0, _init->Schedule.IoPriority);
        Assert.Equal(-(long)Errno.ESRCH, _kernel.Call(_init, 251, 3, 77, priority));
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    public void The_nice_value_of_a_group_or_user_with_many_processes(ulong which)
    {
        Thread* leader = _kernel.Fork(_init);
        _kernel.Do(leader, 112);
        for (int i = 0; i < Many; i++)
            Spawn(_kernel, leader);
        int id = leader->Id;
        Assert.Equal(0, InSteps(id, 3, 141, which, 0, 7));
        int nice = 0;
        for (Process* each = _kernel.Pids.NextProcess(2); each != null; each = _kernel.Pids.NextProcess(each->Id + 1))
            nice += each->Nice == 7 ? 1 : 0;
        Assert.Equal(Many + 1, nice);
    }

    [Fact]
    public void A_wake_with_an_operation_does_that_once_however_many_it_wakes()
    {
        Thread* user = _kernel.Fork(_init);
        StartThreads(user, Word);
        StartThreads(user, Other);
        // *other += 1; wake word; if the old *other was 0, wake other.
        const ulong addsOneIfZero = (1UL << 28) | (1UL << 12);
        int id = user->Id;
        Assert.Equal((2 * Many) - 50, InSteps(id, 5, 202, Word, 5 | Private, Many, Many - 50, Other, addsOneIfZero));
        Assert.Equal(1, _kernel.Peek<int>(_kernel.ThreadOf(id), Other));
        Assert.Equal((2 * Many) - 50, CountWoken());
        Assert.Equal(50, InSteps(id, 1, 202, Other, 1 | Private, int.MaxValue));
    }

    [Fact]
    public void A_wake_with_an_operation_wakes_only_the_first_when_the_second_does_not_compare()
    {
        Thread* user = _kernel.Fork(_init);
        StartThreads(user, Word);
        _kernel.Poke(user, Other, 1);
        const ulong addsOneIfZero = (1UL << 28) | (1UL << 12);
        Assert.Equal(Many, InSteps(user->Id, 3, 202, Word, 5 | Private, int.MaxValue, int.MaxValue, Other, addsOneIfZero));
        Assert.Equal(Many, CountWoken());
    }

    [Theory]
    [InlineData(100, int.MaxValue, Many)]
    [InlineData(0, 300, 300)]
    public void A_requeue_to_the_same_word_counts_who_is_there(int wakes, int moves, int expected)
    {
        Thread* user = _kernel.Fork(_init);
        StartThreads(user, Word);
        Assert.Equal(expected, InSteps(user->Id, 2, 202, Word, 3 | Private, (ulong)wakes, (ulong)moves, Word, 0));
        Assert.Equal(wakes, CountWoken());
    }

    [Fact]
    public void Bytes_of_another_process_in_many_small_vectors()
    {
        const int vectors = 1024;
        const ulong local = Scratch + 0x4000, remote = Scratch + 0x8000, from = Scratch + 0xC000, to = Scratch + 0xD000;
        Thread* target = _kernel.Fork(_init);
        for (ulong i = 0; i < vectors; i++)
        {
            _kernel.Poke(_init, local + (16 * i), to + i);
            _kernel.Poke(_init, local + (16 * i) + 8, 1UL);
            _kernel.Poke(_init, remote + (16 * i), from + i);
            _kernel.Poke(_init, remote + (16 * i) + 8, 1UL);
            _kernel.Poke(target, from + i, (byte)(i * 7));
        }
        int id = target->Id;
        Assert.Equal(vectors, InSteps(1, 4, 310, (ulong)id, local, vectors, remote, vectors, 0));
        for (ulong i = 0; i < vectors; i++)
            Assert.Equal((byte)(i * 7), _kernel.Peek<byte>(_init, to + i));
    }

    // They wait until a moment that the new clock brings closer.
    [Fact]
    public void Many_who_wait_for_real_time_are_told_of_a_new_clock_in_steps()
    {
        const ulong realtimeBitset = 9 | 256 | Private;
        Thread* user = _kernel.Fork(_init);
        ulong now = _kernel.GroupClock.RealtimeNanoseconds;
        _kernel.Poke(user, Scratch + 0x200, Timespec.From(now + (100 * Second)));
        int last = 0;
        for (int i = 0; i < Many; i++)
        {
            Thread* thread = _kernel.ThreadOf(_kernel.Do(user, 56, ThreadFlags, 0, 0, 0, 0));
            Assert.Equal(0, _kernel.Resume(thread));
            Assert.Null(_kernel.Call(thread, 202, Word, realtimeBitset, 0, Scratch + 0x200, 0, uint.MaxValue));
            last = thread->Id;
        }
        _kernel.Poke(_init, Scratch, Timespec.From(now + (50 * Second)));
        Assert.Equal(0, InSteps(1, 3, 227, 0, Scratch));
        Assert.Equal(now + (50 * Second), _kernel.GroupClock.RealtimeNanoseconds);
        _kernel.Advance(49 * Second);
        Assert.Null(_kernel.Resume(_kernel.ThreadOf(last)));
        _kernel.Advance(2 * Second);
        _kernel.Deadlines.Expire();
        _kernel.Deadlines.Expire();
        Assert.Equal(-(long)Errno.ETIMEDOUT, _kernel.Resume(_kernel.ThreadOf(last)));
    }
}
