using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>POSIX message queues, by the call and over a restore; what programs see of them is in guests/c/mqueues.c.</summary>
public sealed unsafe class NamedQueueTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Creates = 0x42;
    private const ulong NonBlocking = 0x800;
    private const ulong Second = 1_000_000_000;

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static void Is(Errno error, long? result) => Assert.Equal(-(long)error, result);

    private static long? Open(TestKernel kernel, Thread* thread, string name, ulong flags, long messages = 4, long bytes = 64)
    {
        kernel.Poke(thread, Scratch + 0x1000, new QueueAttributes { MostMessages = messages, MostBytes = bytes });
        return kernel.Call(thread, 240, kernel.PokeText(thread, Scratch, name), flags, 0x1A4, Scratch + 0x1000);
    }

    private static ulong Make(TestKernel kernel, Thread* thread, string name, long messages = 4, long bytes = 64)
        => (ulong)Open(kernel, thread, name, Creates, messages, bytes)!.Value;

    private static long? Unlink(TestKernel kernel, Thread* thread, string name)
        => kernel.Call(thread, 241, kernel.PokeText(thread, Scratch, name));

    private static long? Send(TestKernel kernel, Thread* thread, ulong queue, ulong value, ulong priority = 0, ulong until = 0,
        ulong bytes = 8)
    {
        kernel.Poke(thread, Scratch + 0x2000, value);
        return kernel.Call(thread, 242, queue, Scratch + 0x2000, bytes, priority, until);
    }

    private static long? Receive(TestKernel kernel, Thread* thread, ulong queue, ulong until = 0)
        => kernel.Call(thread, 243, queue, Scratch + 0x4000, 0x4000, Scratch + 0x3000, until);

    private static (ulong Value, uint Priority) Got(TestKernel kernel, Thread* thread)
        => (kernel.Peek<ulong>(thread, Scratch + 0x4000), kernel.Peek<uint>(thread, Scratch + 0x3000));

    private static ulong Until(TestKernel kernel, Thread* thread, ulong nanoseconds)
    {
        kernel.Poke(thread, Scratch + 0x5000, Timespec.From(kernel.GroupClock.RealtimeNanoseconds + nanoseconds));
        return Scratch + 0x5000;
    }

    private static int CountOf(TestKernel kernel, ChargeKind kind) => kernel.Pages.Accounts.StockOf(kind)!.Count;

    private static NamedQueue* Find(TestKernel kernel, string name)
        => NamedQueues.Find(kernel.Ipc.State.Of(kernel.Tracker), System.Text.Encoding.ASCII.GetBytes(name));

    private static void AskForSignal(TestKernel kernel, Thread* thread, ulong queue, Signal signal, ulong value)
    {
        kernel.Poke(thread, Scratch, value);
        kernel.Poke(thread, Scratch + 8, (int)signal);
        kernel.Poke(thread, Scratch + 12, 0);
        Assert.Equal(0, kernel.Call(thread, 244, queue, Scratch));
    }

    private static void Drain(TestKernel kernel)
    {
        for (int steps = 0; kernel.Ipc.HasWork; steps++)
        {
            Assert.True(steps < 1000);
            kernel.Ipc.Step();
        }
    }

    /// <summary>Queues of every kind, with those who wait: for the tests of validity.</summary>
    internal static void Fill(TestKernel kernel, Thread* init)
    {
        ulong gone = Make(kernel, init, "gone");
        Send(kernel, init, gone, 1, 3);
        Unlink(kernel, init, "gone");
        ulong full = Make(kernel, init, "full", 2, 4000);
        Send(kernel, init, full, 1, 5, 0, 3000);
        Send(kernel, init, full, 2, 4);
        Thread* sender = kernel.Fork(init);
        Assert.Null(Send(kernel, sender, full, 3, 9, Until(kernel, sender, 100 * Second)));
        ulong empty = Make(kernel, init, "empty");
        Assert.Null(Receive(kernel, kernel.Fork(init), empty));
        AskForSignal(kernel, init, empty, Signal.SIGUSR1, 77);
        ulong other = Make(kernel, init, "other");
        Thread* served = kernel.Fork(init);
        Assert.Null(Receive(kernel, served, other));
        Send(kernel, init, other, 8, 8);
    }

    [Fact]
    public void Messages_of_all_priorities_come_back_in_their_order()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        init->Process->Limits[Resource.MessageQueueBytes] = new ResourceLimit(ulong.MaxValue, ulong.MaxValue);
        const int count = 2000;
        ulong queue = Make(kernel, init, "many", count, 8);
        var random = new Random(7);
        var sent = new List<(uint Priority, ulong Value)>();
        for (ulong i = 0; i < count; i++)
        {
            sent.Add(((uint)random.Next(i % 2 == 0 ? 5 : 32768), i));
            Assert.Equal(0, Send(kernel, init, queue, i, sent[^1].Priority));
        }
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        foreach ((uint priority, ulong value) in sent.OrderByDescending(each => each.Priority).ThenBy(each => each.Value))
        {
            Assert.Equal(8, Receive(restored, again, queue));
            Assert.Equal((value, priority), Got(restored, again));
        }
        Assert.Equal(0, CountOf(restored, ChargeKind.Message));
    }

    [Fact]
    public void A_message_rewrites_no_other_and_not_its_queue()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q", 10);
        for (ulong i = 0; i < 5; i++)
            Send(kernel, init, queue, i);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Send(kernel, init, queue, 5, 9);
        var changed = new List<ObjectKind>();
        for (ObjectHeader* each = kernel.Tracker.FirstChanged; each != null; each = each->NextChanged)
            changed.Add(each->Kind);
        Assert.Single(changed, ObjectKind.Message);
        Assert.DoesNotContain(ObjectKind.NamedQueue, changed);
    }

    [Fact]
    public void What_was_handed_over_is_there_after_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q", 1);
        Thread* receiver = kernel.Fork(init), other = kernel.Fork(init);
        Assert.Null(Receive(kernel, receiver, queue));
        Assert.Null(Receive(kernel, other, queue));
        Assert.Equal(0, Send(kernel, init, queue, 500, 5));
        Assert.Equal(0, Find(kernel, "q")->Count);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        receiver = restored.ThreadOf(receiver->Id);
        restored.Do(again, 62, (ulong)receiver->Id, (ulong)Signal.SIGUSR1);
        Assert.True(receiver->IpcWait->IsServed);
        Assert.Equal(500UL, (ulong)BitConverter.ToInt64(Messages.TextOf(receiver->IpcWait->Message)));
        Assert.Equal(0, Send(restored, again, queue, 501));
        Assert.Equal(8, restored.Resume(restored.ThreadOf(other->Id)));
        Assert.Equal((501UL, 0U), Got(restored, restored.ThreadOf(other->Id)));
    }

    [Fact]
    public void Senders_wait_for_room_over_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q", 1);
        Thread* first = kernel.Fork(init), second = kernel.Fork(init);
        Assert.Equal(0, Send(kernel, init, queue, 1));
        Assert.Null(Send(kernel, first, queue, 2, 3));
        Assert.Null(Send(kernel, second, queue, 3, 9));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        first = restored.ThreadOf(first->Id);
        second = restored.ThreadOf(second->Id);
        Assert.Null(restored.Resume(first));
        Assert.Equal(8, Receive(restored, again, queue));
        Assert.Equal((1UL, 0U), Got(restored, again));
        Assert.Null(restored.Resume(second));
        Assert.Equal(0, restored.Resume(first));
        Assert.Equal(8, Receive(restored, again, queue));
        Assert.Equal((2UL, 3U), Got(restored, again));
        Assert.Equal(0, restored.Resume(second));
        Assert.Equal(8, Receive(restored, again, queue));
        Assert.Equal((3UL, 9U), Got(restored, again));
    }

    [Fact]
    public void The_more_urgent_stand_before_those_who_came_first()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Thread* patient = kernel.Fork(init), usual = kernel.Fork(init), late = kernel.Fork(init), urgent = kernel.Fork(init);
        kernel.Do(patient, 141, 0, 0, 10);
        kernel.Do(urgent, 141, 0, 0, unchecked((ulong)-5));
        foreach (nint each in new[] { (nint)patient, (nint)usual, (nint)late, (nint)urgent })
            Assert.Null(Receive(kernel, (Thread*)each, queue));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        foreach (int id in new[] { urgent->Id, usual->Id, late->Id, patient->Id })
        {
            Assert.Equal(0, Send(restored, again, queue, (ulong)id));
            Assert.Equal(8, restored.Resume(restored.ThreadOf(id)));
            Assert.Equal(((ulong)id, 0U), Got(restored, restored.ThreadOf(id)));
        }
    }

    [Fact]
    public void A_wait_ends_at_its_moment_of_real_time_also_when_that_jumps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Thread* waiter = kernel.Fork(init);
        Assert.Null(Receive(kernel, waiter, queue, Until(kernel, waiter, 10 * Second)));
        using TestKernel restored = Move(kernel);
        waiter = restored.ThreadOf(waiter->Id);
        Assert.Null(restored.Resume(waiter));
        ulong target = restored.GroupClock.RealtimeNanoseconds + (20 * Second);
        restored.Poke(restored.ThreadOf(1), Scratch, Timespec.From(target));
        Assert.Equal(0, restored.Do(restored.ThreadOf(1), 227, 0, Scratch));
        Is(Errno.ETIMEDOUT, restored.Resume(waiter));
        Assert.True(waiter->IpcWait == null);
    }

    [Fact]
    public void A_queue_without_name_ends_with_who_has_it_open()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Send(kernel, init, queue, 1);
        Assert.Equal(0, Unlink(kernel, init, "q"));
        Is(Errno.ENOENT, Unlink(kernel, init, "q"));
        ulong other = Make(kernel, init, "q");
        Assert.Equal(2, kernel.Ipc.State.Of(kernel.Tracker)->NamedCount);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(2, restored.Ipc.State.Of(restored.Tracker)->NamedCount);
        Assert.Equal(8, Receive(restored, again, queue));
        Is(Errno.EAGAIN, SetNonBlocking(restored, again, other));
        restored.Do(again, 3, queue);
        restored.Do(again, 3, other);
        Assert.Equal(1, CountOf(restored, ChargeKind.NamedQueue));
        Assert.Equal(0, Unlink(restored, again, "q"));
        Assert.Equal(0, CountOf(restored, ChargeKind.NamedQueue) + CountOf(restored, ChargeKind.Message));
    }

    private static long? SetNonBlocking(TestKernel kernel, Thread* thread, ulong queue)
    {
        kernel.Poke(thread, Scratch, new QueueAttributes { Flags = (long)NonBlocking });
        Assert.Equal(0, kernel.Call(thread, 245, queue, Scratch, 0));
        return Receive(kernel, thread, queue);
    }

    [Fact]
    public void A_full_queue_ends_in_steps_over_a_restore_too()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        init->Process->Limits[Resource.MessageQueueBytes] = new ResourceLimit(ulong.MaxValue, ulong.MaxValue);
        ulong queue = Make(kernel, init, "q", 2000, 1);
        for (ulong i = 0; i < 2000; i++)
            Assert.Equal(0, Send(kernel, init, queue, i, i % 7, 0, 1));
        Unlink(kernel, init, "q");
        kernel.Do(init, 3, queue);
        Assert.True(kernel.Ipc.HasWork);
        Assert.Equal(0, kernel.Ipc.State.Of(kernel.Tracker)->NamedCount);
        kernel.Ipc.Step();
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Drain(each);
            Assert.Equal(0, CountOf(each, ChargeKind.Message) + CountOf(each, ChargeKind.NamedQueue));
        }
    }

    [Fact]
    public void A_signal_tells_once_and_the_notice_goes_with_a_descriptor()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Thread* child = kernel.Fork(init);
        kernel.Poke(init, Scratch, ulong.MaxValue);
        kernel.Do(init, 14, 0, Scratch, 0, 8);
        AskForSignal(kernel, init, queue, Signal.SIGUSR1, 0x123456789);
        kernel.Do(child, 3, queue);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        child = restored.ThreadOf(child->Id);
        ulong reopened = (ulong)Open(restored, child, "q", 2)!.Value;
        Assert.Equal(0, Send(restored, child, reopened, 1));
        Assert.Equal(0, Send(restored, child, reopened, 2));
        Assert.True(SignalService.Peek(again, default, out SignalInfo info));
        Assert.Equal((Signal.SIGUSR1, SignalCode.MessageQueue, child->Process->Id, 0x123456789UL),
            (info.Signal, info.Code, info.Pid, info.Value));
        Assert.False(Find(restored, "q")->Notice.IsThere);
        AskForSignal(restored, again, queue, Signal.SIGUSR2, 0);
        restored.Do(again, 3, (ulong)restored.Do(again, 32, queue));
        Assert.False(Find(restored, "q")->Notice.IsThere);
    }

    [Fact]
    public void Queues_count_to_who_made_them_and_no_more_than_allowed()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 117, 500, 500, 500);
        ulong each = 4 * (64 + 96);
        child->Process->Limits[Resource.MessageQueueBytes] = new ResourceLimit((2 * each) + 1, (2 * each) + 1);
        ulong first = Make(kernel, child, "q0");
        Make(kernel, child, "q1");
        Is(Errno.EMFILE, Open(kernel, child, "q2", Creates));
        Make(kernel, init, "r");
        using TestKernel restored = Move(kernel);
        child = restored.ThreadOf(child->Id);
        Is(Errno.EMFILE, Open(restored, child, "q2", Creates));
        Is(Errno.EPERM, Unlink(restored, child, "r"));
        Is(Errno.EACCES, Open(restored, child, "r", 2));
        Assert.Equal(0, Unlink(restored, child, "q0"));
        Is(Errno.EMFILE, Open(restored, child, "q2", Creates));
        restored.Do(child, 3, first);
        Make(restored, child, "q2");
        Is(Errno.EINVAL, Open(restored, child, "q3", Creates, 11));
        Is(Errno.EINVAL, Open(restored, child, "q3", Creates, 1, 8193));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void There_are_so_many_queues_and_one_more_for_the_privileged(int most)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong file = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/proc/sys/fs/mqueue/queues_max"), 1);
        Assert.Equal(1, kernel.Do(init, 1, file, kernel.PokeText(init, Scratch, $"{most}"), 1));
        Is(Errno.EINVAL, kernel.Call(init, 1, file, kernel.PokeText(init, Scratch, "-1"), 2));
        Is(Errno.EINVAL, kernel.Call(init, 1, file, kernel.PokeText(init, Scratch, "32769"), 5));
        kernel.Do(child, 117, 500, 500, 500);
        for (int i = 0; i < most; i++)
            Make(kernel, child, $"q{i}");
        using TestKernel restored = Move(kernel);
        Is(Errno.ENOSPC, Open(restored, restored.ThreadOf(child->Id), "more", Creates));
        Assert.True(Open(restored, restored.ThreadOf(1), "more", Creates) > 0);
    }

    [Fact]
    public void A_record_of_a_space_before_there_were_queues_is_read()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = (ulong)kernel.Do(init, 68, 7, 0x3B6);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
            if (kind == ObjectKind.IpcSpace)
                image.Records[id] = (kind, payload[..IpcSpaceRecord.BytesOfVersion1]);
        using TestKernel restored = TestKernel.Restore(image, versionOf: kind => kind == ObjectKind.IpcSpace ? 1 : null);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal((long)queue, restored.Do(again, 68, 7, 0));
        Make(restored, again, "q", 10, 8192);
    }
}
