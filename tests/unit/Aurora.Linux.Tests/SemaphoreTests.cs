using Aurora.Base;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>System V semaphores, by the call and over a restore.</summary>
public sealed unsafe class SemaphoreTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const int Undo = 0x1000;
    private const int NoWait = 0x800;

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static int CountOf(TestKernel kernel, ChargeKind kind) => kernel.Pages.Accounts.StockOf(kind)!.Count;

    private static void Is(Errno error, long? result) => Assert.Equal(-(long)error, result);

    private static ulong Make(TestKernel kernel, Thread* thread, int count, ulong key = 0)
        => (ulong)kernel.Do(thread, 64, key, (ulong)count, 0x3B6);

    private static long? Operate(TestKernel kernel, Thread* thread, ulong set, params (int Semaphore, int Change, int Flags)[] operations)
    {
        for (int i = 0; i < operations.Length; i++)
        {
            kernel.Poke(thread, Scratch + ((ulong)i * 6), (ushort)operations[i].Semaphore);
            kernel.Poke(thread, Scratch + ((ulong)i * 6) + 2, (short)operations[i].Change);
            kernel.Poke(thread, Scratch + ((ulong)i * 6) + 4, (short)operations[i].Flags);
        }
        return kernel.Call(thread, 65, set, Scratch, (ulong)operations.Length);
    }

    private static long Value(TestKernel kernel, Thread* thread, ulong set, int semaphore)
        => kernel.Do(thread, 66, set, (ulong)semaphore, 12);

    private static long Waiting(TestKernel kernel, Thread* thread, ulong set, int semaphore, bool forZero = false)
        => kernel.Do(thread, 66, set, (ulong)semaphore, forZero ? 15UL : 14);

    [Fact]
    public void Values_and_who_waits_come_back_and_all_are_served_in_their_order()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong set = Make(kernel, init, 100, 5);
        Assert.Equal(0, Operate(kernel, init, set, (99, 7, 0)));
        Thread* first = kernel.Fork(init);
        Thread* second = kernel.Fork(init);
        Thread* both = kernel.Fork(init);
        Thread* zero = kernel.Fork(init);
        Assert.Null(Operate(kernel, first, set, (0, -2, 0)));
        Assert.Null(Operate(kernel, second, set, (0, -1, 0)));
        Assert.Null(Operate(kernel, both, set, (0, -1, 0), (1, -1, 0)));
        Assert.Null(Operate(kernel, zero, set, (99, 0, 0)));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(7, Value(restored, again, set, 99));
        Assert.Equal(3, Waiting(restored, again, set, 0));
        Assert.Equal(1, Waiting(restored, again, set, 99, forZero: true));
        Assert.Null(restored.Resume(restored.ThreadOf(both->Id)));
        Assert.Equal(0, Operate(restored, again, set, (0, 1, 0), (1, 1, 0)));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(second->Id)));
        Assert.Null(restored.Resume(restored.ThreadOf(first->Id)));
        Assert.Equal(0, Operate(restored, again, set, (0, 1, 0)));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(both->Id)));
        Assert.Equal(0, Operate(restored, again, set, (0, 2, 0), (99, -7, 0)));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(first->Id)));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(zero->Id)));
        foreach (int id in new[] { first->Id, second->Id, both->Id, zero->Id })
            Assert.True(restored.ThreadOf(id)->IpcWait == null);
    }

    [Fact]
    public void What_was_done_for_a_sleeper_is_done_once_through_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong set = Make(kernel, init, 1);
        Thread* waiter = kernel.Fork(init);
        Assert.Null(Operate(kernel, waiter, set, (0, -1, Undo)));
        Assert.Equal(0, Operate(kernel, init, set, (0, 1, 0)));
        Assert.Equal(0, Value(kernel, init, set, 0));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        restored.Do(again, 62, (ulong)waiter->Id, (ulong)Signal.SIGKILL);
        restored.Resume(restored.ThreadOf(waiter->Id));
        Assert.Equal(1, Value(restored, again, set, 0));
        Assert.Equal(0, CountOf(restored, ChargeKind.SemaphoreUndo));
    }

    [Fact]
    public void Undos_survive_and_the_last_who_shares_them_applies_them()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong set = Make(kernel, init, 70);
        Thread* child = kernel.Fork(init);
        Assert.Equal(0, Operate(kernel, child, set, (0, 3, Undo), (69, 5, Undo), (69, -1, Undo)));
        long sharer = kernel.Do(child, 56, 0x40011, 0, 0, 0, 0);
        Assert.Equal(0, Operate(kernel, kernel.ThreadOf(sharer), set, (0, 1, Undo)));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Thread* again = restored.ThreadOf(1);
        restored.Call(restored.ThreadOf(child->Id), 231, 0);
        Assert.Equal(4, Value(restored, again, set, 0));
        TestKernel.Image next = image.Copy();
        restored.Capture(next);
        using TestKernel later = TestKernel.Restore(next);
        again = later.ThreadOf(1);
        later.Call(later.ThreadOf(sharer), 231, 0);
        Assert.Equal(0, Value(later, again, set, 0));
        Assert.Equal(0, Value(later, again, set, 69));
    }

    [Fact]
    public void Setting_clears_undos_and_removing_ends_everything_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong set = Make(kernel, init, 30000);
        Thread* child = kernel.Fork(init);
        Assert.Equal(0, Operate(kernel, child, set, (0, 3, Undo), (29999, 3, Undo)));
        Assert.Equal(0, kernel.Do(init, 66, set, 0, 16, 9));
        Thread* waiter = kernel.Fork(init);
        Assert.Null(Operate(kernel, waiter, set, (1, -1, 0)));
        (int waiting, int undoing) = (waiter->Id, child->Id);
        kernel.Do(init, 66, set, 0, 0);
        Assert.True(kernel.Ipc.HasWork);
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Is(Errno.EIDRM, each.Resume(each.ThreadOf(waiting)));
            for (int steps = 0; each.Ipc.HasWork; steps++)
            {
                Assert.True(steps < 10);
                each.Ipc.Step();
            }
            Assert.Equal(0, CountOf(each, ChargeKind.SemaphoreBlock) + CountOf(each, ChargeKind.SemaphoreSet));
            each.Call(each.ThreadOf(undoing), 231, 0);
        }
    }

    [Fact]
    public void All_or_nothing_and_Linuxs_errors()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong set = Make(kernel, init, 3);
        Assert.Equal(0, Operate(kernel, init, set, (0, 5, 0)));
        Is(Errno.EAGAIN, Operate(kernel, init, set, (0, -3, NoWait | Undo), (1, -1, NoWait)));
        Assert.Equal(5, Value(kernel, init, set, 0));
        Is(Errno.ERANGE, Operate(kernel, init, set, (1, 1, 0), (0, 32767, 0)));
        Assert.Equal(0, Value(kernel, init, set, 1));
        Is(Errno.EFBIG, Operate(kernel, init, set, (3, 1, 0)));
        Is(Errno.EINVAL, Operate(kernel, init, set + 1, (0, 1, 0)));
        Is(Errno.EINVAL, kernel.Call(init, 65, set, Scratch, 0));
        Is(Errno.E2BIG, kernel.Call(init, 65, set, Scratch, 501));
        Is(Errno.EFAULT, kernel.Call(init, 65, set, 8, 1));
        Is(Errno.ERANGE, kernel.Call(init, 66, set, 0, 16, 32768));
        Is(Errno.EINVAL, kernel.Call(init, 66, set, 3, 12));
        Thread* waiter = kernel.Fork(init);
        kernel.Poke(waiter, Scratch + 0x100, 0UL);
        kernel.Poke(waiter, Scratch + 0x108, 5_000_000UL);
        kernel.Poke(waiter, Scratch, 0x0000_FFFF_0002UL);
        Assert.Null(kernel.Call(waiter, 220, set, Scratch, 1, Scratch + 0x100));
        kernel.Advance(4_000_000);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(waiter->Id);
        Assert.Null(restored.Resume(again));
        restored.Advance(2_000_000);
        Is(Errno.EAGAIN, restored.Resume(again));
        Assert.Null(Operate(restored, again, set, (2, -1, 0)));
        restored.Do(restored.ThreadOf(1), 62, (ulong)again->Id, (ulong)Signal.SIGSTOP);
        restored.Resume(again);
        Assert.True(again->IpcWait == null);
    }

    [Fact]
    public void Many_operations_wait_in_a_page_and_come_back()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong set = Make(kernel, init, 500);
        var operations = new (int, int, int)[500];
        for (int i = 0; i < 500; i++)
            operations[i] = (i, i == 499 ? -1 : 1, 0);
        Thread* waiter = kernel.Fork(init);
        Assert.Null(Operate(kernel, waiter, set, operations));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(1, Waiting(restored, again, set, 499));
        Assert.Equal(0, Operate(restored, again, set, (499, 1, 0)));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(waiter->Id)));
        Assert.Equal(1, Value(restored, again, set, 0));
        Assert.Equal(0, Value(restored, again, set, 499));
    }
}
