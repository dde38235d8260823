using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>
/// What ends or changes much does so in steps, and an epoch may end between any two: after each step the state is captured, restored in a
/// fresh kernel, and comes to the same end there.
/// </summary>
public sealed unsafe class SliceTests
{
    private const ulong Arena = 0x20_0000_0000;
    private const ulong Circle = Scratch + 0x9000;

    [Fact]
    public void A_process_with_many_threads_ends_in_steps()
        => EndsInSteps((kernel, program) =>
        {
            for (int i = 0; i < Many; i++)
                Assert.True(kernel.Call(program, 56, ThreadFlags, 0, 0, 0, 0) > 0);
        });

    [Fact]
    public void A_process_whose_threads_have_robust_lists_without_end_ends_in_steps()
        => EndsInSteps((kernel, program) =>
        {
            kernel.Poke(program, Circle, Circle + 24);
            kernel.Poke(program, Circle + 24, Circle + 24);
            for (int i = 0; i < Many / 100; i++)
            {
                Thread* thread = kernel.ThreadOf(kernel.Do(program, 56, ThreadFlags, 0, 0, 0, 0));
                Assert.Equal(0, kernel.Resume(thread));
                Assert.Equal(0, kernel.Call(thread, 273, Circle, 24));
            }
        });

    [Fact]
    public void A_process_with_many_descriptors_ends_in_steps()
        => EndsInSteps((kernel, program) =>
        {
            for (int i = 0; i < Many; i += 2)
                Assert.Equal(0, kernel.Call(program, 22, Scratch));
        });

    [Fact]
    public void A_process_with_many_locks_ends_in_steps()
        => EndsInSteps((kernel, program) =>
        {
            int file = Open(kernel, program, "/locks");
            for (int i = 0; i < Many; i++)
                Lock(kernel, program, file, 1, 2 * i, 1);
        });

    [Fact]
    public void A_process_with_many_locks_of_an_open_file_ends_in_steps()
        => EndsInSteps((kernel, program) =>
        {
            int file = Open(kernel, program, "/locks");
            for (int i = 0; i < Many; i++)
                Lock(kernel, program, file, 1, 2 * i, 1, OpenFileSetLock);
        });

    [Fact]
    public void A_process_with_many_children_ends_in_steps()
        => EndsInSteps((kernel, program) =>
        {
            for (int i = 0; i < Many; i++)
                Spawn(kernel, program);
        });

    // Each child's group is looked through for stopped members, and so counts for more.
    [Fact]
    public void A_process_with_many_children_in_one_large_group_ends_in_more_steps()
        => EndsInSteps((kernel, program) =>
        {
            long group = 0;
            for (int i = 0; i < Many; i++)
            {
                long child = kernel.Do(program, 56, 0x100 | 0x200 | 0x400 | 17, 0, 0, 0, 0);
                group = group == 0 ? child : group;
                Assert.Equal(0, kernel.Call(program, 109, (ulong)child, (ulong)group));
            }
        }, leastSteps: 20);

