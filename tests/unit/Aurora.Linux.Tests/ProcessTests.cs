using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

public sealed unsafe class ProcessTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong NoHang = 1;

    [Fact]
    public void A_child_is_a_copy_and_its_exit_status_reaches_its_parent()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, 111);
        Thread* child = kernel.Fork(init);
        int id = child->Id;
        kernel.Poke(child, Scratch, 222);
        Assert.Equal(111, kernel.Peek<int>(init, Scratch));
        Assert.Equal(0, kernel.Do(init, 61, ulong.MaxValue, Scratch + 8, NoHang, 0));
        Assert.Null(kernel.Call(init, 61, ulong.MaxValue, Scratch + 8, 0, 0));
        Assert.Null(kernel.Call(child, 231, 7));
        Assert.Equal(id, kernel.Resume(init));
        Assert.Equal(7 << 8, kernel.Peek<int>(init, Scratch + 8));
        Assert.Equal(-(long)Errno.ECHILD, kernel.Call(init, 61, ulong.MaxValue, 0, 0, 0));
        Assert.Equal(1, kernel.Pids.ProcessCount);
    }

    [Fact]
    public void A_bad_status_address_does_not_lose_the_child()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        int id = child->Id;
        kernel.Call(child, 60, 3);
        Assert.Equal(-(long)Errno.EFAULT, kernel.Call(init, 61, ulong.MaxValue, 0x10, 0, 0));
        Assert.Equal(id, kernel.Do(init, 61, ulong.MaxValue, Scratch, 0, 0));
    }

    [Fact]
    public void Orphans_go_to_init_and_to_a_subreaper_before_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* middle = kernel.Fork(init);
        Thread* grandchild = kernel.Fork(middle);
        Thread* greatGrandchild = kernel.Fork(grandchild);
        kernel.Do(middle, 157, 36, 1);
        kernel.Call(grandchild, 231, 0);
        Assert.Equal(middle->Process->Id, kernel.Do(greatGrandchild, 110));
        kernel.Call(middle, 231, 0);
        Assert.Equal(1, kernel.Do(greatGrandchild, 110));
    }

    [Fact]
    public void An_ignored_child_signal_reaps_without_waiting()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        kernel.Poke(init, Scratch, new SignalAction { Handler = SignalAction.Ignore });
        kernel.Do(init, 13, (ulong)Signal.SIGCHLD, Scratch, 0, 8);
        Assert.Null(kernel.Call(init, 61, ulong.MaxValue, 0, 0, 0));
        kernel.Call(child, 231, 0);
        Assert.Equal(-(long)Errno.ECHILD, kernel.Resume(init));
    }

    [Fact]
    public void A_vfork_parent_sleeps_until_the_child_leaves_its_memory()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Null(kernel.Call(init, 58));
        Thread* child = kernel.ThreadOf(2);
        Assert.Equal(0, kernel.Resume(child));
        kernel.Poke(child, Scratch, 5);
        Assert.Equal(5, kernel.Peek<int>(init, Scratch));
        Assert.Equal(ThreadState.BlockedUninterruptible, init->State);
        kernel.Call(child, 231, 0);
        Assert.Equal(2, kernel.Resume(init));
    }

    [Fact]
    public void Threads_share_memory_and_end_together()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* process = kernel.Fork(init);
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x80000 | 0x100000 | 0x200000;
        long id = kernel.Do(process, 56, flags, Scratch + 0x2000, Scratch + 0x10, Scratch + 0x14, 0x7000);
        Thread* second = kernel.ThreadOf(id);
        Assert.Equal(0, kernel.Resume(second));
        Assert.Equal((int)id, kernel.Peek<int>(process, Scratch + 0x10));
        Assert.Equal(Scratch + 0x2000, second->Context->Rsp);
        Assert.Equal(0x7000UL, second->Context->FsBase);
        Assert.Equal(process->Process->Id, kernel.Do(second, 39));
        Assert.Equal(id, kernel.Do(second, 186));
        kernel.Poke(process, Scratch + 0x14, 99);
        Assert.Null(kernel.Call(second, 60, 1));
        Assert.Equal(0, kernel.Peek<int>(process, Scratch + 0x14));
        Assert.Equal(1, process->Process->ThreadCount);
        long third = kernel.Do(process, 56, flags, Scratch + 0x2000, Scratch + 0x10, Scratch + 0x14, 0x7000);
        Assert.Null(kernel.Call(kernel.ThreadOf(third), 231, 4));
        Assert.Equal(2, kernel.Call(init, 61, ulong.MaxValue, Scratch, 0, 0));
    }

    [Fact]
    public void Stops_and_continues_are_reported_once_each()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong id = (ulong)child->Id;
        kernel.Do(init, 62, id, (ulong)Signal.SIGSTOP);
        Assert.Null(kernel.Resume(child));
        Assert.Equal(ThreadState.Stopped, child->State);
        Assert.Equal(0, kernel.Do(init, 61, id, Scratch, NoHang, 0));
        Assert.Equal((long)id, kernel.Do(init, 61, id, Scratch, NoHang | 2, 0));
        Assert.Equal(((int)Signal.SIGSTOP << 8) | 0x7F, kernel.Peek<int>(init, Scratch));
        Assert.Equal(0, kernel.Do(init, 61, id, Scratch, NoHang | 2, 0));
        kernel.Do(init, 62, id, (ulong)Signal.SIGCONT);
        Assert.Equal((long)id, kernel.Do(init, 61, id, Scratch, NoHang | 8, 0));
        Assert.Equal(0xFFFF, kernel.Peek<int>(init, Scratch));
        Assert.NotNull(kernel.Resume(child));
    }

    [Fact]
    public void The_end_of_init_ends_everything()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        kernel.Fork(child);
        kernel.Call(init, 231, 42);
        kernel.RunToTheEnd();
        Assert.Equal(42 << 8, kernel.Machine.SessionStatus);
        Assert.Equal(0, kernel.Pids.ProcessCount);
        Assert.Equal(0, kernel.Pids.ThreadCount);
    }

    [Theory]
    [InlineData(56)]
    [InlineData(57)]
    [InlineData(58)]
    public void Whoever_has_been_killed_makes_no_child(int call)
    {
        using var kernel = new TestKernel();
        Thread* maker = Handlers.Child(kernel);
        kernel.Signals.Send(maker->Process, new SignalInfo { Number = (int)Signal.SIGTERM, Pid = 1 });
        Assert.Null(kernel.Call(maker, call, (ulong)Signal.SIGCHLD));
        Assert.Equal(2, kernel.Pids.ProcessCount);
    }

    [Fact]
    public void A_signal_that_came_before_a_fork_is_handled_before_it()
    {
        using var kernel = new TestKernel();
        Thread* maker = Handlers.Child(kernel);
        Handlers.Catch(kernel, maker, Signal.SIGUSR1);
        kernel.Signals.Send(maker->Process, new SignalInfo { Number = (int)Signal.SIGUSR1, Pid = 1 });
        ulong rip = maker->Context->Rip;
        Assert.NotNull(kernel.Call(maker, 57));
        Assert.Equal(Handlers.Handler, maker->Context->Rip);
        Assert.Equal(2, kernel.Pids.ProcessCount);
        Handlers.Return(kernel, maker);
        Assert.Equal((rip, 57UL), (maker->Context->Rip, maker->Context->Rax));
    }

    [Fact]
    public void A_failed_fork_leaves_no_trace()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        int objects = kernel.Tracker.Count;
        ulong frames = kernel.Frames.UsedFrames;
        kernel.Pages.PageLimit = kernel.Pages.PagesOutstanding;
        for (int i = 0; i < 200; i++)
        {
            long? result = kernel.Call(init, 57);
            if (result < 0)
                break;
            Assert.True(i < 199, "fork never failed");
        }
        kernel.Pages.PageLimit = long.MaxValue;
        Process* process;
        while ((process = kernel.Pids.NextProcess(2)) != null)
        {
            kernel.Life.EndProcess(process, 0);
            kernel.Do(init, 61, ulong.MaxValue, 0, 0, 0);
        }
        Assert.Equal(objects, kernel.Tracker.Count);
        Assert.True(kernel.Frames.UsedFrames <= frames + 8);
    }

    [Theory]
    [InlineData(105, 1000UL)]
    [InlineData(106, 1000UL)]
    public void Privileges_once_given_up_do_not_come_back(int call, ulong id)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        if (call == 106)
            kernel.Do(child, 117, 1000, 1000, 1000);
        long? first = kernel.Call(child, call, id);
        Assert.Equal(call == 105 ? 0 : -(long)Errno.EPERM, first);
        Assert.Equal(-(long)Errno.EPERM, kernel.Call(child, 105, 0));
    }
}
