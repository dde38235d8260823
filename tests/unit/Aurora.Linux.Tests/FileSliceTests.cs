using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>Files that are left with much to let go: in steps, and a restore after any of them goes on.</summary>
public sealed unsafe class FileSliceTests
{
    private const ulong SetDescriptorFlags = 2;
    private const ulong DuplicateCloseOnExec = 1030;

    [Fact]
    public void The_last_hold_of_a_file_with_many_locks_ends_with_a_call_and_is_let_go_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* program = TwoThreads(kernel, out Thread* init, out Thread* second);
        int file = Open(kernel, program, "/locks");
        for (int i = 0; i < Many; i++)
            Lock(kernel, program, file, 1, 2 * i, 1, OpenFileSetLock);
        ObjectId id = Descriptors.Find((DescriptorTable*)program->Process->Descriptors, file)->Header.Id;
        Thread* rival = kernel.Fork(init);
        int its = Open(kernel, rival, "/locks");
        Lock(kernel, rival, its, 1, 10_000, 1);
        PokeLock(kernel, second, 1, 10_000, 1, Scratch + 64);
        Assert.Null(kernel.Call(second, 72, (ulong)file, 38, Scratch + 64));
        Assert.Equal(0, kernel.Call(program, 3, (ulong)file));
        Assert.Equal(0, kernel.Call(rival, 3, (ulong)its));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Assert.Equal(0, kernel.Resume(second));
        kernel.Tracker.MarkChanged(&second->Header);
        its = Open(kernel, rival, "/locks");
        // Nobody holds the file any more, and so nobody its locks.
        Lock(kernel, rival, its, 1, 0, 20_000);
        int steps = CloseFilesInSteps(kernel, image, id);
        Assert.Equal(Many / ProcessLife.UnitsPerStep, steps);
    }

    [Fact]
    public void A_poll_that_was_the_last_to_hold_many_files_lets_them_go_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* program = TwoThreads(kernel, out Thread* init, out Thread* second);
        for (int i = 0; i < Many; i += 2)
            Assert.Equal(0, kernel.Call(program, 22, Scratch));
        int first = (int)kernel.Peek<uint>(program, Scratch + 4) - Many + 1;
        for (int i = 0; i < Many; i++)
            kernel.Poke(second, Scratch + 0x8000 + ((ulong)i * 8), (ulong)(first + i));
        ObjectId last = Descriptors.Find((DescriptorTable*)program->Process->Descriptors, first + Many - 1)->Header.Id;
        Assert.Null(kernel.Call(second, 7, Scratch + 0x8000, Many, 1000));
        Assert.Equal(0, kernel.Call(program, 436, (ulong)first, uint.MaxValue, 0));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Advance(2_000_000_000);
        Assert.NotNull(kernel.Resume(second));
        kernel.Tracker.MarkChanged(&second->Header);
        int steps = CloseFilesInSteps(kernel, image, last);
        Assert.InRange(steps, 2, Many);
    }

    // Lets the kernel close what nobody refers to, one step at a time, and in another kernel from what was captured after each step.
    private static int CloseFilesInSteps(TestKernel kernel, TestKernel.Image image, ObjectId file)
    {
        int steps = 0;
        for (; kernel.Files.Closing.HasWork; steps++)
        {
            Assert.True(steps < Many, "the files are not closed");
            Assert.InRange(Changes(kernel), 0, 3 * ProcessLife.UnitsPerStep);
            kernel.Capture(image);
            using (TestKernel restored = TestKernel.Restore(image))
            {
                while (restored.Files.Closing.HasWork)
                    restored.Files.Closing.Step();
                Assert.True(restored.Tracker.Find(file) == null);
            }
            kernel.Files.Closing.Step();
        }
        Assert.True(kernel.Tracker.Find(file) == null);
        return steps;
    }

    [Fact]
    public void Many_files_in_which_others_hold_many_locks_are_left_by_an_execve_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/next", ElfBuilder.Build(false));
        Thread* rival = kernel.Fork(init);
        int its = Open(kernel, rival, "/crowded");
        for (int i = 0; i < 1024; i++)
            Lock(kernel, rival, its, 1, 2 * i, 1);
        Thread* program = kernel.Fork(init);
        int id = program->Process->Id;
        int file = Open(kernel, program, "/crowded");
        for (int i = 0; i < Many; i++)
            kernel.Do(program, 72, (ulong)file, DuplicateCloseOnExec, 0);
        int last = Open(kernel, program, "/own");
        kernel.Do(program, 72, (ulong)last, SetDescriptorFlags, 1);
        for (int i = 0; i < Many; i++)
            Lock(kernel, program, last, 1, 2 * i, 1);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Start(program, 59, kernel.PokeText(program, Scratch, "/next"));
        kernel.Trap(program);
        int steps = 1;
        for (; !program->Process->HasExecuted; steps++)
        {
            Assert.True(steps < Many, "the execve does not get on");
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            kernel.Tracker.MarkChanged(&program->Header);
            kernel.Capture(image);
            ExecutesElsewhere(image, id);
            kernel.Executive.PrepareToRun(program);
        }
        Assert.Equal((2 * Many / ProcessLife.UnitsPerStep) + 1, steps);
        for (; program->Call.Active; steps++)
        {
            Assert.True(steps < Many, "the execve does not end");
            kernel.Executive.PrepareToRun(program);
        }
        Assert.True(Descriptors.Find((DescriptorTable*)program->Process->Descriptors, last) == null);
        its = Open(kernel, rival, "/own");
        Lock(kernel, rival, its, 1, 0, 0);
    }

    private static void ExecutesElsewhere(TestKernel.Image image, int id)
    {
        using TestKernel restored = TestKernel.Restore(image);
        for (int steps = 0; !restored.Pids.FindProcess(id)->HasExecuted; steps++)
        {
            Assert.True(steps < Many, "the restored execve does not get on");
            restored.ServePager();
            Thread* program = restored.ThreadOf(id);
            Assert.True(program->State == ThreadState.Runnable, "the restored execve sleeps");
            restored.Executive.PrepareToRun(program);
        }
    }
}
