using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;
using static Aurora.Checkpoint.Tests.MemoryCheckpointSteps;

namespace Aurora.Checkpoint.Tests;

/// <summary>Checkpoints of one mapping's memory on a full disk, behind a refused checkpoint, and without memory.</summary>
public sealed unsafe class MemoryCheckpointRefusalTests
{
    [Fact]
    public void A_full_disk_refuses_it_and_the_pages_are_dirty_again()
    {
        TestSession session = TestSession.Create(1024);
        const ulong pages = 400;
        const ulong left = 32;
        AddressSpace* space = session.NewSpace(First, pages);
        ObjectId id = space->Header.Id;
        session.Checkpoint();
        byte[] piece = new byte[1 << 18];
        int files = 0;
        for (; session.Engine.Refusal == StoreStatus.Ok && files < 20; files++)
        {
            new Random(files).NextBytes(piece);
            session.MakeFile($"/f{files}", piece);
            session.Engine.CheckpointAndWait();
        }
        session.Remove("/f0");
        session.Remove("/f1");
        session.Remove($"/f{--files}");
        Assert.Equal(StoreStatus.Ok, Settle(session));
        Fill(session, space, pages, 1);
        Epoch refused = Take(session, space, First);
        Assert.Equal(refused, session.Engine.LastCaptured);
        Complete(session);
        Assert.Equal(Errno.ENOSPC, session.Engine.ErrorOf(session.Tracker, refused));
        Assert.False(session.Engine.HasFailed);

        // What was refused is owed: the next one is of the whole group.
        Fill(session, space, 1, 2);
        session.DropPages(space, First + (left * Page), (pages - left) * Page);
        session.Remove("/f2");
        Epoch whole = Take(session, space, First);
        Assert.Equal(StoreStatus.Ok, Settle(session));
        Assert.True(session.Engine.IsDurable(whole));
        Assert.True(LastWhole(session) >= whole);
        using TestSession restored = session.Reboot();
        space = restored.Space(id);
        Assert.Equal(2UL, restored.Load(space, First));
        for (ulong page = 1; page < left; page++)
            Assert.Equal(1 + page, restored.Load(space, First + (page * Page)));
    }

    // What is captured behind an epoch that is refused is undone with it, and the whole group is owed.
    [Theory]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(12)]
    public void What_is_refused_before_it_takes_it_along(int allocations)
    {
        TestSession session = Begin(out AddressSpace* space, pages: 512);
        ObjectId id = space->Header.Id;
        Fill(session, space, 512, 10);
        session.Store64(space, Second, 2);
        Epoch whole = session.Capture();
        session.Store64(space, First, 20);
        Epoch epoch = Take(session, space, First);
        Assert.Equal(whole.Next, epoch);
        session.Pages.Remaining = allocations;
        Complete(session);
        session.Pages.Remaining = null;
        bool isRefused = session.Engine.Refusal != StoreStatus.Ok;
        Assert.Equal(!isRefused, session.Engine.IsDurable(epoch));
        session.Store64(space, First + Page, 30);
        Epoch next = Take(session, space, First);
        Assert.Equal(epoch.Next, next);
        session.Clock.Advance(1_000_000_000);
        session.Engine.Poll();
        Assert.Equal(isRefused, LastWhole(session) == next);
        Complete(session);
        Assert.True(session.Engine.IsDurable(next));
        using TestSession restored = session.Reboot();
        space = restored.Space(id);
        Assert.Equal((20UL, 30UL, 2UL), (restored.Load(space, First), restored.Load(space, First + Page), restored.Load(space, Second)));
        for (ulong page = 2; page < 512; page++)
            Assert.Equal(10 + page, restored.Load(space, First + (page * Page)));
    }

    [Fact]
    public void Without_memory_for_it_the_whole_group_is_asked_for()
    {
        using TestSession session = Begin(out AddressSpace* space);
        session.Store64(space, First, 2);
        session.Pages.IsExhausted = true;
        Epoch whole = LastWhole(session);
        Assert.Equal(whole.Next, Take(session, space, First));
        Assert.Equal(whole, session.Engine.LastCaptured);
        session.Pages.IsExhausted = false;
        session.Engine.Poll();
        Assert.Equal(whole.Next, LastWhole(session));
        Complete(session);
    }
}
