using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>
/// Threads that say which restartable sequence they are in go on at its way out when others have run, and after a restore.
/// </summary>
public sealed unsafe class RestartableSequenceTests
{
    private const int Rseq = 334;
    private const ulong Interrupt = 32;
    private const ulong Area = TestKernel.Scratch + 0x400;
    private const ulong Sequence = TestKernel.Scratch + 0x440;
    private const ulong WayOut = TestKernel.Scratch + 0x488;
    private const ulong Start = TestKernel.Code + 0x300;
    private const ulong Length = 0x20;
    private const uint Signature = 0x53053053;

    private static void Register(TestKernel kernel, Thread* thread)
    {
        kernel.Poke(thread, Area + 4, uint.MaxValue);
        Assert.Equal(0, kernel.Do(thread, Rseq, Area, 32, 0, Signature));
        Assert.Equal(0u, kernel.Peek<uint>(thread, Area + 4));
    }

    private static void Enter(TestKernel kernel, Thread* thread, ulong at)
    {
        kernel.Poke(thread, Sequence, 0UL);
        kernel.Poke(thread, Sequence + 8, Start);
        kernel.Poke(thread, Sequence + 16, Length);
        kernel.Poke(thread, Sequence + 24, WayOut);
        kernel.Poke(thread, WayOut - 4, Signature);
        kernel.Poke(thread, Area + 8, Sequence);
        thread->Context->Rip = at;
    }

    // The thread is interrupted and comes to run again, with another in between or not.
    private static void Interrupted(TestKernel kernel, Thread* thread, bool anotherRuns)
    {
        Assert.Equal((nint)thread, (nint)kernel.Scheduler.PickNext());
        kernel.Fault(thread, Interrupt);
        if (anotherRuns)
        {
            kernel.Scheduler.Yield(thread);
            Assert.NotEqual((nint)thread, (nint)kernel.Scheduler.PickNext());
            kernel.Scheduler.Yield(kernel.Scheduler.Current);
        }
        Assert.Equal((nint)thread, (nint)kernel.Scheduler.PickNext());
        kernel.Resume(thread);
    }

    [Theory]
    [InlineData(Start, true, WayOut)]
    [InlineData(Start + Length - 1, true, WayOut)]
    [InlineData(Start + Length, true, Start + Length)]
    [InlineData(Start - 1, true, Start - 1)]
    [InlineData(Start + 4, false, Start + 4)]
    public void Who_was_within_goes_on_at_the_way_out_when_another_has_run(ulong at, bool anotherRuns, ulong goesOnAt)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Fork(init);
        Register(kernel, init);
        Assert.Equal((nint)init, (nint)kernel.Scheduler.PickNext());
        Enter(kernel, init, at);
        Interrupted(kernel, init, anotherRuns);
        Assert.Equal(goesOnAt, init->Context->Rip);
        Assert.Equal(anotherRuns ? 0UL : Sequence, kernel.Peek<ulong>(init, Area + 8));
    }

    [Fact]
    public void Who_was_within_at_a_power_cut_goes_on_at_the_way_out()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Register(kernel, init);
        Enter(kernel, init, Start + 4);
        kernel.Fault(init, Interrupt);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image, kernel.IsPlain);
        init = restored.ThreadOf(1);
        Assert.Equal((nint)init, (nint)restored.Scheduler.PickNext());
        restored.Resume(init);
        Assert.Equal(WayOut, init->Context->Rip);
        Assert.Equal(-(long)Errno.EBUSY, restored.Call(init, Rseq, Area, 32, 0, Signature));
        Assert.Equal(-(long)Errno.EPERM, restored.Call(init, Rseq, Area, 32, 1, 1));
    }

    [Fact]
    public void A_handler_returns_to_the_way_out()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Handlers.Catch(kernel, init, Signal.SIGUSR1);
        Register(kernel, init);
        Enter(kernel, init, Start + 4);
        kernel.Signals.Send(init, SignalInfo.FromKernel(Signal.SIGUSR1));
        kernel.Fault(init, Interrupt);
        kernel.Resume(init);
        Assert.Equal(0UL, kernel.Peek<ulong>(init, Area + 8));
        Handlers.Return(kernel, init);
        Assert.Equal(WayOut, init->Context->Rip);
    }

    [Fact]
    public void A_child_by_fork_has_the_area_a_thread_and_a_new_program_have_none()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Register(kernel, init);
        Thread* child = kernel.Fork(init);
        Assert.Equal(-(long)Errno.EBUSY, kernel.Call(child, Rseq, Area, 32, 0, Signature));
        Thread* thread = kernel.ThreadOf(kernel.Do(init, 56, 0x10F00, TestKernel.Scratch + 0x4000));
        kernel.Resume(thread);
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(thread, Rseq, Area, 32, 1, Signature));
    }

    [Fact]
    public void A_way_out_without_the_signature_is_a_SIGSEGV()
    {
        using var kernel = new TestKernel();
        Thread* child = kernel.Fork(kernel.Boot());
        int id = child->Id;
        Register(kernel, child);
        Enter(kernel, child, Start + 4);
        kernel.Poke(child, WayOut - 4, 1u);
        child->MustLeaveSequence = true;
        kernel.Resume(child);
        Assert.Equal(WaitStatus.Killed((int)Signal.SIGSEGV), kernel.Pids.FindProcess(id)->ExitStatus);
    }
}
