using System;
using System.Buffers.Binary;
using System.Linq;
using System.Reflection;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>POSIX message queues: damaged records, whose notice it is, and how much is done at once.</summary>
public sealed unsafe class NamedQueueBoundTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Text = Scratch + 0x2000;
    private const ulong SharesFiles = 0x400;

    private static TestKernel.Image ImageOf(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return image;
    }

    private static ulong Make(TestKernel kernel, Thread* thread, string name, long messages = 4, long bytes = 64)
    {
        kernel.Poke(thread, Scratch + 0x1000, new QueueAttributes { MostMessages = messages, MostBytes = bytes });
        return (ulong)kernel.Call(thread, 240, kernel.PokeText(thread, Scratch, name), 0x42, 0x1A4, Scratch + 0x1000)!.Value;
    }

    private static long? Send(TestKernel kernel, Thread* thread, ulong queue, ulong bytes, ulong priority = 0)
        => kernel.Call(thread, 242, queue, Text, bytes, priority, 0);

    private static long? Receive(TestKernel kernel, Thread* thread, ulong queue, ulong bytes)
        => kernel.Call(thread, 243, queue, Scratch + 0x4000, bytes, 0, 0);

    private static NamedQueue* Find(TestKernel kernel, string name)
        => NamedQueues.Find(kernel.Ipc.State.Of(kernel.Tracker), Encoding.ASCII.GetBytes(name));

    private static void AllowMuch(Thread* thread)
        => thread->Process->Limits[Resource.MessageQueueBytes] = new ResourceLimit(ulong.MaxValue, ulong.MaxValue);

    private static ulong IdOf(TestKernel.Image image, ObjectKind kind) => image.Records.Single(each => each.Value.Item1 == kind).Key;

    private static RestoreStatus RestoreWithMostBytes(TestKernel.Image image, int bytes)
    {
        ulong id = IdOf(image, ObjectKind.NamedQueue);
        byte[] payload = [.. image.Records[id].Item2];
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(16), bytes);
        image.Records[id] = (ObjectKind.NamedQueue, payload);
        return TestKernel.TryRestore(image);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_message_is_longer_than_its_queue_allows(int messages)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q", 1, 3000);
        Assert.Equal(0, Send(kernel, init, queue, messages == 1 ? 3000UL : 1));
        if (messages == 2)
            Assert.Null(Send(kernel, kernel.Fork(init), queue, 3000));
        TestKernel.Image image = ImageOf(kernel);
        Assert.Equal(RestoreStatus.Ok, RestoreWithMostBytes(image, 3000));
        Assert.Equal(RestoreStatus.BadRecord, RestoreWithMostBytes(image, 2999));
    }

    [Fact]
    public void No_receiver_waits_for_more_than_it_has_room_for()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Assert.Null(Receive(kernel, kernel.Fork(init), queue, 100));
        TestKernel.Image image = ImageOf(kernel);
        Assert.Equal(RestoreStatus.Ok, RestoreWithMostBytes(image, 100));
        Assert.Equal(RestoreStatus.BadRecord, RestoreWithMostBytes(image, 101));
    }

    [Theory]
    [InlineData(64, RestoreStatus.Ok)]
    [InlineData(65, RestoreStatus.BadRecord)]
    public void No_receiver_is_given_more_than_it_has_room_for(int bytes, RestoreStatus expected)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Assert.Null(Receive(kernel, kernel.Fork(init), queue, 64));
        Assert.Equal(0, Send(kernel, init, queue, 8));
        TestKernel.Image image = ImageOf(kernel);
        ulong id = IdOf(image, ObjectKind.Message);
        byte[] payload = [.. image.Records[id].Item2[..MessageRecord.Bytes], .. new byte[bytes]];
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(32), bytes);
        image.Records[id] = (ObjectKind.Message, payload);
        Assert.Equal(expected, TestKernel.TryRestore(image));
    }

    [Fact]
    public void No_name_has_a_zero_in_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Make(kernel, init, "abc");
        TestKernel.Image image = ImageOf(kernel);
        ulong id = IdOf(image, ObjectKind.NamedQueue);
        byte[] payload = [.. image.Records[id].Item2];
        payload[NamedQueueRecord.Bytes + 1] = 0;
        image.Records[id] = (ObjectKind.NamedQueue, payload);
        Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
    }

    [Fact]
    public void A_message_with_the_last_number_has_others_behind_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Send(kernel, init, queue, 1);
        TestKernel.Image image = ImageOf(kernel);
        ulong id = IdOf(image, ObjectKind.Message);
        byte[] payload = [.. image.Records[id].Item2];
        BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(16), long.MaxValue);
        image.Records[id] = (ObjectKind.Message, payload);
        using TestKernel damaged = TestKernel.Restore(image);
        for (ulong bytes = 2; bytes <= 3; bytes++)
            Assert.Equal(0, Send(damaged, damaged.ThreadOf(1), queue, bytes));
        damaged.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        for (ulong bytes = 1; bytes <= 3; bytes++)
            Assert.Equal((long)bytes, Receive(restored, restored.ThreadOf(1), queue, 64));
    }

    [Fact]
    public void A_notice_is_its_process_s_whatever_descriptors_that_has()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, "q");
        Thread* child = kernel.ThreadOf(kernel.Do(init, 56, SharesFiles | (ulong)Signal.SIGCHLD));
        Assert.Equal(0, kernel.Resume(child));
        kernel.Poke(child, Scratch, 0UL);
        kernel.Poke(child, Scratch + 8, (ulong)Signal.SIGUSR1);
        Assert.Equal(0, kernel.Call(child, 244, queue, Scratch));
        Assert.Equal(0, kernel.Do(child, 272, SharesFiles));
        kernel.Do(init, 3, (ulong)kernel.Do(init, 32, queue));
        Assert.True(Find(kernel, "q")->Notice.IsThere);
        using TestKernel restored = TestKernel.Restore(ImageOf(kernel));
        restored.Do(restored.ThreadOf(child->Id), 3, queue);
        Assert.False(Find(restored, "q")->Notice.IsThere);
    }

    private static Message* Follow(Message* message, string field)
        => (Message*)Pointer.Unbox(typeof(Message).GetField(field, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(*message)!);

    // What is done for one message is as much as there are messages on such a way.
    private static int LongestWay(Message* message)
    {
        if (message == null)
            return 0;
        int length = 0, longest = 0;
        for (Message* each = message; each != null; each = Follow(each, "Next"))
        {
            length++;
            longest = Math.Max(longest, LongestWay(Follow(each, "Child")));
        }
        return Math.Max(length, longest);
    }

    [Fact]
    public void Taking_one_of_many_messages_is_little_work()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        AllowMuch(init);
        ulong queue = Make(kernel, init, "q", 511, 8);
        for (ulong i = 0; i < 511; i++)
            Assert.Equal(0, Send(kernel, init, queue, 8));
        using TestKernel restored = TestKernel.Restore(ImageOf(kernel));
        Assert.InRange(LongestWay(Find(kernel, "q")->First), 1, 9);
        Assert.InRange(LongestWay(Find(restored, "q")->First), 1, 9);
        Assert.Equal(8, Receive(restored, restored.ThreadOf(1), queue, 8));
        Assert.InRange(LongestWay(Find(restored, "q")->First), 1, 9);
    }

    [Fact]
    public void Many_queues_end_in_steps_however_they_are_closed()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        AllowMuch(init);
        const int queues = 30, messages = 20;
        ulong first = Make(kernel, init, "q0", messages, 3000);
        for (int i = 1; i < queues; i++)
            Make(kernel, init, $"q{i}", messages, 3000);
        for (ulong i = 0; i < queues * messages; i++)
            Assert.Equal(0, Send(kernel, init, first + (i % queues), 3000));
        for (int i = 0; i < queues; i++)
            Assert.Equal(0, kernel.Call(init, 241, kernel.PokeText(init, Scratch, $"q{i}")));
        Assert.Equal(0, kernel.Do(init, 436, first, first + queues - 1));
        int left = kernel.Pages.Accounts.StockOf(ChargeKind.Message)!.Count;
        Assert.Equal(queues * messages * 2, left);
        int steps = 0;
        for (; kernel.Ipc.HasWork; steps++)
        {
            int before = left;
            kernel.Ipc.Step();
            left = kernel.Pages.Accounts.StockOf(ChargeKind.Message)!.Count;
            Assert.InRange(before - left, 1, 257);
        }
        Assert.Equal(0, left + kernel.Pages.Accounts.StockOf(ChargeKind.NamedQueue)!.Count);
        Assert.InRange(steps, 5, 6);
    }

    [Theory]
    [InlineData(2, 0, 80)]
    [InlineData(2, -80, 0)]
    [InlineData(3, 5, 5)]
    [InlineData(4, 5, 80)]
    [InlineData(3, 80, -(int)Errno.ENXIO)]
    [InlineData(4, 80, -(int)Errno.ENXIO)]
    [InlineData(3, -1, -(int)Errno.EINVAL)]
    public void Seeking_goes_by_what_is_read(int whence, long offset, long expected)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Equal(expected, kernel.Call(init, 8, Make(kernel, init, "q"), (ulong)offset, (ulong)whence));
    }
}
