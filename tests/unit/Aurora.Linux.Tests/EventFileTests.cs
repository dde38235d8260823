using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>eventfds, timerfds and signalfds, by the call and over a restore.</summary>
public sealed unsafe class EventFileTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;
    private const int SetRealtime = 227;
    private const long Canceled = -(long)Errno.ECANCELED;
    private const long Again = -(long)Errno.EAGAIN;

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static ulong Timer(TestKernel kernel, Thread* thread, ulong clock, ulong flags, ulong value, ulong interval = 0)
    {
        ulong file = (ulong)kernel.Do(thread, 283, clock, 0x800);
        Assert.Equal(0, Set(kernel, thread, file, flags, value, interval));
        return file;
    }

    private static long Set(TestKernel kernel, Thread* thread, ulong file, ulong flags, ulong value, ulong interval = 0)
    {
        kernel.Poke(thread, Scratch, new IntervalTimespec { Value = Timespec.From(value), Interval = Timespec.From(interval) });
        return kernel.Call(thread, 286, file, flags, Scratch, 0)!.Value;
    }

    private static ulong Left(TestKernel kernel, Thread* thread, ulong file)
    {
        kernel.Do(thread, 287, file, Scratch);
        return kernel.Peek<IntervalTimespec>(thread, Scratch).Value.ToNanoseconds();
    }

    private static long Read(TestKernel kernel, Thread* thread, ulong file)
    {
        long result = kernel.Call(thread, 0, file, Scratch, 8)!.Value;
        return result == 8 ? (long)kernel.Peek<ulong>(thread, Scratch) : result;
    }

    private static ulong Signals(TestKernel kernel, Thread* thread, ulong mask, ulong flags = 0)
    {
        kernel.Poke(thread, Scratch, mask);
        return (ulong)kernel.Do(thread, 289, ulong.MaxValue, Scratch, 8, flags);
    }

    private static void Block(TestKernel kernel, Thread* thread, ulong mask)
    {
        kernel.Poke(thread, Scratch, mask);
        kernel.Do(thread, 14, 0, Scratch, 0, 8);
    }

    private static int Events(TestKernel kernel, Thread* thread, ulong file)
    {
        kernel.Poke(thread, Scratch, file | (5UL << 32));
        kernel.Do(thread, 7, Scratch, 1, 0);
        return (int)(kernel.Peek<ulong>(thread, Scratch) >> 48);
    }

    [Fact]
    public void A_count_and_those_who_wait_at_both_ends_come_back()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* reader = kernel.Fork(init);
        ulong empty = (ulong)kernel.Do(reader, 290, 0, 0);
        Thread* writer = kernel.Fork(reader);
        ulong full = (ulong)kernel.Do(writer, 290, uint.MaxValue, 0);
        kernel.Poke(writer, Scratch, ulong.MaxValue - 1);
        Assert.Null(kernel.Call(writer, 1, full, Scratch, 8));
        Assert.Null(kernel.Call(reader, 0, empty, Scratch, 8));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(reader->Id);
        Assert.Null(restored.Resume(again));
        Thread* other = restored.ThreadOf(writer->Id);
        Assert.Null(restored.Resume(other));
        Thread* child = restored.Fork(restored.ThreadOf(1));
        var table = (DescriptorTable*)other->Process->Descriptors;
        EventCounter* counter = (EventCounter*)Descriptors.Find(table, (int)full)->Attachment;
        Assert.Equal(uint.MaxValue, counter->Count);
        restored.Do(restored.ThreadOf(1), 62, (ulong)child->Id, (ulong)Signal.SIGKILL);
        // The reader's file is the writer's too: it writes once its own wait has been broken off.
        counter->Count = 0;
        restored.Scheduler.WakeAll(&counter->Writable);
        Assert.Equal(8, restored.Resume(other));
        Assert.Equal(ulong.MaxValue - 1, counter->Count);
        restored.Poke(other, Scratch, 3UL);
        Assert.Equal(8, restored.Do(other, 1, empty, Scratch, 8));
        Assert.Equal(8, restored.Resume(again));
        Assert.Equal(3UL, restored.Peek<ulong>(again, Scratch));
    }

    [Fact]
    public void Time_that_is_left_and_expiries_go_on_after_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong running = Timer(kernel, init, 1, 0, 10 * Second, 3 * Second);
        ulong still = Timer(kernel, init, 7, 0, Second, Second);
        ulong once = Timer(kernel, init, 0, 0, Second);
        kernel.Advance((2 * Second) + (Second / 2));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal((7 * Second) + (Second / 2), Left(restored, again, running));
        restored.Advance(2 * Second);
        Assert.Equal(4, Read(restored, again, still));
        Assert.Equal(Again, Read(restored, again, still));
        restored.Advance(Second / 2);
        Assert.Equal(1, Read(restored, again, still));
        Assert.Equal(1, Read(restored, again, once));
        Assert.Equal(0UL, Left(restored, again, once));
        restored.Advance(5 * Second);
        Assert.Equal(1, Read(restored, again, running));
        Assert.Equal(3 * Second, Left(restored, again, running));
    }

    [Fact]
    public void A_timer_of_nanoseconds_costs_nobody_else_anything()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong file = Timer(kernel, init, 1, 0, 1, 1);
        ulong begin = kernel.Clock.Now;
        kernel.Advance(Second);
        Assert.Equal(ulong.MaxValue, kernel.Scheduler.NextDeadlineNanoseconds);
        Assert.Equal((long)(kernel.Clock.Now - begin), Read(kernel, init, file));
    }

    [Fact]
    public void A_moment_that_has_passed_when_it_is_set_has_come_at_once()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong past = Timer(kernel, init, 1, 1, 1, Second);
        Assert.Equal((long)((kernel.Clock.Now - 1) / Second) + 1, Read(kernel, init, past));
        ulong file = Timer(kernel, init, 0, 1, kernel.Clock.Realtime + (100 * Second));
        kernel.Poke(init, Scratch, Timespec.From(kernel.Clock.Realtime + (101 * Second)));
        kernel.Do(init, SetRealtime, 0, Scratch);
        Assert.Equal(1, Read(kernel, init, file));
    }

    [Fact]
    public void A_moment_of_real_time_that_is_set_comes_sooner_or_later()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong moment = kernel.Clock.Realtime + (100 * Second);
        ulong absolute = Timer(kernel, init, 0, 1, moment);
        ulong relative = Timer(kernel, init, 0, 0, 100 * Second);
        ulong alarm = Timer(kernel, init, 8, 0, 100 * Second);
        kernel.Poke(init, Scratch, Timespec.From(moment - Second));
        kernel.Do(init, SetRealtime, 0, Scratch);
        Assert.Equal(Second, Left(kernel, init, absolute));
        Assert.Equal(100 * Second, Left(kernel, init, relative));
        Assert.Equal(Second, Left(kernel, init, alarm));
        kernel.Advance(Second);
        Assert.Equal(1, Read(kernel, init, absolute));
        Assert.Equal(1, Read(kernel, init, alarm));
        Assert.Equal(Again, Read(kernel, init, relative));
    }

    [Fact]
    public void A_timer_that_may_be_given_up_is_when_real_time_is_set_and_only_once()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong moment = kernel.Clock.Realtime + (100 * Second);
        ulong file = Timer(kernel, init, 0, 3, moment);
        ulong other = Timer(kernel, init, 0, 1, moment);
        Assert.Equal(0, Events(kernel, init, file));
        kernel.Poke(init, Scratch, Timespec.From(moment - Second));
        kernel.Do(init, SetRealtime, 0, Scratch);
        Assert.Equal((int)PollEvents.In, Events(kernel, init, file));
        Assert.Equal(0, Events(kernel, init, other));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(Canceled, Read(restored, again, file));
        Assert.Equal(Again, Read(restored, again, file));
        restored.Advance(Second);
        Assert.Equal(1, Read(restored, again, file));
        Assert.Equal(1, Read(restored, again, other));
    }

    [Fact]
    public void Setting_a_timer_again_says_that_real_time_was_set_meanwhile()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong moment = kernel.Clock.Realtime + (100 * Second);
        ulong file = Timer(kernel, init, 0, 3, moment);
        kernel.Poke(init, Scratch, Timespec.From(moment - (50 * Second)));
        kernel.Do(init, SetRealtime, 0, Scratch);
        Assert.Equal(Canceled, Set(kernel, init, file, 3, moment));
        Assert.Equal(50 * Second, Left(kernel, init, file));
        Assert.Equal(0, Set(kernel, init, file, 3, moment));
    }

    [Fact]
    public void A_reader_of_a_timer_is_told_that_real_time_was_set()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong file = Timer(kernel, init, 0, 3, kernel.Clock.Realtime + (100 * Second));
        Thread* reader = kernel.Fork(init);
        kernel.Do(reader, 72, file, 4, 0);
        Assert.Null(kernel.Call(reader, 0, file, Scratch, 8));
        kernel.Poke(init, Scratch, Timespec.From(kernel.Clock.Realtime + 1));
        kernel.Do(init, SetRealtime, 0, Scratch);
        Assert.Equal(Canceled, kernel.Resume(reader));
    }

    [Fact]
    public void A_group_that_goes_on_later_finds_such_timers_given_up_and_others_not()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong moment = kernel.Clock.Realtime + (100 * Second);
        ulong file = Timer(kernel, init, 0, 3, moment);
        ulong other = Timer(kernel, init, 0, 1, moment);
        ulong relative = Timer(kernel, init, 0, 2, 100 * Second);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        image.Realtime += 60 * Second;
        using TestKernel restored = TestKernel.Restore(image);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal((int)PollEvents.In, Events(restored, again, file));
        Assert.Equal(Canceled, Read(restored, again, file));
        Assert.Equal(Again, Read(restored, again, file));
        Assert.Equal(40 * Second, Left(restored, again, other));
        Assert.Equal(100 * Second, Left(restored, again, relative));
        restored.Advance(40 * Second);
        Assert.Equal(1, Read(restored, again, file));
        Assert.Equal(1, Read(restored, again, other));
    }

    [Fact]
    public void Real_time_set_back_behind_an_expiry_leaves_a_read_with_nothing()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong moment = kernel.Clock.Realtime + Second;
        ulong file = Timer(kernel, init, 0, 1, moment, 100 * Second);
        kernel.Advance(2 * Second);
        kernel.Poke(init, Scratch, Timespec.From(moment - Second));
        kernel.Do(init, SetRealtime, 0, Scratch);
        Assert.Equal((int)PollEvents.In, Events(kernel, init, file));
        kernel.Do(init, 72, file, 4, 0);
        Assert.Equal(0, Read(kernel, init, file));
        Assert.Equal(Second, Left(kernel, init, file));
    }

    [Fact]
    public void Setting_real_time_tells_any_number_of_timers_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        const int many = ProcessLife.UnitsPerStep * 2;
        ulong moment = kernel.Clock.Realtime + (100 * Second);
        var files = new ulong[many];
        for (int i = 0; i < many; i++)
            files[i] = Timer(kernel, init, 0, 3, moment);
        kernel.Poke(init, Scratch, Timespec.From(moment + Second));
        kernel.Do(init, SetRealtime, 0, Scratch);
        foreach (ulong file in files)
            Assert.Equal(Canceled, Read(kernel, init, file));
    }

    [Fact]
    public void Alarms_want_a_capability()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong file = (ulong)kernel.Do(init, 283, 9, 0);
        init->Process->Credentials.Capabilities.Effective &= ~(1UL << (int)Capability.WakeAlarm);
        Assert.Equal(-(long)Errno.EPERM, kernel.Call(init, 283, 8, 0));
        Assert.Equal(-(long)Errno.EPERM, Set(kernel, init, file, 0, Second));
        Assert.Equal((long)file + 1, kernel.Do(init, 32, file));
    }

    [Fact]
    public void Ticks_can_be_given_to_a_timer()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong file = Timer(kernel, init, 1, 0, 100 * Second);
        kernel.Poke(init, Scratch, 0UL);
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, 16, file, 0x40085400, Scratch));
        kernel.Poke(init, Scratch, 77UL);
        kernel.Do(init, 16, file, 0x40085400, Scratch);
        Assert.Equal(77, Read(kernel, init, file));
    }

    [Fact]
    public void Ticks_that_run_over_are_none_and_can_be_kept()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong file = Timer(kernel, init, 1, 0, Second);
        kernel.Poke(init, Scratch, ulong.MaxValue);
        kernel.Do(init, 16, file, 0x40085400, Scratch);
        kernel.Advance(2 * Second);
        using TestKernel restored = Move(kernel);
        Assert.Equal(Again, Read(restored, restored.ThreadOf(1), file));
    }

    /// <summary>Nobody has slept since, so no deadline has been looked at.</summary>
    [Fact]
    public void Who_asks_a_timer_whose_moment_has_come_finds_it_expired()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong file = Timer(kernel, init, 1, 0, Second, Second);
        kernel.Clock.Advance(Second + (Second / 2));
        Assert.Equal(Second / 2, Left(kernel, init, file));
        Assert.Equal(1, Read(kernel, init, file));
    }

    [Fact]
    public void Signals_wait_for_their_reader_over_a_restore_and_are_the_readers_own()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        const ulong mask = (1UL << ((int)Signal.SIGUSR1 - 1)) | (1UL << 33);
        Block(kernel, init, mask);
        ulong file = Signals(kernel, init, mask | SignalSet.Unstoppable.Bits, 0x800);
        Thread* child = kernel.Fork(init);
        kernel.Do(init, 62, 1, 34);
        kernel.Do(init, 62, 1, (ulong)Signal.SIGUSR1);
        kernel.Do(init, 62, 1, 34);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Thread* other = restored.ThreadOf(child->Id);
        Assert.Equal(0, Events(restored, other, file));
        Assert.Equal((int)PollEvents.In, Events(restored, again, file));
        Assert.Equal(Again, restored.Call(other, 0, file, Scratch, 1024));
        Assert.Equal(2 * SignalFileInfo.Bytes, restored.Call(again, 0, file, Scratch, (2 * SignalFileInfo.Bytes) + 5));
        SignalFileInfo info = restored.Peek<SignalFileInfo>(again, Scratch);
        Assert.Equal((10U, 0, 1U), (info.Signal, info.Code, info.Pid));
        Assert.Equal(34U, restored.Peek<SignalFileInfo>(again, Scratch + SignalFileInfo.Bytes).Signal);
        Assert.Equal(SignalFileInfo.Bytes, restored.Call(again, 0, file, Scratch, 1024));
        Assert.Equal(Again, restored.Call(again, 0, file, Scratch, 1024));
    }

    [Fact]
    public void A_reader_of_signals_waits_and_gets_one_that_its_mask_has_later()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        const ulong mask = 1UL << ((int)Signal.SIGUSR1 - 1);
        Block(kernel, init, 3 * mask);
        ulong file = Signals(kernel, init, 0);
        Assert.Null(kernel.Call(init, 0, file, Scratch + 0x100, 128));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Null(restored.Resume(again));
        restored.Signals.Send(again->Process, SignalInfo.FromKernel(Signal.SIGUSR1));
        Assert.Null(restored.Resume(again));
        OpenFile* open = Descriptors.Find((DescriptorTable*)again->Process->Descriptors, (int)file);
        restored.Files.Signals.SetMask(open, again, new SignalSet(mask));
        Assert.Equal(128, restored.Resume(again));
        SignalFileInfo info = restored.Peek<SignalFileInfo>(again, Scratch + 0x100);
        Assert.Equal(((uint)Signal.SIGUSR1, SignalCode.Kernel), (info.Signal, info.Code));
    }

    [Theory]
    [InlineData(284, 0UL, 0UL, 0UL)]
    [InlineData(283, 1UL, 0UL, 0UL)]
    [InlineData(289, ulong.MaxValue, Scratch, 8UL)]
    public void As_many_as_there_may_be_open_files_are_made_and_what_is_closed_is_free(int call, ulong first, ulong second, ulong third)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch + 0x1000, 4096UL);
        kernel.Poke(init, Scratch + 0x1008, 4096UL);
        kernel.Do(init, 302, 0, 7, Scratch + 0x1000, 0);
        kernel.Poke(init, Scratch, 1UL);
        for (int round = 0; round < 2; round++)
        {
            long last = 0;
            int made = 0;
            for (; (last = kernel.Call(init, call, first, second, third, 0)!.Value) >= 0; made++)
            {
            }
            Assert.True(last is -(long)Errno.ENFILE or -(long)Errno.EMFILE or -(long)Errno.ENOMEM, $"{last}");
            Assert.InRange(made, 1000, 4096);
            kernel.Do(init, 436, 0, uint.MaxValue, 0);
        }
    }
}
