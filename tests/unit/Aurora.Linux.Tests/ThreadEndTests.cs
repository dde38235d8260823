using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What a thread leaves in memory for others, however it ends, and also when the pages are not in memory.</summary>
public sealed unsafe class ThreadEndTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Head = Scratch + 0x5000;
    private const ulong Entry = Scratch + 0x6000;
    private const ulong Word = Scratch + 0x7010;
    private const ulong Cleared = Scratch + 0x8000;
    private const uint Waiters = 0x80000000;
    private const uint OwnerDied = 0x40000000;

    // Thread, with everything shared and a thread id that is cleared at the end.
    private const ulong ThreadFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x200000;

    public static TheoryData<string> Ends => ["exit", "exit_group", "kill", "fault", "other exits", "other executes", "other is killed"];

    [Theory]
    [MemberData(nameof(Ends))]
    public void A_robust_futex_tells_that_its_owner_died(string how)
    {
        using var kernel = new TestKernel();
        Thread* owner = Prepare(kernel, out Thread* other, out Thread* observer);
        End(kernel, how, owner, other);
        Assert.Equal(Waiters | OwnerDied, kernel.Peek<uint>(observer, Word));
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public void It_does_so_after_a_restore_when_no_page_is_in_memory(string how)
    {
        var image = new TestKernel.Image();
        int owner, other, observer;
        using (var kernel = new TestKernel())
        {
            owner = Prepare(kernel, out Thread* second, out Thread* third)->Id;
            (other, observer) = (second->Id, third->Id);
            kernel.Capture(image);
        }
        using TestKernel restored = TestKernel.Restore(image);
        End(restored, how, restored.ThreadOf(owner), restored.ThreadOf(other));
        Assert.Equal(Waiters | OwnerDied, restored.Peek<uint>(restored.ThreadOf(observer), Word));
    }

    [Fact]
    public void The_thread_id_is_cleared_and_its_waiter_woken_after_a_restore()
    {
        var image = new TestKernel.Image();
        int waiting, ending;
        using (var kernel = new TestKernel())
        {
            Thread* owner = Prepare(kernel, out Thread* other, out _);
            (waiting, ending) = (other->Id, owner->Id);
            kernel.Poke(owner, Cleared, (uint)ending);
            Assert.Null(kernel.Call(other, 202, Cleared, 0, (ulong)ending, 0));
            kernel.Capture(image);
        }
        using TestKernel restored = TestKernel.Restore(image);
        Thread* waiter = restored.ThreadOf(waiting);
        Assert.Null(restored.Resume(waiter));
        Assert.Null(restored.Call(restored.ThreadOf(ending), 60, 0));
        Assert.Equal(0, restored.Resume(waiter));
        Assert.Equal(0u, restored.Peek<uint>(waiter, Cleared));
    }

    // An observer that shares the memory, and a process of two threads; its second thread owns the futex.
    private static Thread* Prepare(TestKernel kernel, out Thread* other, out Thread* observer)
    {
        Thread* init = kernel.Boot();
        kernel.WriteFile("/prog", ElfBuilder.Build());
        observer = kernel.ThreadOf(kernel.Do(init, 56, 0x100 | 17, 0, 0, 0, 0));
        Assert.Equal(0, kernel.Resume(observer));
        other = kernel.ThreadOf(kernel.Do(init, 56, 0x100 | 17, 0, 0, 0, 0));
        Assert.Equal(0, kernel.Resume(other));
        Thread* owner = kernel.ThreadOf(kernel.Do(other, 56, ThreadFlags, 0, 0, Cleared, 0));
        Assert.Equal(0, kernel.Resume(owner));
        kernel.Poke(owner, Head, new RobustHead { Next = Entry, Offset = (long)(Word - Entry) });
        kernel.Poke(owner, Entry, Head);
        kernel.Poke(owner, Word, (uint)owner->Id | Waiters);
        kernel.Do(owner, 273, Head, 24);
        return owner;
    }

    private static void End(TestKernel kernel, string how, Thread* owner, Thread* other)
    {
        switch (how)
        {
            case "exit":
                Assert.Null(kernel.Call(owner, 60, 0));
                break;
            case "exit_group":
                Assert.Null(kernel.Call(owner, 231, 0));
                break;
            case "kill":
                kernel.Signals.Send(owner->Process, SignalInfo.FromKernel(Signal.SIGKILL));
                Assert.Null(kernel.Resume(owner));
                break;
            case "fault":
                kernel.Fault(owner, 14, 16);
                Assert.Null(kernel.Resume(owner));
                break;
            case "other exits":
                Assert.Null(kernel.Call(other, 231, 0));
                break;
            case "other is killed":
                kernel.Signals.Send(other, SignalInfo.FromKernel(Signal.SIGTERM));
                Assert.Null(kernel.Resume(other));
                break;
            default:
                kernel.Poke(other, Scratch + 0x100, 0x676F72702FUL);
                Assert.NotNull(kernel.Call(other, 59, Scratch + 0x100, 0, 0));
                Assert.False(kernel.IsAlive(owner));
                break;
        }
    }

    [Fact]
    public void A_fork_that_cannot_store_the_id_of_its_child_makes_no_child()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, 5u);
        int processes = kernel.Pids.ProcessCount;
        var hoard = new System.Collections.Generic.List<FrameNumber>();
        // The fork itself needs page tables; the copy of the page is what finds no frame.
        for (int spare = 0; ; spare++)
        {
            for (FrameNumber frame; (frame = kernel.Frames.Allocate(Memory.FrameFlags.Data)).Value != 0;)
                hoard.Add(frame);
            for (int i = 0; i < spare; i++)
            {
                kernel.Frames.Release(hoard[^1]);
                hoard.RemoveAt(hoard.Count - 1);
            }
            long? result = kernel.Call(init, 56, 0x1000000 | 0x100000 | 17, 0, Scratch, Scratch + 4, 0);
            if (result > 0)
            {
                Thread* child = kernel.ThreadOf(result.Value);
                Assert.Equal((int)result.Value, kernel.Peek<int>(child, Scratch + 4));
                return;
            }
            Assert.Equal(-(long)Errno.ENOMEM, result);
            Assert.Equal(processes, kernel.Pids.ProcessCount);
        }
    }
}
