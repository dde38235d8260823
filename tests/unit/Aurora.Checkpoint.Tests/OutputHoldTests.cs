using System;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>External synchrony: nothing is seen before it is durable, everything durable is seen at least once and in order.</summary>
public sealed class OutputHoldTests
{
    [Fact]
    public void NothingIsSeenBeforeItIsDurable()
    {
        using TestSession session = TestSession.Create();
        var console = new TestConsole();
        session.Group.Output.Write("one "u8);
        session.Capture();
        session.Group.Output.Write("two"u8);
        session.Flush();
        session.Group.Output.Pump(console);
        Assert.Equal("", console.Text);
        session.Commit();
        session.Group.Output.Pump(console);
        Assert.Equal("one ", console.Text);
        session.Checkpoint();
        session.Group.Output.Pump(console);
        Assert.Equal("one two", console.Text);
        Assert.False(session.Group.Output.IsPending);
    }

    [Fact]
    public void WhatWasDurableAndNotSeenIsSeenAfterARestore()
    {
        TestSession session = TestSession.Create();
        var console = new TestConsole { Room = 3 };
        session.Group.Output.Write("durable"u8);
        session.Checkpoint();
        session.Group.Output.Pump(console);
        session.Group.Output.Write(" lost"u8);
        using TestSession restored = session.Reboot();
        var again = new TestConsole();
        restored.Group.Output.Pump(again);
        Assert.Equal("dur", console.Text);
        Assert.Equal("durable", again.Text);
    }

    [Fact]
    public void WhatACheckpointKnowsToBeSeenIsNotRepeated()
    {
        TestSession session = TestSession.Create();
        session.Group.Output.Write("seen unseen"u8);
        session.Checkpoint();
        session.Group.Output.Pump(new TestConsole { Room = 5 });
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        var again = new TestConsole();
        restored.Group.Output.Pump(again);
        Assert.Equal("unseen", again.Text);
        restored.Group.Output.Write("!"u8);
        restored.Checkpoint();
        restored.Group.Output.Pump(again);
        Assert.Equal("unseen!", again.Text);
    }

    [Fact]
    public void PositionsGoOnAfterARestore()
    {
        TestSession session = TestSession.Create();
        session.Group.Output.Write("twelve bytes"u8);
        session.Checkpoint();
        session.Group.Output.Pump(new TestConsole());
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        Assert.Equal(12ul, restored.Group.Output.Emitted);
        Assert.False(restored.Group.Output.IsPending);
        restored.Group.Output.Write("more"u8);
        restored.Checkpoint();
        var console = new TestConsole();
        restored.Group.Output.Pump(console);
        Assert.Equal(("more", 16ul), (console.Text, restored.Group.Output.Emitted));
    }

    [Fact]
    public void WhatWasStillInTheDeviceIsSeenAfterARestore()
    {
        TestSession session = TestSession.Create();
        var console = new TestConsole { Queued = 6 };
        session.Group.Output.Write("seen queued"u8);
        session.Checkpoint();
        session.Group.Output.Pump(console);
        Assert.True(session.Group.Output.IsPending);
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        var again = new TestConsole();
        restored.Group.Output.Pump(again);
        Assert.Equal("seen queued", console.Text);
        Assert.Equal("queued", again.Text);
        Assert.False(restored.Group.Output.IsPending);
    }

