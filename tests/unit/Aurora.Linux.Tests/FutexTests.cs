using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who is woken by whom, whatever becomes of the memory, and after a restore.</summary>
public sealed unsafe class FutexTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong ThreadFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
    private const ulong First = Scratch;
    private const ulong Second = Scratch + 64;
    private const ulong Private = 128;
    private const ulong Second64 = 1_000_000_000;

    private static Thread* StartThread(TestKernel kernel, Thread* maker)
    {
        Thread* thread = kernel.ThreadOf(kernel.Do(maker, 56, ThreadFlags, Scratch + 0x4000));
        Assert.Equal(0, kernel.Resume(thread));
        return thread;
    }

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static ulong Map(TestKernel kernel, Thread* thread) => (ulong)kernel.Do(thread, 9, 0, 4096, 3, 0x21, ulong.MaxValue, 0);

    [Fact]
    public void A_sleeper_that_a_signal_woke_before_it_could_run_does_not_sleep_on_after_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* sleeper = kernel.Fork(init);
        int id = sleeper->Id;
        Assert.Null(kernel.Call(sleeper, 202, First, Private, 0, 0));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Do(init, 62, (ulong)id, (ulong)Signal.SIGTERM);
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image, kernel.IsPlain);
        restored.Resume(restored.ThreadOf(id));
        Assert.Equal(ProcessState.Zombie, restored.Pids.FindProcess(id)->State);
    }

    [Fact]
    public void A_waiter_on_memory_that_has_ended_is_not_woken_by_whoever_comes_after_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* user = kernel.Fork(init);
        Thread* waiter = StartThread(kernel, user);
        ulong shared = Map(kernel, user);
        Assert.Null(kernel.Call(waiter, 202, shared, 0, 0, 0));
        kernel.Do(user, 11, shared, 4096);
        Thread* victim = kernel.Fork(init);
        for (int i = 0; i < 8; i++)
            Assert.Equal(0, kernel.Do(victim, 202, Map(kernel, victim), 1, 1));
        Assert.Equal(ThreadState.Blocked, waiter->State);
    }

    [Theory]
    [InlineData(3UL, 0UL)]
    [InlineData(4UL, 0UL)]
    [InlineData(4UL, 1UL)]
    public void A_requeued_waiter_waits_on_the_second_futex_after_a_restore(ulong operation, ulong seconds)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* waiter = StartThread(kernel, init);
        kernel.Poke(init, Scratch + 128, new Aurora.Linux.Calls.Timespec { Seconds = (long)seconds });
        Assert.Null(kernel.Call(waiter, 202, First, 0 | Private, 0, seconds == 0 ? 0 : Scratch + 128));
        kernel.Poke(init, First, 5);
        Assert.Equal(1, kernel.Do(init, 202, First, operation | Private, 0, 1, Second, 5));
        using TestKernel restored = Move(kernel);
        init = restored.ThreadOf(1);
        waiter = restored.ThreadOf(waiter->Id);
        // Before it has run at all: the wait goes on from the first moment.
        Assert.Equal(0, restored.Do(init, 202, First, 1 | Private, 10));
        if (seconds != 0)
        {
            restored.Advance(2 * Second64);
            Assert.Equal(-(long)Errno.ETIMEDOUT, restored.Resume(waiter));
            return;
        }
        Assert.Null(restored.Resume(waiter));
        Assert.Equal(1, restored.Do(init, 202, Second, 1 | Private, 10));
        Assert.Equal(0, restored.Resume(waiter));
    }

    [Fact]
    public void A_waiter_sleeps_on_after_a_restore_though_its_word_has_changed_or_gone()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* first = StartThread(kernel, init);
        Thread* second = StartThread(kernel, init);
        ulong shared = Map(kernel, init);
        Assert.Null(kernel.Call(first, 202, First, 0 | Private, 0, 0));
        Assert.Null(kernel.Call(second, 202, shared, 0, 0, 0));
        kernel.Poke(init, First, 7);
        kernel.Do(init, 11, shared, 4096);
        using TestKernel restored = Move(kernel);
        Assert.Null(restored.Resume(restored.ThreadOf(first->Id)));
        Assert.Null(restored.Resume(restored.ThreadOf(second->Id)));
        Assert.Equal(1, restored.Do(restored.ThreadOf(1), 202, First, 1 | Private, 10));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(first->Id)));
    }

    [Fact]
    public void Bits_of_a_waiter_are_restored()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* waiter = StartThread(kernel, init);
        Assert.Null(kernel.Call(waiter, 202, First, 9 | Private, 0, 0, 0, 4));
        using TestKernel restored = Move(kernel);
        Assert.Equal(0, restored.Do(restored.ThreadOf(1), 202, First, 10 | Private, 1, 0, 0, 3));
        Assert.Equal(1, restored.Do(restored.ThreadOf(1), 202, First, 10 | Private, 1, 0, 0, 6));
        Assert.Equal(0, restored.Resume(restored.ThreadOf(waiter->Id)));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(15)]
    public void A_signal_ends_a_waiter_that_had_not_run_yet_when_the_state_was_captured(int signal)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* waiter = kernel.Fork(init);
        int id = waiter->Id;
        Assert.Null(kernel.Call(waiter, 202, First, 0 | Private, 0, 0));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Do(init, 62, (ulong)id, (ulong)signal);
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Assert.Null(restored.Resume(restored.ThreadOf(id)));
        Assert.Equal(id, restored.Call(restored.ThreadOf(1), 61, (ulong)id, Scratch, 1));
        Assert.Equal(signal, restored.Peek<int>(restored.ThreadOf(1), Scratch));
    }

    [Fact]
    public void A_waiter_whose_word_changed_while_it_was_stopped_sees_it_though_the_state_was_captured_before_it_ran()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong shared = Map(kernel, init);
        Thread* user = kernel.Fork(init);
        Thread* waiter = StartThread(kernel, user);
        int id = waiter->Id;
        Assert.Null(kernel.Call(waiter, 202, shared, 0, 0, 0));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Do(init, 62, (ulong)user->Id, 19);
        Assert.Null(kernel.Resume(user));
        Assert.Equal(ThreadState.Stopped, waiter->State);
        kernel.Poke(init, shared, 1);
        Assert.Equal(0, kernel.Do(init, 202, shared, 1, 10));
        kernel.Do(init, 62, (ulong)user->Id, 18);
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Assert.Equal(-(long)Errno.EAGAIN, restored.Resume(restored.ThreadOf(id)));
    }
}
