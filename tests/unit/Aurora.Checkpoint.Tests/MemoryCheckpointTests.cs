using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;
using static Aurora.Checkpoint.Tests.MemoryCheckpointSteps;

namespace Aurora.Checkpoint.Tests;

/// <summary>Checkpoints of one mapping's memory: what is in them, and when the whole group is captured instead.</summary>
public sealed unsafe class MemoryCheckpointTests
{
    [Fact]
    public void Only_the_pages_of_that_memory_become_durable()
    {
        TestSession session = Begin(out AddressSpace* space);
        ObjectId id = space->Header.Id;
        session.Store64(space, First + Page, 2);
        session.Store64(space, Second, 2);
        session.MakeFile("/later", "2"u8);
        Epoch whole = LastWhole(session);
        Epoch epoch = Take(session, space, First);
        Assert.Equal(whole.Next, epoch);
        Complete(session);
        Assert.True(session.Engine.IsDurable(epoch));
        CheckpointSample sample = session.Engine.Statistics[session.Engine.Statistics.Count - 1];
        Assert.Equal((epoch.Value, 1u, 1u), (sample.Epoch, sample.DirtyPages, sample.Records));

        using TestSession restored = session.Reboot();
        space = restored.Space(id);
        Assert.Equal((1UL, 2UL), (restored.Load(space, First), restored.Load(space, First + Page)));
        Assert.Equal(1UL, restored.Load(space, Second));
        Assert.True(restored.Find("/later") == null);
    }

    [Fact]
    public void A_checkpoint_after_it_has_everything_and_no_older_page()
    {
        TestSession session = Begin(out AddressSpace* space);
        ObjectId id = space->Header.Id;
        session.Store64(space, First, 2);
        session.Store64(space, Second, 2);

        // One of the whole group is on its way with an older page.
        session.Capture();
        session.Store64(space, First, 3);
        Epoch epoch = Take(session, space, First);
        session.Store64(space, First + Page, 4);
        Complete(session);
        Assert.True(session.Engine.IsDurable(epoch));
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        space = restored.Space(id);
        Assert.Equal((3UL, 4UL), (restored.Load(space, First), restored.Load(space, First + Page)));
        Assert.Equal(2UL, restored.Load(space, Second));
    }

    [Fact]
    public void A_store_after_it_is_not_in_it()
    {
        TestSession session = Begin(out AddressSpace* space);
        ObjectId id = space->Header.Id;
        session.Store64(space, First, 2);
        Take(session, space, First);
        session.Store64(space, First, 3);
        Complete(session);
        using TestSession restored = session.Reboot();
        Assert.Equal(2UL, restored.Load(restored.Space(id), First));
    }

    [Fact]
    public void Memory_that_has_not_changed_is_in_the_last_epoch()
    {
        using TestSession session = Begin(out AddressSpace* space);
        Assert.Equal(session.Engine.LastDurable, Take(session, space, First));
        session.Store64(space, First, 2);
        Epoch epoch = Take(session, space, First);
        Assert.Equal(epoch, Take(session, space, First));
        Assert.False(session.Engine.IsDurable(epoch));
        Complete(session);
        Assert.True(session.Engine.IsDurable(epoch));
    }

    public enum Change
    {
        Mapped,
        Protected,
        Unmapped,
        Forked,
        Child,
        PieceUnmapped,
        Asked,
        Expected,
    }

    [Theory]
    [InlineData(Change.Mapped)]
    [InlineData(Change.Protected)]
    [InlineData(Change.Unmapped)]
    [InlineData(Change.Forked)]
    [InlineData(Change.Child)]
    [InlineData(Change.PieceUnmapped)]
    [InlineData(Change.Asked)]
    [InlineData(Change.Expected)]
    public void The_whole_group_is_captured_where_memory_alone_would_not_do(Change change)
    {
        TestSession session = Begin(out AddressSpace* space);
        ulong at = Do(session, change, ref space);
        ObjectId id = space->Header.Id;
        session.Store64(space, at, 2);
        session.Store64(space, Second, 3);
        Epoch whole = LastWhole(session);
        Epoch epoch = Take(session, space, at);
        Assert.Equal(whole.Next, epoch);
        Assert.Equal(whole, session.Engine.LastCaptured);
        session.Engine.Poll();
        Assert.Equal(epoch, LastWhole(session));
        Complete(session);
        Assert.True(session.Engine.IsDurable(epoch));
        using (TestSession restored = session.Reboot())
        {
            AddressSpace* then = restored.Space(id);
            Assert.Equal((2UL, 3UL), (restored.Load(then, at), restored.Load(then, Second)));
        }
    }

