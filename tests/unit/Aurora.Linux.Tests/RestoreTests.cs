using System;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>A session captured at some instant goes on on another machine as if nothing had happened.</summary>
public sealed unsafe class RestoreTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    /// <summary>Captures the restored session again: every record must be the same, byte for byte.</summary>
    private static void AssertSameRecords(TestKernel kernel)
    {
        var first = new TestKernel.Image();
        kernel.Capture(first);
        using TestKernel restored = TestKernel.Restore(first, kernel.IsPlain);
        restored.LoadTree();
        foreach (ulong id in first.Records.Keys)
            restored.Tracker.MarkChanged(restored.Tracker.Find(new ObjectId(id)));
        var second = new TestKernel.Image();
        restored.Capture(second);
        Assert.Equal(first.Records.Keys, second.Records.Keys);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in first.Records)
            Assert.True(payload.SequenceEqual(second.Records[id].Payload), $"{kind} {id} differs");
    }

    [Fact]
    public void Everything_captured_comes_back_the_same()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 109, 0, 0);
        kernel.Do(child, 117, 1000, 1001, 1002);
        kernel.Do(child, 37, 30);
        kernel.Poke(child, Scratch, ulong.MaxValue);
        kernel.Do(child, 14, 0, Scratch, 0, 8);
        kernel.Do(init, 62, (ulong)child->Id, 40);
        kernel.Do(init, 62, (ulong)child->Id, (ulong)Signal.SIGUSR1);
        kernel.Do(child, 234, (ulong)child->Id, (ulong)child->Id, 41);
        kernel.Do(child, 222, 0, 0, Scratch + 8);
        kernel.Poke(child, Scratch + 16, new IntervalTimespec { Value = Timespec.From(5 * Second), Interval = Timespec.From(Second) });
        kernel.Do(child, 223, 0, 0, Scratch + 16, 0);
        kernel.PokeText(child, Scratch, "worker");
        kernel.Do(child, 157, 15, Scratch);
        child->Context->Xmm[100] = 0x5A;
        Thread* zombie = kernel.Fork(init);
        kernel.Call(zombie, 231, 9);
        Thread* stopped = kernel.Fork(init);
        kernel.Do(init, 62, (ulong)stopped->Id, (ulong)Signal.SIGSTOP);
        kernel.Resume(stopped);
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        kernel.Do(child, 56, flags, Scratch + 0x4000);
        Assert.Null(kernel.Call(init, 61, (ulong)child->Id, 0, 0, 0));
        kernel.Type("done\nhalf");
        AssertSameRecords(kernel);
    }

    [Fact]
    public void A_sleep_ends_when_it_would_have()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, Timespec.From(5 * Second));
        Assert.Null(kernel.Call(init, 35, Scratch, 0));
        kernel.Advance(2 * Second);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        Assert.Null(restored.Resume(again));
        restored.Advance((3 * Second) - 1);
        Assert.Equal(ThreadState.Blocked, again->State);
        restored.Advance(1);
        Assert.Equal(0, restored.Resume(again));
        Assert.True(restored.Scheduler.RunnableCount == 1);
    }

    [Fact]
    public void A_waiting_parent_gets_its_child_and_memory_is_what_it_was()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        kernel.Poke(child, Scratch + 0x3000, 0xABCDEF);
        Assert.Null(kernel.Call(init, 61, ulong.MaxValue, Scratch, 0, 0));
        using TestKernel restored = Move(kernel);
        Thread* parent = restored.ThreadOf(1);
        Thread* same = restored.ThreadOf(2);
        Assert.Null(restored.Resume(parent));
        Assert.Equal(0xABCDEF, restored.Peek<int>(same, Scratch + 0x3000));
        restored.Call(same, 231, 5);
        Assert.Equal(2, restored.Resume(parent));
        Assert.Equal(5 << 8, restored.Peek<int>(parent, Scratch));
    }

    [Fact]
    public void A_vfork_parent_still_waits_for_the_child_in_its_memory()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Null(kernel.Call(init, 58));
        using TestKernel restored = Move(kernel);
        Thread* parent = restored.ThreadOf(1);
        Thread* child = restored.ThreadOf(2);
        Assert.Null(restored.Resume(parent));
        Assert.True(child->Process->AddressSpace == parent->Process->AddressSpace);
        restored.Call(child, 231, 0);
        Assert.Equal(2, restored.Resume(parent));
    }

    [Fact]
    public void A_futex_wake_that_came_before_the_capture_is_not_lost()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        Thread* waiter = kernel.ThreadOf(kernel.Do(init, 56, flags, Scratch + 0x4000));
        kernel.Resume(waiter);
        int id = waiter->Id;
        kernel.Poke(init, Scratch, 1);
        Assert.Null(kernel.Call(waiter, 202, Scratch, 128, 1, 0, 0, 0));
        Assert.Equal(1, kernel.Do(init, 202, Scratch, 129, 1, 0, 0, 0));
        using TestKernel restored = Move(kernel);
        Assert.Equal(0, restored.Resume(restored.ThreadOf(id)));
    }

    [Fact]
    public void A_half_typed_line_and_the_screen_survive()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        Assert.Null(kernel.Call(init, 0, 0, Scratch, 100));
        kernel.Type("echo hel");
        using TestKernel restored = Move(kernel);
        Thread* reader = restored.ThreadOf(1);
        Assert.Null(restored.Resume(reader));
        byte[] screen = new byte[100];
        int shown = TerminalRings.CopyScreen(restored.Terminals.ConsoleOf(restored.Tracker), screen);
        Assert.Equal("echo hel", Encoding.Latin1.GetString(screen, 0, shown));
        restored.Type("\x7flo\n");
        Assert.Equal("echo helo\n".Length - 0, restored.Resume(reader));
        Assert.Equal("echo helo\n", restored.PeekText(reader, Scratch)[..10]);
        Assert.True(restored.Terminals.ConsoleOf(restored.Tracker)->Session->Leader == reader->Process);
    }

    [Fact]
    public void Pending_signals_and_timers_are_delivered_after_the_move()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, ulong.MaxValue);
        kernel.Do(init, 14, 0, Scratch, 0, 8);
        kernel.Do(init, 37, 2);
        kernel.Do(init, 234, 1, 1, 44);
        using TestKernel restored = Move(kernel);
        Thread* again = restored.ThreadOf(1);
        restored.Poke(again, Scratch + 0x8000, ulong.MaxValue);
        Assert.Equal(44, restored.Do(again, 128, Scratch + 0x8000, 0, 0, 8));
        Assert.Null(restored.Call(again, 128, Scratch + 0x8000, 0, 0, 8));
        restored.Advance(2 * Second);
        Assert.Equal((long)Signal.SIGALRM, restored.Resume(again));
    }

    [Fact]
    public void Only_what_ran_or_changed_is_captured_again()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Fork(init);
        kernel.Fork(init);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Assert.Equal(0, kernel.Tracker.ChangedCount);
        Assert.True(kernel.Scheduler.PickNext() != null);
        kernel.Do(kernel.Scheduler.Current, 39);
        kernel.Scheduler.MarkThreadsThatRan(kernel.Tracker);
        Assert.Equal(1, kernel.Tracker.ChangedCount);
    }
}
