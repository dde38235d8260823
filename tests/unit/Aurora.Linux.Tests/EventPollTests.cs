using System;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>
/// Epolls over restores that nothing announces: what is on the list, in which order, what has been told, and who waits. What the calls
/// answer is in guests/c/epolls.c.
/// </summary>
public sealed unsafe partial class EventPollTests
{
    private const ulong Events = Scratch + 0x2000;
    private const ulong Data = Scratch + 0x800;
    private const uint In = (uint)PollEvents.In;
    private const uint Out = (uint)PollEvents.Out;

    private static (ulong Read, ulong Write) Pipe(TestKernel kernel, Thread* thread)
    {
        kernel.Do(thread, 293, Scratch + 0x40, OpenFlags.NonBlocking);
        return ((ulong)kernel.Peek<int>(thread, Scratch + 0x40), (ulong)kernel.Peek<int>(thread, Scratch + 0x44));
    }

    private static ulong Poll(TestKernel kernel, Thread* thread) => (ulong)kernel.Do(thread, 291, 0);

    private static long Control(TestKernel kernel, Thread* thread, ulong poll, ulong operation, ulong file, uint events, ulong data)
    {
        kernel.Poke(thread, Events, new LinuxEpollEvent { Events = events, Data = data });
        return kernel.Call(thread, 233, poll, operation, file, Events)!.Value;
    }

    private static void Add(TestKernel kernel, Thread* thread, ulong poll, ulong file, uint events, ulong data)
        => Assert.Equal(0, Control(kernel, thread, poll, 1, file, events, data));

    private static void Put(TestKernel kernel, Thread* thread, ulong file) => Assert.Equal(1, kernel.Do(thread, 1, file, Data, 1));

    // The data of what is told now.
    private static ulong[] Told(TestKernel kernel, Thread* thread, ulong poll, ulong most = 8)
    {
        long count = kernel.Do(thread, 232, poll, Events, most, 0);
        ulong[] told = new ulong[count];
        for (int i = 0; i < told.Length; i++)
            told[i] = kernel.Peek<LinuxEpollEvent>(thread, Events + (ulong)(i * LinuxEpollEvent.Bytes)).Data;
        return told;
    }

    // Everything in a fresh kernel, with only what says of itself that it has changed.
    private static TestKernel Move(TestKernel kernel, TestKernel.Image image)
    {
        kernel.Capture(image);
        bool isPlain = kernel.IsPlain;
        kernel.Dispose();
        return TestKernel.Restore(image, isPlain);
    }

    [Fact]
    public void Structures_and_records_have_their_sizes()
    {
        Assert.Equal(12, sizeof(LinuxEpollEvent));
        Assert.Equal(4, (int)Marshal.OffsetOf<LinuxEpollEvent>(nameof(LinuxEpollEvent.Data)));
        Assert.Equal(EventPollRecord.Bytes, sizeof(EventPollRecord));
        Assert.Equal(EventWatchRecord.Bytes, sizeof(EventWatchRecord));
        Assert.Equal(24, (int)Marshal.OffsetOf<EventWatchRecord>(nameof(EventWatchRecord.Order)));
        Assert.Equal(36, (int)Marshal.OffsetOf<EventWatchRecord>(nameof(EventWatchRecord.Events)));
    }