    // Where the memory is that is captured then.
    private static ulong Do(TestSession session, Change change, ref AddressSpace* space)
    {
        const Protection ReadWrite = Protection.Read | Protection.Write;
        switch (change)
        {
            case Change.Mapped:
                Assert.Equal(MemoryStatus.Ok, session.MapMore(space, 0x6000_0000, 2, null));
                return 0x6000_0000;
            case Change.Protected:
                Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Protect(space, new VirtualAddress(First), Page, Protection.Read));
                Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Protect(space, new VirtualAddress(First), Page, ReadWrite));
                return First;
            case Change.Unmapped:
                Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Unmap(space, new VirtualAddress(First + (3 * Page)), Page));
                return First;
            case Change.Forked or Change.Child:
                Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out AddressSpace* child));
                space = change == Change.Child ? child : space;
                return First;
            case Change.PieceUnmapped:
                Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Protect(space, new VirtualAddress(First), Page, Protection.Read));
                session.Checkpoint();
                Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Unmap(space, new VirtualAddress(First), Page));
                return First + Page;
            case Change.Asked:
                session.Engine.Request();
                return First;
            default:
                session.Engine.Expect(session.Tracker);
                return First;
        }
    }

    // A clone that the store has not heard of begins with what its source was when it was made.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_child_keeps_what_its_parent_had_when_it_was_made(bool isCaptured)
    {
        TestSession session = Begin(out AddressSpace* space);
        ObjectId parent = space->Header.Id;
        session = session.Reboot();
        space = session.Space(parent);
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out AddressSpace* child));
        ObjectId copy = child->Header.Id;
        if (isCaptured)
            session.Capture();
        session.Store64(space, First, 2);
        Epoch epoch = Take(session, space, First);
        session.Engine.Poll();
        Complete(session);
        Assert.True(session.Engine.IsDurable(epoch));
        Assert.Equal(1UL, session.Load(child, First));
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        Assert.Equal(2UL, restored.Load(restored.Space(parent), First));
        Assert.Equal(1UL, restored.Load(restored.Space(copy), First));
    }

    [Fact]
    public void Shared_memory_is_captured_by_whoever_shows_it()
    {
        TestSession session = TestSession.Create();
        AddressSpace* space = session.NewSpace(Second, 1);
        var request = new MapRequest
        {
            Address = new VirtualAddress(First), Length = 4 * Page, Protection = Protection.Read | Protection.Write,
            Placement = MapPlacement.Fixed, Flags = MappingFlags.Shared,
        };
        Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Map(space, request, out _));
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out AddressSpace* child));
        session.Checkpoint();
        (ObjectId parent, ObjectId copy) = (space->Header.Id, child->Header.Id);
        session.Store64(space, First, 2);
        session.Store64(child, First + Page, 3);
        Epoch whole = LastWhole(session);
        Take(session, child, First);
        Complete(session);
        Assert.Equal(whole, LastWhole(session));
        using TestSession restored = session.Reboot();
        space = restored.Space(parent);
        Assert.Equal((2UL, 3UL), (restored.Load(space, First), restored.Load(space, First + Page)));
        Assert.Equal(2UL, restored.Load(restored.Space(copy), First));
    }

    [Fact]
    public void Who_finds_no_place_waits_for_one()
    {
        using TestSession session = Begin(out AddressSpace* space);
        for (int i = 1; i < CheckpointEngine.SlotCount; i++)
        {
            session.Store64(space, First, 2);
            Take(session, space, First);
        }
        session.Store64(space, First, 3);
        Mapping* mapping = MappingTable.Find(space, new VirtualAddress(First));
        Assert.Equal(Errno.EAGAIN, session.Engine.RequestMemory(session.Tracker, mapping, isAwaited: true, out _));
        Complete(session);
        Take(session, space, First);
    }

    // Who waits for the next epoch waits for the whole group; a checkpoint of memory puts nobody's off.
    [Fact]
    public void Nothing_else_counts_as_captured()
    {
        using TestSession session = Begin(out AddressSpace* space);
        var console = new TestConsole();
        ulong next = session.Tracker.NextCapture;
        ulong due = session.Engine.NextDueNanoseconds;
        session.Group.Output.Write("held"u8);
        session.Store64(space, First, 2);
        Take(session, space, First);
        Complete(session);
        session.Group.Output.Pump(console);
        Assert.Equal("", console.Text);
        Assert.False(session.Tracker.IsDurable(next));
        Assert.Equal(Math.Min(due, session.Engine.NextDueNanoseconds), session.Engine.NextDueNanoseconds);
        session.Checkpoint();
        session.Group.Output.Pump(console);
        Assert.Equal("held", console.Text);
        Assert.True(session.Tracker.IsDurable(next));
    }

    [Fact]
    public void A_restart_goes_on_from_it_and_has_not_gone_back()
    {
        TestSession session = Begin(out AddressSpace* space);
        ObjectId id = space->Header.Id;
        ulong generation = session.Group.Group.Of(session.Tracker)->Generation;
        session.Clock.Advance(1_000_000_000);
        session.Store64(space, First, 2);
        ulong time = session.Group.Clocks.Of(session.Tracker).MonotonicNanoseconds;
        Epoch epoch = Take(session, space, First);
        Complete(session);
        session = session.Reboot();
        Assert.Equal(epoch.Value, session.Engine.RestoredEpoch);
        Assert.Equal(generation, session.Group.Group.Of(session.Tracker)->Generation);
        Assert.Equal(0, session.Group.Group.Of(session.Tracker)->Left.Count);
        Assert.True(session.Group.Clocks.Of(session.Tracker).MonotonicNanoseconds >= time);
        Assert.Equal(SlsHistoryEntry.IsPresent, FlagsOf(session, epoch));

        // At once again, over what was restored.
        space = session.Space(id);
        session.Store64(space, First, 3);
        Assert.Equal(epoch.Next, Take(session, space, First));
        Complete(session);
        using TestSession restored = session.Reboot();
        Assert.Equal(3UL, restored.Load(restored.Space(id), First));
        Assert.Equal(epoch.Next.Value, restored.Engine.RestoredEpoch);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Going_back_leads_to_the_group_of_before_with_the_memory_of_that_epoch(int back)
    {
        TestSession session = Begin(out AddressSpace* space);
        ObjectId id = space->Header.Id;
        Epoch whole = session.Engine.LastDurable;
        for (ulong value = 2; value <= 3; value++)
        {
            session.Store64(space, First, value);
            session.Store64(space, Second, value);
            Take(session, space, First);
            Complete(session);
        }
        session.Checkpoint();
        string target = (whole.Value + (ulong)back).ToString();
        ulong ticket = session.Engine.Ask(CheckpointErrand.Rollback, Encoding.UTF8.GetBytes(target));
        session.RunErrands();
        Assert.True(session.Engine.IsDone(ticket, out Errno result));
        Assert.Equal(Errno.Ok, result);
        session = session.Reboot();
        space = session.Space(id);
        Assert.Equal((1UL + (ulong)back, 1UL), (session.Load(space, First), session.Load(space, Second)));
        Assert.True(session.Group.Group.Of(session.Tracker)->Generation > whole.Value);

        // The record says that it has gone back, which only a whole checkpoint may say.
        session.Store64(space, First, 9);
        Epoch next = Take(session, space, First);
        session.Engine.Poll();
        Assert.Equal(next, LastWhole(session));
        Complete(session);
        session.Dispose();
    }

    // Pages that each checkpoint finds dirty are copied by it and stay writable.
    [Fact]
    public void Pages_that_are_always_dirty_are_whole_in_every_epoch()
    {
        TestSession session = Begin(out AddressSpace* space);
        ObjectId id = space->Header.Id;
        for (ulong round = 2; round < 20; round++)
        {
            session.Store64(space, First, round);
            if (round % 3 != 0)
                session.Checkpoint();
            session.Store64(space, First + Page, round);
            Take(session, space, First);
            if (round % 2 == 0)
                Complete(session);
        }
        session.Store64(space, First, 100);
        Complete(session);
        using TestSession restored = session.Reboot();
        space = restored.Space(id);
        Assert.Equal((19UL, 19UL), (restored.Load(space, First), restored.Load(space, First + Page)));
    }

    // What has been granted of the disk to files that are written is not placed by a checkpoint of memory.
    [Fact]
    public void Room_granted_to_files_stays_granted()
    {
        using TestSession session = TestSession.Create(1024, isBounded: true);
        AddressSpace* space = session.NewSpace(First, 4);
        session.Checkpoint();
        session.Group.Files.Space.Describe(out _, out ulong before);
        session.MakeFile("/f", new byte[64 * 4096]);
        session.Group.Files.Space.Describe(out _, out ulong granted);
        Assert.True(granted + 64 <= before);
        session.Store64(space, First, 2);
        Take(session, space, First);
        Complete(session);
        session.Group.Files.Space.Describe(out _, out ulong after);
        Assert.InRange(after, 0UL, granted);
    }
}
