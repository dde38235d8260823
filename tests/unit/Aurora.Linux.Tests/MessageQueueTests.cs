using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>System V message queues, by the call and over a restore.</summary>
public sealed unsafe class MessageQueueTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong NoWait = 0x800;

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static void Is(Errno error, long? result) => Assert.Equal(-(long)error, result);

    private static ulong Make(TestKernel kernel, Thread* thread, ulong key = 0) => (ulong)kernel.Do(thread, 68, key, 0x3B6);

    private static long? Send(TestKernel kernel, Thread* thread, ulong queue, long type, ulong value, ulong bytes = 8, ulong flags = 0)
    {
        kernel.Poke(thread, Scratch, type);
        kernel.Poke(thread, Scratch + 8, value);
        return kernel.Call(thread, 69, queue, Scratch, bytes, flags);
    }

    private static long? Receive(TestKernel kernel, Thread* thread, ulong queue, long type, ulong flags = 0, ulong bytes = 8)
        => kernel.Call(thread, 70, queue, Scratch + 0x4000, bytes, (ulong)type, flags);

    private static ulong Got(TestKernel kernel, Thread* thread) => kernel.Peek<ulong>(thread, Scratch + 0x4008);

    private static QueueStatus StatusOf(TestKernel kernel, Thread* thread, ulong queue)
    {
        kernel.Do(thread, 71, queue, 2, Scratch + 0x8000);
        return kernel.Peek<QueueStatus>(thread, Scratch + 0x8000);
    }

    private static int CountOf(TestKernel kernel, ChargeKind kind) => kernel.Pages.Accounts.StockOf(kind)!.Count;

    [Fact]
    public void Messages_come_back_in_their_order_and_are_found_by_type()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, 77);
        foreach ((long type, ulong value) in new (long, ulong)[] { (3, 30), (1, 10), (2, 20), (1, 11), (5, 50), (4, 40) })
            Assert.Equal(0, Send(kernel, init, queue, type, value));
        QueueStatus before = StatusOf(kernel, init, queue);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(before, StatusOf(restored, again, queue));
        Assert.Equal(8, Receive(restored, again, queue, 2, NoWait | 0x4000));
        Assert.Equal(20UL, Got(restored, again));
        foreach ((long type, ulong flags, ulong value) in new (long, ulong, ulong)[]
            { (1, 0, 10), (-4, 0, 11), (-4, 0, 20), (3, 0x2000, 50), (0, 0, 30), (0, 0, 40) })
        {
            Assert.Equal(8, Receive(restored, again, queue, type, flags));
            Assert.Equal(value, Got(restored, again));
        }
        Is(Errno.ENOMSG, Receive(restored, again, queue, 0, NoWait));
        Assert.Equal(0UL, StatusOf(restored, again, queue).HeldBytes);
    }

    [Fact]
    public void A_message_added_rewrites_no_other()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init);
        for (ulong i = 0; i < 100; i++)
            Send(kernel, init, queue, 1, i, 20);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Send(kernel, init, queue, 1, 100, 20);
        int changed = 0;
        for (ObjectHeader* each = kernel.Tracker.FirstChanged; each != null; each = each->NextChanged)
            changed += each->Kind == ObjectKind.Message ? 1 : 0;
        Assert.Equal(1, changed);
    }

    [Fact]
    public void A_long_message_is_whole_after_a_restore_and_leaves_nothing()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init);
        for (ulong i = 0; i < 1000; i++)
            kernel.Poke(init, Scratch + 8 + (i * 8), i * i);
        kernel.Poke(init, Scratch, 9L);
        kernel.Do(init, 69, queue, Scratch, 8000, 0);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Is(Errno.E2BIG, Receive(restored, again, queue, 0, 0, 7999));
        Assert.Equal(8000, Receive(restored, again, queue, 0, 0, 8192));
        for (ulong i = 0; i < 1000; i++)
            Assert.Equal(i * i, restored.Peek<ulong>(again, Scratch + 0x4008 + (i * 8)));
        Assert.Equal(0, CountOf(restored, ChargeKind.Message));
    }

    [Fact]
    public void What_was_handed_to_a_receiver_is_his_through_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init);
        Thread* first = kernel.Fork(init);
        Thread* second = kernel.Fork(init);
        Thread* other = kernel.Fork(init);
        Assert.Null(Receive(kernel, first, queue, 5));
        Assert.Null(Receive(kernel, other, queue, 6));
        Assert.Null(Receive(kernel, second, queue, 0));
        Assert.Equal(0, Send(kernel, init, queue, 5, 500));
        Is(Errno.ENOMSG, Receive(kernel, init, queue, 0, NoWait));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Is(Errno.ENOMSG, Receive(restored, again, queue, 0, NoWait));
        Assert.Equal(0, Send(restored, again, queue, 5, 501));
        Thread* owner = restored.ThreadOf(first->Id);
        restored.Do(again, 62, (ulong)owner->Id, (ulong)Signal.SIGUSR1);
        Assert.True(owner->IpcWait->IsServed);
        Assert.Equal(8, restored.Resume(restored.ThreadOf(second->Id)));
        Assert.Equal(501UL, Got(restored, restored.ThreadOf(second->Id)));
        Assert.Equal(500UL, (ulong)System.BitConverter.ToInt64(Messages.TextOf(owner->IpcWait->Message)));
        Assert.Null(restored.Resume(restored.ThreadOf(other->Id)));
    }

    [Fact]
    public void Senders_wait_for_room_and_are_told_when_the_queue_goes()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init);
        Thread* large = kernel.Fork(init);
        Thread* small = kernel.Fork(init);
        Thread* receiver = kernel.Fork(init);
        Assert.Equal(0, Send(kernel, init, queue, 1, 1, 8000));
        Assert.Equal(0, Send(kernel, init, queue, 1, 2, 8000));
        Is(Errno.EAGAIN, Send(kernel, init, queue, 1, 3, 8000, NoWait));
        Assert.Null(Send(kernel, large, queue, 1, 3, 8100));
        Assert.Null(Send(kernel, small, queue, 2, 4, 8000));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Null(restored.Resume(restored.ThreadOf(large->Id)));
        Assert.Null(restored.Resume(restored.ThreadOf(small->Id)));
        Assert.Equal(8, Receive(restored, again, queue, 0, 0x1000));
        Assert.Equal(1UL, Got(restored, again));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(small->Id)));
        Assert.Null(restored.Resume(restored.ThreadOf(large->Id)));
        Assert.Null(Receive(restored, restored.ThreadOf(receiver->Id), queue, 77));
        Assert.Equal(0, restored.Do(again, 71, queue, 0, 0));
        Is(Errno.EIDRM, restored.Resume(restored.ThreadOf(large->Id)));
        Is(Errno.EIDRM, restored.Resume(restored.ThreadOf(receiver->Id)));
        Assert.Equal(0, restored.Ipc.State.Of(restored.Tracker)->Queues.Count);
    }

    [Fact]
    public void A_full_queue_ends_in_steps_over_a_restore_too()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init);
        for (ulong i = 0; i < 2000; i++)
            Send(kernel, init, queue, 1, i, 1);
        kernel.Do(init, 71, queue, 0, 0);
        Is(Errno.EINVAL, Receive(kernel, init, queue, 0, NoWait));
        Assert.True(kernel.Ipc.HasWork);
        kernel.Ipc.Step();
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            for (int steps = 0; each.Ipc.HasWork; steps++)
            {
                Assert.True(steps < 20);
                each.Ipc.Step();
            }
            Assert.Equal(0, CountOf(each, ChargeKind.Message) + CountOf(each, ChargeKind.MessageQueue));
        }
    }

    [Fact]
    public void Signals_end_waits_and_nothing_is_left()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init);
        Thread* receiver = kernel.Fork(init);
        Thread* killed = kernel.Fork(init);
        Assert.Null(Receive(kernel, receiver, queue, 0));
        Assert.Null(Receive(kernel, killed, queue, 0));
        int id = killed->Id;
        kernel.Do(init, 62, (ulong)id, (ulong)Signal.SIGKILL);
        kernel.Resume(killed);
        Assert.Equal(0, Send(kernel, init, queue, 1, 7));
        Assert.Equal(8, kernel.Resume(receiver));
        Assert.Null(Receive(kernel, receiver, queue, 0));
        kernel.Do(init, 62, (ulong)receiver->Id, (ulong)Signal.SIGSTOP);
        kernel.Resume(receiver);
        Assert.True(receiver->IpcWait == null);
        kernel.Do(init, 62, (ulong)receiver->Id, (ulong)Signal.SIGCONT);
        Assert.Null(kernel.Resume(receiver));
        Assert.True(receiver->IpcWait != null);
    }

    [Fact]
    public void Arguments_are_refused_as_Linux_does()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong queue = Make(kernel, init, 5);
        Is(Errno.EEXIST, kernel.Call(init, 68, 5, 0x600));
        Is(Errno.ENOENT, kernel.Call(init, 68, 6, 0));
        Is(Errno.EINVAL, Send(kernel, init, queue, 0, 1));
        Is(Errno.EINVAL, Send(kernel, init, queue, 1, 1, 8193));
        Is(Errno.EINVAL, Send(kernel, init, queue + 1, 1, 1));
        Is(Errno.EFAULT, kernel.Call(init, 69, queue, 8, 8, 0));
        Is(Errno.EINVAL, Receive(kernel, init, queue, 0, 0x4000));
        Is(Errno.EINVAL, Receive(kernel, init, queue, 0, 0x6800));
        Is(Errno.EINVAL, kernel.Call(init, 70, queue, Scratch, ulong.MaxValue, 0, 0));
        Is(Errno.EINVAL, kernel.Call(init, 71, queue, 77, 0));
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 117, 500, 500, 500);
        kernel.Poke(init, Scratch, StatusOf(kernel, init, queue) with { MostBytes = 20000 });
        Assert.Equal(0, kernel.Do(init, 71, queue, 1, Scratch));
        Is(Errno.EPERM, kernel.Call(child, 71, queue, 1, Scratch));
        Is(Errno.EPERM, kernel.Call(child, 71, queue, 0, 0));
        Assert.Equal(0, Send(kernel, child, queue, 1, 1));
    }
}