    [Fact]
    public void OutputOfManyChunksIsTakenUpToItsRoomAndComesBackInOrder()
    {
        TestSession session = TestSession.Create();
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i:D5},")));
        int room = session.Group.Output.Room;
        int taken = session.Group.Output.Write(text);
        Assert.Equal(room, taken);
        Assert.Equal(0, session.Group.Output.Room);
        session.Checkpoint();
        session.Group.Output.Pump(new TestConsole { Room = 10_000 });
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        var again = new TestConsole();
        restored.Group.Output.Pump(again);
        Assert.Equal(Encoding.ASCII.GetString(text, 10_000, taken - 10_000), again.Text);
        Assert.Equal(room, restored.Group.Output.Room);
    }

    [Fact]
    public void ALogTakesMemoryForWhatIsWrittenAndHasTheRoomItTellsOf()
    {
        using GroupMachine machine = GroupMachine.Create(TestSession.NewDevice());
        machine.Do(GroupVerb.Run, target: "a");
        HeldOutput log = machine.Session.Group.OutputHold.Of(machine.Find("a"));
        int few = log.Room;
        Assert.InRange(few, 4096, HeldOutput.MaxChunks * OutputChunk.Capacity / 8);
        byte[] text = new byte[HeldOutput.MaxChunks * OutputChunk.Capacity];
        for (int written = 0; written < text.Length; written += few)
        {
            int room = log.Room;
            Assert.True(room > 0 || written + few > text.Length);
            Assert.Equal(Math.Min(room, few), log.Write(text.AsSpan(0, Math.Min(room, few))));
        }
        Assert.Equal(0, log.Room);
        machine.Settle();
        Assert.NotEqual(0, log.Room);
    }

    /// <summary>Nobody would wake a writer who waits for memory: what is durable gives way to him, and be it all there is.</summary>
    [Fact]
    public unsafe void ALogForWhichThereIsNoMemoryGoesOnWithWhatItHas()
    {
        const int Left = 3;
        using GroupMachine machine = GroupMachine.Create(TestSession.NewDevice());
        machine.Do(GroupVerb.Run, target: "a");
        OutputHold hold = machine.Session.Group.OutputHold;
        HeldOutput log = hold.Of(machine.Find("a"));
        // Nothing has been taken ahead.
        log.End();
        log.BeginLog();
        machine.Session.Pages.IsExhausted = true;
        var taken = new System.Collections.Generic.List<nint>();
        for (OutputChunk* chunk = hold.Chunks.Allocate(); chunk != null; chunk = hold.Chunks.Allocate())
            taken.Add((nint)chunk);
        hold.Chunks.Free((OutputChunk*)taken[^1]);
        taken.RemoveAt(taken.Count - 1);
        Assert.Equal(OutputChunk.Capacity, log.Room);
        Assert.Equal(OutputChunk.Capacity - Left, log.Write(new byte[OutputChunk.Capacity - Left]));
        Assert.Equal(Left, log.Room);
        machine.Session.Pages.IsExhausted = false;
        machine.Settle();
        machine.Session.Pages.IsExhausted = true;
        Assert.Equal(OutputChunk.Capacity, log.Room);
        Assert.Equal(OutputChunk.Capacity, log.Write(new byte[OutputChunk.Capacity]));
        Assert.Equal(OutputChunk.Capacity - Left, (int)log.Start);
        machine.Session.Pages.IsExhausted = false;
        machine.Settle();
        Assert.Equal(log.Written, log.Durable);
        foreach (nint chunk in taken)
            hold.Chunks.Free((OutputChunk*)chunk);
    }

    /// <summary>An epoll that heard of every commit would be woken by what its own waking makes durable.</summary>
    [Theory]
    [InlineData(1U, false)]
    [InlineData(4U, true)]
    public unsafe void WhoWatchesALogHearsOfRoomAndOnlyWhenMoreMayBeShown(uint interest, bool hears)
    {
        using GroupMachine machine = GroupMachine.Create(TestSession.NewDevice());
        machine.Do(GroupVerb.Run, target: "a");
        GroupSession session = machine.Session.Group;
        HeldOutput log = session.OutputHold.Of(machine.Find("a"));
        var list = new ReadyList();
        var watch = new ReadyWatch { Object = &machine.Init(machine.Find("a"))->Header, List = &list, Interest = interest };
        session.Scheduler.Listen(&watch, log.Space, 4);
        machine.Store(machine.Find("a"), 0, 1);
        machine.Settle();
        Assert.False(watch.IsReady);
        log.Write("a line"u8);
        machine.Store(machine.Find("a"), 0, 2);
        machine.Settle();
        Assert.Equal(log.Written, log.Durable);
        Assert.Equal(hears, watch.IsReady);
        session.Scheduler.StopListening(&watch);
    }

    [Fact]
    public void OutputComesAtLeastOnceAndInOrderWhateverHappens()
    {
        for (int seed = 1; seed <= 12; seed++)
            new OutputRun(new Random(seed)).Run();
    }
}
