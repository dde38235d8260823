using Aurora.Linux.Calls;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What a call has used before it goes to sleep is charged then, and what expires by that wakes it.</summary>
public sealed unsafe class SleepChargeTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;
    private const ulong ProfileTimer = 2;
    private const ulong ProcessClock = 2;

    private static ulong Mask(Signal signal) => 1UL << ((int)signal - 1);

    private static void SetProfileTimer(TestKernel kernel, Thread* thread)
    {
        kernel.Poke(thread, Scratch, new IntervalTimespec());
        kernel.Poke(thread, Scratch + 16, 1UL);
        kernel.Do(thread, 38, ProfileTimer, Scratch, 0);
    }

    private static void Block(TestKernel kernel, Thread* thread, Signal signal)
    {
        kernel.Poke(thread, Scratch, Mask(signal));
        kernel.Do(thread, 14, 0, Scratch, 0, 8);
    }

    [Fact]
    public void A_signal_that_comes_so_ends_the_wait_for_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Block(kernel, init, Signal.SIGPROF);
        SetProfileTimer(kernel, init);
        kernel.Poke(init, Scratch, Mask(Signal.SIGPROF));
        kernel.Poke(init, Scratch + 8, new Timespec { Seconds = 100 });
        kernel.Clock.ReadingNanoseconds = 2 * Second;
        Assert.Equal((long)Signal.SIGPROF, kernel.Call(init, 128, Scratch, 0, Scratch + 8, 8));
    }

    [Fact]
    public void A_sleep_on_the_time_of_the_process_ends_when_its_own_start_was_enough()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, new Timespec { Seconds = 1 });
        kernel.Clock.ReadingNanoseconds = 2 * Second;
        Assert.Equal(0, kernel.Call(init, 230, ProcessClock, 0, Scratch, 0));
    }

    [Fact]
    public void A_read_ends_with_its_process_when_the_signal_is_fatal()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 22, Scratch + 64);
        ulong end = kernel.Peek<uint>(child, Scratch + 64);
        SetProfileTimer(kernel, child);
        Process* process = child->Process;
        kernel.Clock.ReadingNanoseconds = 2 * Second;
        Assert.Null(kernel.Call(child, 0, end, Scratch, 8));
        Assert.Equal((ProcessState.Zombie, (int)Signal.SIGPROF), (process->State, process->ExitStatus & 0x7F));
    }
}
