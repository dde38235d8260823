using Aurora.Posix.Processes;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>One record lock that replaces many does so in steps, and nobody gets between.</summary>
public sealed unsafe class LockSliceTests
{
    [Fact]
    public void One_lock_replaces_many_in_steps_and_is_held_from_the_first()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        int file = Open(kernel, program, "/locks");
        for (int i = 0; i < Many; i++)
            Lock(kernel, program, file, 1, 2 * i, 1);
        Thread* rival = kernel.Fork(init);
        int its = Open(kernel, rival, "/locks");
        Settle(kernel);
        PokeLock(kernel, program, 1, 0, 4 * Many);
        Start(program, 72, (ulong)file, 6, Scratch);
        kernel.Trap(program);
        int steps = 1;
        for (; program->Call.Active; steps++)
        {
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            Settle(kernel);
            PokeLock(kernel, rival, 1, 1, 1);
            Assert.Equal(-11, kernel.Call(rival, 72, (ulong)its, 6, Scratch));
            kernel.Executive.PrepareToRun(program);
        }
        Assert.Equal((Many / ProcessLife.UnitsPerStep) + 1, steps);
        Assert.Equal(0UL, program->Context->Rax);
        PokeLock(kernel, program, 2, 0, 0);
        Assert.Equal(0, kernel.Call(program, 72, (ulong)file, 6, Scratch));
        PokeLock(kernel, rival, 1, 1, 1);
        Assert.Equal(0, kernel.Call(rival, 72, (ulong)its, 6, Scratch));
    }

    [Fact]
    public void A_range_that_is_unlocked_while_another_thread_replaces_locks_is_taken_out_of_the_old_and_the_new()
    {
        using var kernel = new TestKernel();
        Thread* program = TwoThreads(kernel, out Thread* init, out Thread* second);
        int file = Open(kernel, program, "/locks");
        Lock(kernel, program, file, 1, 10_000, 1_000);
        for (int i = 0; i < Many; i++)
            Lock(kernel, program, file, 1, 2 * i, 1);
        Thread* rival = kernel.Fork(init);
        int its = Open(kernel, rival, "/locks");
        PokeLock(kernel, program, 1, 0, 0);
        Start(program, 72, (ulong)file, SetLock, Scratch);
        kernel.Trap(program);
        Assert.True(program->Call.Active);
        PokeLock(kernel, second, 2, 10_100, 100, Scratch + 64);
        Assert.Equal(0, kernel.Call(second, 72, (ulong)file, SetLock, Scratch + 64));
        Assert.Equal(1, HeldAt(kernel, rival, its, 10_099));
        Assert.Equal(2, HeldAt(kernel, rival, its, 10_150));
        Assert.Equal(1, HeldAt(kernel, rival, its, 10_200));
        Assert.Equal(0, kernel.Resume(program));
        Assert.Equal(1, HeldAt(kernel, rival, its, 10_150));
        Lock(kernel, program, file, 2, 0, 0);
        Assert.Equal(2, HeldAt(kernel, rival, its, 10_050));
    }
}