    [Fact]
    public void Edges_are_neither_lost_nor_made_by_a_restore()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        ulong poll = Poll(kernel, init);
        (ulong read, ulong write) = Pipe(kernel, init);
        Add(kernel, init, poll, read, In | EventFlags.EdgeTriggered, 1);
        Add(kernel, init, poll, write, Out | EventFlags.EdgeTriggered, 2);
        Assert.Equal([2], Told(kernel, init, poll));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Empty(Told(kernel, init, poll));
        Put(kernel, init, write);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal([1], Told(kernel, init, poll));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Empty(Told(kernel, init, poll));
        Put(kernel, init, write);
        Assert.Equal([1], Told(kernel, init, poll));
        kernel.Dispose();
    }

    /// <summary>What a restore changes is told once: nobody wakes the file.</summary>
    [Fact]
    public void A_jump_of_real_time_over_a_restore_is_an_edge_of_a_timer_that_is_given_up()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        ulong poll = Poll(kernel, init);
        ulong timer = (ulong)kernel.Do(init, 283, 0, 0x800);
        Add(kernel, init, poll, timer, In | EventFlags.EdgeTriggered, 1);
        kernel.Poke(init, Data, new IntervalTimespec { Value = Timespec.From(kernel.Clock.Realtime + 1_000_000_000_000) });
        kernel.Do(init, 286, timer, 3, Data, 0);
        Assert.Empty(Told(kernel, init, poll));
        kernel.Capture(image);
        image.Realtime += 5_000_000_000;
        kernel.Dispose();
        kernel = TestKernel.Restore(image);
        init = kernel.ThreadOf(1);
        kernel.Advance(1);
        Assert.Equal([1], Told(kernel, init, poll));
        Assert.Empty(Told(kernel, init, poll));
        kernel.Dispose();
    }

    [Fact]
    public void The_order_of_the_list_and_one_shot_watches_are_as_before()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        ulong poll = Poll(kernel, init);
        var pipes = new (ulong Read, ulong Write)[5];
        for (int i = 0; i < pipes.Length; i++)
        {
            pipes[i] = Pipe(kernel, init);
            Add(kernel, init, poll, pipes[i].Read, i == 4 ? In | EventFlags.OneShot : In, (ulong)i);
        }
        foreach (int i in (int[])[3, 4, 0, 2, 1])
            Put(kernel, init, pipes[i].Write);
        Assert.Equal([3, 4], Told(kernel, init, poll, 2));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Put(kernel, init, pipes[4].Write);
        Assert.Equal([0, 2, 1], Told(kernel, init, poll, 3));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal([3, 0, 2, 1], Told(kernel, init, poll));
        Assert.Equal(0, Control(kernel, init, poll, 3, pipes[4].Read, In | EventFlags.OneShot, 4));
        Assert.Equal([3, 0, 2, 1, 4], Told(kernel, init, poll));
        Assert.Equal([3, 0, 2, 1], Told(kernel, init, poll));
        kernel.Dispose();
    }

    [Fact]
    public void Those_who_wait_wait_on_and_an_edge_wakes_one_of_them()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        ulong poll = Poll(kernel, init);
        (ulong read, ulong write) = Pipe(kernel, init);
        Add(kernel, init, poll, read, In | EventFlags.EdgeTriggered, 1);
        int[] ids = new int[3];
        for (int i = 0; i < ids.Length; i++)
        {
            Thread* child = kernel.Fork(init);
            Assert.Null(kernel.Call(child, 232, poll, Events, 1, i == 0 ? 500UL : ulong.MaxValue));
            ids[i] = child->Id;
        }
        kernel = Move(kernel, image);
        foreach (int id in ids)
            Assert.Null(kernel.Resume(kernel.ThreadOf(id)));
        init = kernel.ThreadOf(1);
        Put(kernel, init, write);
        Assert.Equal(1, kernel.Resume(kernel.ThreadOf(ids[0])));
        Assert.Equal(ThreadState.Blocked, kernel.ThreadOf(ids[1])->State);
        // Who has been woken and not looked is not waited for: the event is anybody's.
        Put(kernel, init, write);
        Assert.Equal(ThreadState.Runnable, kernel.ThreadOf(ids[1])->State);
        kernel = Move(kernel, image);
        Assert.Equal(1, kernel.Resume(kernel.ThreadOf(ids[2])));
        Assert.Null(kernel.Resume(kernel.ThreadOf(ids[1])));
        kernel.Dispose();
    }

    [Fact]
    public void A_deadline_is_the_calls()
    {
        var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong poll = Poll(kernel, init);
        Assert.Null(kernel.Call(init, 232, poll, Events, 1, 500));
        kernel.Advance(400_000_000);
        kernel = Move(kernel, new TestKernel.Image());
        init = kernel.ThreadOf(1);
        Assert.Null(kernel.Resume(init));
        kernel.Advance(99_000_000);
        Assert.Equal(ThreadState.Blocked, init->State);
        kernel.Advance(2_000_000);
        Assert.Equal(0, kernel.Resume(init));
        kernel.Dispose();
    }

    [Fact]
    public void A_mask_lasts_until_the_handler_and_a_stop_interrupts()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong poll = Poll(kernel, child);
        Assert.Equal(0, kernel.Do(child, 8, poll, 5, 0));
        kernel.Do(child, 14, 0, kernel.PokeMask(child, Signal.SIGUSR1), 0, 8);
        kernel.Poke(child, Scratch + 0xE00, 0UL);
        Assert.Null(kernel.Call(child, 281, poll, Events, 1, ulong.MaxValue, Scratch + 0xE00, 8));
        kernel.Do(init, 62, (ulong)child->Id, (ulong)Signal.SIGSTOP);
        Assert.Null(kernel.Resume(child));
        kernel.Do(init, 62, (ulong)child->Id, (ulong)Signal.SIGCONT);
        Assert.Equal(-(long)Errno.EINTR, kernel.Resume(child));
        Assert.True(child->BlockedSignals.Contains(Signal.SIGUSR1));
        Assert.False(child->HasSavedBlockedSignals);
        Assert.Equal(0, child->Call.RestartCode);
    }

    [Fact]
    public void Watches_of_watches_come_back_and_a_cycle_does_not()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        ulong inner = Poll(kernel, init);
        ulong outer = Poll(kernel, init);
        (ulong read, ulong write) = Pipe(kernel, init);
        Add(kernel, init, inner, read, In, 1);
        Add(kernel, init, outer, inner, In | EventFlags.EdgeTriggered, 2);
        Put(kernel, init, write);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal([2], Told(kernel, init, outer));
        Put(kernel, init, write);
        Assert.Equal([2], Told(kernel, init, outer));
        Assert.Empty(Told(kernel, init, outer));
        Assert.Equal([1], Told(kernel, init, inner));
        OpenFile* file = Descriptors.Find((DescriptorTable*)init->Process->Descriptors, (int)outer);
        ulong id = image.Records.First(record => record.Value.Kind == ObjectKind.EventWatch).Key;
        byte[] record = image.Records[id].Payload;
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        // The inner one watches the outer one.
        BitConverter.TryWriteBytes(record.AsSpan(8), file->Header.Id.Value);
        image.Records[id] = (ObjectKind.EventWatch, record);
        Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
        kernel.Dispose();
    }

    /// <summary>The first at an end of a FIFO is an edge for who watches the reading one, and another is not.</summary>
    [Fact]
    public void A_fifo_that_is_opened_anew_is_an_edge()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong path = kernel.PokeText(init, Scratch + 0x200, "/fifo");
        kernel.Do(init, 133, path, 0x11B6);
        ulong poll = Poll(kernel, init);
        ulong reader = (ulong)kernel.Do(init, 2, path, OpenFlags.NonBlocking);
        Add(kernel, init, poll, reader, In | EventFlags.EdgeTriggered, 1);
        ulong writer = (ulong)kernel.Do(init, 2, path, OpenFlags.WriteOnly);
        Assert.Empty(Told(kernel, init, poll));
        Put(kernel, init, writer);
        Assert.Equal([1], Told(kernel, init, poll));
        kernel.Do(init, 3, (ulong)kernel.Do(init, 2, path, OpenFlags.WriteOnly));
        Assert.Empty(Told(kernel, init, poll));
        kernel.Do(init, 3, writer);
        Assert.Equal([1], Told(kernel, init, poll));
        kernel.Do(init, 2, path, OpenFlags.WriteOnly);
        Assert.Equal([1], Told(kernel, init, poll));
        Assert.Empty(Told(kernel, init, poll));
    }

    [Fact]
    public void The_terminal_is_watched_for_what_was_asked_for()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        ulong poll = Poll(kernel, init);
        Add(kernel, init, poll, 0, In | EventFlags.EdgeTriggered, 1);
        Add(kernel, init, poll, 1, Out | EventFlags.EdgeTriggered, 2);
        Assert.Equal([2], Told(kernel, init, poll));
        kernel.Type("half");
        Assert.Empty(Told(kernel, init, poll));
        kernel.Type(" a line\n");
        Assert.Equal([1], Told(kernel, init, poll));
        Assert.Empty(Told(kernel, init, poll));
    }
}