    [Fact]
    public void An_address_space_with_many_mappings_ends_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        Fragment(kernel, program);
        ObjectId space = program->Process->AddressSpace->Header.Id;
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Call(program, 231, 0);
        int steps = 0;
        for (; kernel.Memory.Spaces.IsEnding; steps++)
        {
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            kernel.Capture(image);
            EndsWhenRestored(image, space);
            kernel.Memory.Spaces.EndStep();
        }
        Assert.InRange(steps, 2, Many);
        Assert.True(kernel.Tracker.Find(space) == null);
    }

    [Fact]
    public void The_end_of_init_is_the_end_of_everybody_in_steps_and_through_captures()
    {
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        for (int i = 0; i < Many; i++)
        {
            Thread* child = kernel.Fork(init);
            if (i % 3 == 0)
                kernel.Call(child, 231, 1);
            else if (i % 3 == 1)
                kernel.Do(child, 112);
        }
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Call(init, 231, 7);
        for (int steps = 0; kernel.Machine.SessionStatus == null; steps++)
        {
            Assert.True(steps < 10_000, "the session does not end");
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            kernel.Capture(image);
            if (steps % 200 == 5)
            {
                kernel.Dispose();
                kernel = TestKernel.Restore(image);
            }
            kernel.ServePager();
            Thread* next = kernel.Scheduler.PickNext();
            Assert.True(next != null, "nobody goes on with the end of the session");
            Assert.False(kernel.Executive.PrepareToRun(next), "a program runs although the session ends");
        }
        Assert.Equal(7 << 8, kernel.Machine.SessionStatus);
        Assert.Equal(0, kernel.Pids.ProcessCount);
        kernel.Dispose();
    }

    [Fact]
    public void A_signal_to_everybody_goes_out_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* sender = kernel.Fork(init);
        kernel.Do(sender, 112);
        for (int i = 0; i < Many; i++)
            Spawn(kernel, sender);
        Settle(kernel);
        Start(sender, 62, 0, 10);
        kernel.Trap(sender);
        int steps = 1;
        for (; sender->Call.Active && sender->Call.Number == 62 && steps < Many; steps++)
        {
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            Settle(kernel);
            kernel.Executive.PrepareToRun(sender);
        }
        Assert.Equal((Many / ProcessLife.UnitsPerStep) + 1, steps);
        for (Process* child = sender->Process->FirstChild; child != null; child = child->NextSibling)
            Assert.False(child->Pending.Set.IsEmpty);
    }

    [Fact]
    public void An_execve_closes_many_files_with_attributes_in_steps()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/next", ElfBuilder.Build(false));
        Thread* program = kernel.Fork(init);
        int id = program->Id;
        ulong name = kernel.PokeText(program, Scratch + 512, "user.a");
        for (int i = 0; i < Many; i++)
        {
            long file = kernel.Do(program, 2, kernel.PokeText(program, Scratch, "/"), 0x41_0000 | 0x8_0000 | 2, 0x1B6);
            Assert.Equal(0, kernel.Do(program, 190, (ulong)file, name, Scratch, 100, 0));
        }
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Start(program, 59, kernel.PokeText(program, Scratch, "/next"));
        kernel.Trap(program);
        int steps = 1;
        for (; program->Call.Active; steps++)
        {
            Assert.True(steps < Many, "the execve does not end");
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            kernel.Capture(image);
            using TestKernel restored = TestKernel.Restore(image);
            restored.Resume(restored.ThreadOf(id));
            Assert.Equal(0, OpenFiles(restored, id));
            kernel.ServePager();
            kernel.Executive.PrepareToRun(program);
        }
        Assert.InRange(steps, 3, Many);
        Assert.Equal(0, OpenFiles(kernel, id));
    }

    private static int OpenFiles(TestKernel kernel, int id)
        => (int)((DescriptorTable*)kernel.ThreadOf(id)->Process->Descriptors)->OpenCount;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Many_waiters_are_woken_or_moved_in_steps(int operation)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        for (int i = 0; i < Many; i++)
        {
            Thread* waiter = kernel.ThreadOf(kernel.Do(program, 56, ThreadFlags, 0, 0, 0, 0));
            Assert.Equal(0, kernel.Resume(waiter));
            Assert.Null(kernel.Call(waiter, 202, Scratch, 0, 0, 0));
        }
        Settle(kernel);
        bool isWake = operation == 1;
        program->Context->R10 = int.MaxValue;
        program->Context->R8 = Scratch + 64;
        program->Context->R9 = 0;
        Start(program, 202, Scratch, (ulong)operation, isWake ? int.MaxValue : 1UL);
        kernel.Trap(program);
        int steps = 1;
        for (; program->Call.Active; steps++)
        {
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            Settle(kernel);
            kernel.Executive.PrepareToRun(program);
        }
        Assert.InRange(steps, Many / ProcessLife.UnitsPerStep, Many);
        Assert.Equal((ulong)Many, program->Context->Rax);
        Assert.Equal(isWake ? 0 : Many - 1, kernel.Call(program, 202, Scratch + 64, 1, int.MaxValue));
    }

    [Fact]
    public void A_child_that_ends_while_its_parent_is_ending_is_waited_for_by_the_heir()
    {
        using var kernel = new TestKernel();
        Thread* heir = kernel.Fork(kernel.Boot());
        kernel.Do(heir, 157, 36, 1);
        Thread* parent = kernel.Fork(heir);
        Thread* child = kernel.Fork(parent);
        int parentId = parent->Process->Id;
        int childId = child->Process->Id;
        for (int i = 0; i < Many; i += 2)
            Assert.Equal(0, kernel.Call(parent, 22, Scratch));
        Start(parent, 231, 5);
        kernel.Trap(parent);
        Assert.Null(kernel.Call(child, 231, 3));
        Assert.Null(kernel.Resume(parent));
        Assert.Equal(parentId, kernel.Call(heir, 61, (ulong)parentId, Scratch, 0, 0));
        Assert.Equal(childId, kernel.Call(heir, 61, (ulong)childId, Scratch, 0, 0));
        Assert.Equal(3 << 8, kernel.Peek<int>(heir, Scratch));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_program_that_has_ended_its_threads_for_an_execve_is_killed_when_it_fails(bool moves)
    {
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/next", ElfBuilder.Build(false));
        Thread* program = kernel.Fork(init);
        int id = program->Process->Id;
        for (int i = 0; i < Many; i++)
            Assert.True(kernel.Call(program, 56, ThreadFlags, 0, 0, 0, 0) > 0);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Start(program, 59, kernel.PokeText(program, Scratch, "/next"));
        kernel.Trap(program);
        Assert.InRange(program->Process->ThreadCount, 2, Many);
        kernel.Do(init, 87, kernel.PokeText(init, Scratch, "/next"));
        kernel.Tracker.MarkChanged(&program->Header);
        kernel.Capture(image);
        TestKernel goesOn = moves ? TestKernel.Restore(image) : kernel;
        Assert.Null(goesOn.Resume(goesOn.ThreadOf(id)));
        Assert.Equal(id, goesOn.Call(goesOn.ThreadOf(1), 61, (ulong)id, Scratch, 0, 0));
        Assert.Equal((int)Signal.SIGSEGV, goesOn.Peek<int>(goesOn.ThreadOf(1), Scratch));
        goesOn.Dispose();
    }

    private static void EndsWhenRestored(TestKernel.Image image, ObjectId id)
    {
        using TestKernel restored = TestKernel.Restore(image);
        uint place = 0;
        Assert.True(restored.Memory.Restore.EndUnreferencedSpaces(restored.Tracker, ref place));
        place = 0;
        Assert.True(restored.Memory.Restore.EndUnreferencedObjects(restored.Tracker, ref place));
        while (restored.Memory.Spaces.IsEnding)
            restored.Memory.Spaces.EndStep();
        Assert.True(restored.Tracker.Find(id) == null);
    }

    // The program's end, one step at a time in two kernels: one goes on, the other begins anew from what was captured after the step.
    private static void EndsInSteps(Action<TestKernel, Pointer> build, int leastSteps = 3)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        build(kernel, program);
        int id = program->Process->Id;
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Start(program, 231, 5);
        kernel.Trap(program);
        int steps = 1;
        for (; kernel.Pids.FindProcess(id)->State == ProcessState.Alive; steps++)
        {
            Assert.True(steps < Many, "the process does not end");
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            kernel.Capture(image);
            FinishElsewhere(image, id);
            kernel.Executive.PrepareToRun(kernel.Pids.FindProcess(id)->FirstThread);
        }
        Assert.InRange(steps, leastSteps, Many);
        Assert.Equal(5 << 8, kernel.Pids.FindProcess(id)->ExitStatus);
        Assert.Equal(id, kernel.Call(kernel.ThreadOf(1), 61, (ulong)id, 0, 0, 0));
    }

    private static void FinishElsewhere(TestKernel.Image image, int id)
    {
        using TestKernel restored = TestKernel.Restore(image);
        for (int steps = 0; restored.Pids.FindProcess(id)->State == ProcessState.Alive; steps++)
        {
            Assert.True(steps < Many, "the restored process does not end");
            restored.Resume(restored.Pids.FindProcess(id)->FirstThread);
        }
        Assert.Equal(id, restored.Call(restored.ThreadOf(1), 61, (ulong)id, 0, 0, 0));
    }

    private static void Fragment(TestKernel kernel, Thread* program)
    {
        kernel.Map(program->Process->AddressSpace, Arena, (ulong)Many << PageSize.Shift, Protection.Read);
        for (int i = 0; i < Many; i += 2)
            Assert.Equal(0, kernel.Call(program, 10, Arena + ((ulong)i << PageSize.Shift), 4096, 3));
    }

    /// <summary>A thread, where a pointer cannot be named.</summary>
    private readonly struct Pointer(Thread* thread)
    {
        private readonly Thread* _thread = thread;

        public static implicit operator Thread*(Pointer pointer) => pointer._thread;

        public static implicit operator Pointer(Thread* thread) => new(thread);
    }
}
