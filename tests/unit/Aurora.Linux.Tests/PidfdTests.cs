using Aurora.Base;
using Aurora.Linux.Signals;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>pidfds, by the call and over a restore.</summary>
public sealed unsafe class PidfdTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const int Waitid = 247, Open = 434, SendSignal = 424, GetDescriptor = 438;
    private const ulong OfPidfd = 3, Exited = 4;
    private const int Readable = 0x41;

    private static TestKernel Move(TestKernel kernel) => Move(kernel, new TestKernel.Image());

    // The image has what was captured before, if anything was.
    private static TestKernel Move(TestKernel kernel, TestKernel.Image image)
    {
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static int Events(TestKernel kernel, Thread* thread, ulong file)
    {
        kernel.Poke(thread, Scratch, file | (0x41UL << 32));
        kernel.Do(thread, 7, Scratch, 1, 0);
        return (int)(kernel.Peek<ulong>(thread, Scratch) >> 48);
    }

    private static void End(TestKernel kernel, Thread* thread) => kernel.Call(thread, 231, 3);

    [Fact]
    public void Who_polls_and_who_waits_hear_of_an_end_after_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong file = (ulong)kernel.Do(init, Open, (ulong)child->Id, 0);
        Thread* poller = kernel.Fork(init);
        kernel.Poke(poller, Scratch, file | (1UL << 32));
        Assert.Null(kernel.Call(poller, 7, Scratch, 1, ulong.MaxValue));
        Assert.Null(kernel.Call(init, Waitid, OfPidfd, file, Scratch + 64, Exited, 0));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Thread* polls = restored.ThreadOf(poller->Id);
        Assert.Null(restored.Resume(again));
        Assert.Null(restored.Resume(polls));
        End(restored, restored.ThreadOf(child->Id));
        Assert.Equal(1, restored.Resume(polls));
        Assert.Equal(0, restored.Resume(again));
        Assert.Equal((int)Signal.SIGCHLD, restored.Peek<int>(again, Scratch + 64));
        Assert.Equal(child->Id, restored.Peek<int>(again, Scratch + 64 + 16));
        Assert.Equal(Readable, Events(restored, again, file));
    }

    private static ulong Opened(TestKernel kernel, Thread* thread, string path, ulong flags)
        => (ulong)kernel.Do(thread, 2, kernel.PokeText(thread, Scratch, path), flags);

    [Fact]
    public void A_directory_of_proc_stands_for_its_process_and_for_no_other_with_its_number()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        int id = child->Id;
        ulong file = Opened(kernel, init, $"/proc/{id}", 0x10000);
        ulong path = Opened(kernel, init, $"/proc/{id}", 0x200000), task = Opened(kernel, init, $"/proc/{id}/task/{id}", 0x10000);
        ulong all = Opened(kernel, init, "/proc", 0x10000), text = Opened(kernel, init, $"/proc/{id}/stat", 0);
        foreach (ulong other in new[] { path, task, all, text, Opened(kernel, init, "/", 0x10000) })
            Assert.Equal(-(long)Errno.EBADF, kernel.Call(init, SendSignal, other, 0, 0, 0));
        Assert.Equal(-(long)Errno.EBADF, kernel.Call(init, GetDescriptor, file, 0, 0));
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, SendSignal, file, 0, 0, 1));
        Assert.Equal(0, kernel.Do(init, SendSignal, file, 10, 0, 0));
        Assert.True(child->Process->Pending.Set.Contains((Signal)10));
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(0, restored.Do(again, SendSignal, file, 12, 0, 0));
        Assert.True(restored.ThreadOf(id)->Process->Pending.Set.Contains((Signal)12));
        End(restored, restored.ThreadOf(id));
        Assert.Equal(id, restored.Do(again, 61, (ulong)id, 0, 0, 0));
        Assert.Equal(-(long)Errno.ESRCH, restored.Call(again, SendSignal, file, 0, 0, 0));
    }

    [Fact]
    public void What_has_been_waited_for_stays_so_though_its_number_is_given_again()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        int id = child->Id;
        ulong file = (ulong)kernel.Do(init, Open, (ulong)id, 0);
        End(kernel, child);
        Assert.Equal(Readable, Events(kernel, init, file));
        var image = new TestKernel.Image();
        using TestKernel zombie = Move(kernel, image);
        Thread* waiter = zombie.ThreadOf(1);
        Assert.Equal(0, zombie.Do(waiter, SendSignal, file, (ulong)Signal.SIGUSR1, 0, 0));
        Assert.Equal(0, zombie.Do(waiter, Waitid, OfPidfd, file, 0, Exited, 0));
        Assert.Equal(-(long)Errno.ESRCH, zombie.Call(waiter, SendSignal, file, 0, 0, 0));
        Assert.Equal(-(long)Errno.ECHILD, zombie.Call(waiter, Waitid, OfPidfd, file, 0, Exited, 0));
        zombie.Pids.Ids.GoOnFrom(id - 1);
        Assert.Equal(id, zombie.Fork(waiter)->Id);
        using TestKernel restored = Move(zombie, image);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(-(long)Errno.ESRCH, restored.Call(again, SendSignal, file, 0, 0, 0));
        Assert.Equal(-(long)Errno.ESRCH, restored.Call(again, GetDescriptor, file, 0, 0));
        Assert.Equal(-(long)Errno.ECHILD, restored.Call(again, Waitid, OfPidfd, file, 0, Exited | 1, 0));
        Assert.Equal(Readable, Events(restored, again, file));
    }

    [Fact]
    public void All_of_one_process_share_what_they_lead_to()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong first = (ulong)kernel.Do(init, Open, 1, 0);
        ulong second = (ulong)kernel.Do(init, Open, 1, 0);
        ProcessHandle* handle = init->Process->Handle;
        Assert.Equal(2, (int)handle->Header.References);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal(2, (int)again->Process->Handle->Header.References);
        restored.Do(again, 3, first);
        Assert.Equal(-(long)Errno.EBADF, restored.Call(again, SendSignal, first, 0, 0, 0));
        Assert.Equal(0, restored.Do(again, SendSignal, second, 0, 0, 0));
        restored.Do(again, 3, second);
        Assert.True(again->Process->Handle == null);
    }

    [Fact]
    public void A_clone_gives_its_maker_a_pidfd_and_the_child_none()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        int id = (int)kernel.Do(init, 56, 0x1000 | 17, 0, Scratch, 0, 0);
        ulong file = kernel.Peek<uint>(init, Scratch);
        Process* child = kernel.ThreadOf(id)->Process;
        Assert.True(ProcessHandleOperations.Of(Descriptors.Find((DescriptorTable*)init->Process->Descriptors, (int)file)) == child->Handle);
        Assert.True(Descriptors.Find((DescriptorTable*)child->Descriptors, (int)file) == null);
        Assert.True(Descriptors.IsCloseOnExec((DescriptorTable*)init->Process->Descriptors, (int)file));
    }

    [Fact]
    public void A_clone_whose_pidfd_finds_no_place_makes_nobody()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        init->Process->Limits[Resource.OpenFiles] = new ResourceLimit { Soft = 1, Hard = 1 };
        kernel.Do(init, 434, 1, 0);
        int before = kernel.Pids.ProcessCount;
        Assert.Equal(-(long)Errno.EMFILE, kernel.Call(init, 56, 0x1000 | 17, 0, Scratch, 0, 0));
        Assert.Equal(before, kernel.Pids.ProcessCount);
        Assert.Equal(-(long)Errno.EFAULT, kernel.Call(init, 56, 0x1000 | 17, 0, 8, 0, 0));
        Assert.Equal(before, kernel.Pids.ProcessCount);
    }

    [Theory]
    [InlineData(0x1000UL | 0x10000 | 0x100 | 0x200 | 0x400 | 0x800)]
    [InlineData(0x1000UL | 0x100000)]
    [InlineData(0x1000UL | 0x400000)]
    public void Clones_that_could_not_have_one_are_refused(ulong flags)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, 56, flags, 0, Scratch, 0, 0));
    }

    [Fact]
    public void Numbers_flags_and_other_files_are_refused_as_on_Linux()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, Open, 0, 0));
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, Open, ulong.MaxValue, 0));
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, Open, 1, 1));
        Assert.Equal(-(long)Errno.ESRCH, kernel.Call(init, Open, 4000, 0));
        ulong counter = (ulong)kernel.Do(init, 290, 0, 0);
        Assert.Equal(-(long)Errno.EBADF, kernel.Call(init, SendSignal, counter, 0, 0, 0));
        Assert.Equal(-(long)Errno.EBADF, kernel.Call(init, Waitid, OfPidfd, counter, 0, Exited, 0));
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, Waitid, OfPidfd, ulong.MaxValue, 0, Exited, 0));
        ulong own = (ulong)kernel.Do(init, Open, 1, 0x800);
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, SendSignal, own, 0, 0, 1));
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, 0, own, Scratch, 8));
        Assert.Equal(-(long)Errno.ECHILD, kernel.Call(init, Waitid, OfPidfd, own, 0, Exited, 0));
        Assert.Equal(-(long)Errno.EBADF, kernel.Call(init, GetDescriptor, own, 99, 0));
        Assert.Equal(0, Events(kernel, init, own));
    }

    [Fact]
    public void One_that_does_not_block_says_so()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong file = (ulong)kernel.Do(init, Open, (ulong)child->Id, 0x800);
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(init, Waitid, OfPidfd, file, 0, Exited, 0));
        Assert.Equal(0, kernel.Do(init, Waitid, OfPidfd, file, 0, Exited | 1, 0));
        End(kernel, child);
        Assert.Equal(0, kernel.Do(init, Waitid, OfPidfd, file, 0, Exited, 0));
    }

    [Fact]
    public void A_descriptor_is_taken_from_who_may_be_looked_into()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong theirs = (ulong)kernel.Do(child, 290, 7, 0);
        ulong pidfd = (ulong)kernel.Do(init, Open, (ulong)child->Id, 0);
        ulong mine = (ulong)kernel.Do(init, GetDescriptor, pidfd, theirs, 0);
        Assert.Equal(8, kernel.Do(init, 0, mine, Scratch, 8));
        Assert.Equal(7UL, kernel.Peek<ulong>(init, Scratch));
        Thread* other = kernel.Fork(init);
        kernel.Do(other, 105, 1000);
        Assert.Equal(-(long)Errno.EPERM, kernel.Call(other, GetDescriptor, pidfd, theirs, 0));
    }

    [Fact]
    public void A_structure_must_name_the_signal_and_may_not_lie_about_the_sender()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong pidfd = (ulong)kernel.Do(init, Open, (ulong)child->Id, 0);
        kernel.Poke(init, Scratch, new UserSignalInfo { Number = (int)Signal.SIGUSR1, Code = -1 });
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, SendSignal, pidfd, (ulong)Signal.SIGUSR2, Scratch, 0));
        Assert.Equal(0, kernel.Do(init, SendSignal, pidfd, (ulong)Signal.SIGUSR1, Scratch, 0));
        kernel.Poke(init, Scratch, new UserSignalInfo { Number = (int)Signal.SIGUSR1, Code = 0 });
        Assert.Equal(-(long)Errno.EPERM, kernel.Call(init, SendSignal, pidfd, (ulong)Signal.SIGUSR1, Scratch, 0));
    }
}
