using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>When checkpoints are taken: the period, held output, the budget of one commit, and the quiet afterwards.</summary>
public sealed unsafe class PaceTests
{
    private const ulong Arena = 0x4000_0000;

    [Fact]
    public void HeldOutputOfAnIdleGroupDoesNotWaitForThePeriod()
    {
        using TestSession session = TestSession.Create();
        session.Clock.Advance(session.Engine.PeriodNanoseconds);
        Finish(session, () => session.Engine.Poll());
        Epoch before = session.Engine.LastCaptured;
        session.Group.Output.Write("$ "u8);
        session.Engine.Poll();
        Assert.Equal(before, session.Engine.LastCaptured);
        Assert.True(session.Engine.NextIdleDueNanoseconds <= session.Clock.MonotonicNanoseconds);
        Finish(session, session.Engine.PollIdle);
        Assert.Equal(session.Group.Output.Written, session.Group.Output.Durable);

        // The early one has borrowed the next period, and there is only one to borrow.
        session.Group.Output.Write("more"u8);
        session.Engine.PollIdle();
        Assert.Equal(before.Next, session.Engine.LastCaptured);
        session.Clock.Advance(session.Engine.PeriodNanoseconds);
        session.Engine.Poll();
        Assert.Equal(before.Next, session.Engine.LastCaptured);
        Finish(session, session.Engine.PollIdle);
        Assert.Equal(session.Group.Output.Written, session.Group.Output.Durable);
    }

    [Fact]
    public void NeverMoreCheckpointsThanPeriodsInTheLongRun()
    {
        using TestSession session = TestSession.Create();
        ulong step = session.Engine.PeriodNanoseconds / 7;
        ulong first = session.Engine.LastCaptured.Value;
        for (int i = 0; i < 700; i++)
        {
            session.Group.Output.Write("x"u8);
            Finish(session, () => session.Engine.Poll());
            Finish(session, session.Engine.PollIdle);
            session.Group.Output.Pump(new TestConsole());
            session.Clock.Advance(step);
        }
        Assert.InRange(session.Engine.LastCaptured.Value - first, 95UL, 102UL);
    }

    [Fact]
    public void RequestsInARowPutTheNextCheckpointOffByOnePeriodAndNoMore()
    {
        using TestSession session = TestSession.Create();
        for (int i = 0; i < 100; i++)
        {
            session.Group.Output.Write("x"u8);
            session.Engine.Request();
            Finish(session, () => session.Engine.Poll());
            session.Group.Output.Pump(new TestConsole());
            session.Clock.Advance(200_000);
        }
        Epoch last = session.Engine.LastCaptured;
        session.Group.Output.Write("$ "u8);
        session.Clock.Advance(session.Engine.PeriodNanoseconds);
        session.Engine.Poll();
        Finish(session, session.Engine.PollIdle);
        Assert.Equal(last.Next, session.Engine.LastCaptured);
        session.MakeFile("/a", "1"u8);
        session.Clock.Advance(2 * session.Engine.PeriodNanoseconds);
        Finish(session, () => session.Engine.Poll());
        Assert.Equal(last.Next.Next, session.Engine.LastCaptured);
    }

    [Fact]
    public void AShorterPeriodCountsAtOnce()
    {
        using TestSession session = TestSession.Create();
        session.Engine.PeriodNanoseconds = 60_000_000_000;
        Finish(session, () => session.Engine.Poll());
        Epoch before = session.Engine.LastCaptured;
        session.MakeFile("/a", "1"u8);
        session.Engine.PeriodNanoseconds = 1_000_000;
        session.Clock.Advance(1_000_000);
        session.Engine.Poll();
        Assert.Equal(before.Next, session.Engine.LastCaptured);
    }

    [Fact]
    public void AWriterThatIsFasterThanTheDiskIsHeldBackAndNeverOutgrowsACommit()
    {
        const ulong pages = 1700;
        TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        session.Checkpoint();
        AddressSpace* space = session.NewSpace(Arena, pages);
        ObjectId id = space->Header.Id;
        int pauses = 0;
        for (ulong page = 0; page < pages; page++)
        {
            session.Engine.Poll();
            if (session.Engine.MustPause)
            {
                pauses++;
                session.Flush();
                session.Commit();
                session.Engine.Poll();
            }
            Assert.False(session.Engine.MustPause);
            session.Store64(space, Arena + (page << 12), page + 1);
        }
        Assert.True(pauses > 0);
        session.Flush();
        session.Commit();
        session.Checkpoint();
        Assert.False(session.Engine.HasFailed);
        using TestSession restored = session.Reboot();
        space = restored.Space(id);
        for (ulong page = 0; page < pages; page += 100)
            Assert.Equal(page + 1, restored.Load(space, Arena + (page << 12)));
    }

    // The interrupt that ends a turn may come late: then only what has changed ends it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HoweverLongATurnTakesItsChangesFitIntoACommit(bool makesFiles)
    {
        const int count = 1500;
        TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        session.Checkpoint();
        AddressSpace* space = session.NewSpace(Arena, count);
        int looks = 0;
        for (int done = 0; done < count; looks++)
        {
            session.Engine.Poll();
            while (session.Engine.MustPause)
            {
                session.Flush();
                session.Commit();
                session.Engine.Poll();
            }
            int first = done;
            do
            {
                if (makesFiles)
                    session.MakeFile($"/f{done}", default);
                else
                    session.Store64(space, Arena + ((ulong)done << 12), (ulong)done);
            }
            while (++done < count && !session.Engine.MustLookAgain);

            // Also when a checkpoint was taken at the look: what it has captured does not count for the turn.
            Assert.InRange(done - first, 1, 24);
        }
        Assert.InRange(looks, 10, count);
        session.Checkpoint();
        Assert.False(session.Engine.HasFailed);
        Assert.Equal(StoreStatus.Ok, session.Engine.Refusal);
        session.Dispose();
    }

    [Fact]
    public void AfterADiscardTheGroupWaitsUntilTheMergedEpochsHaveBeenCommitted()
    {
        TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        session.Checkpoint();
        AddressSpace* space = session.NewSpace(Arena, 2000);
        ulong page = 0;
        while (!session.Engine.MustPause)
        {
            session.Store64(space, Arena + (page++ << 12), page);
            session.Engine.Poll();
        }
        session.Pages.Remaining = 4;
        session.Flush();
        session.Commit();
        Assert.Equal(StoreStatus.OutOfMemory, session.Engine.Refusal);
        Assert.True(session.Engine.MustPause);
        session.Pages.Remaining = null;
        session.Clock.Advance(1_000_000_000);
        Finish(session, () => session.Engine.Poll());
        Assert.False(session.Engine.MustPause);
        Assert.Equal(StoreStatus.Ok, session.Engine.Refusal);
        session.Dispose();
    }

    [Fact]
    public void AQuietStoreGetsOneWatermark()
    {
        using TestSession session = TestSession.Create();
        session.MakeFile("/a", "1"u8);
        Finish(session, () => session.Engine.Poll());
        ulong sequence = session.Store.LastSequence;
        ulong due = session.Engine.NextDueNanoseconds;
        Assert.True(due > session.Clock.MonotonicNanoseconds && due != ulong.MaxValue);
        for (int i = 0; i < 3; i++)
        {
            session.Clock.Advance(100_000_000);
            session.Engine.Poll();
            SteppedFibers.Run(session.Engine.RunErrandFiber);
            Assert.Equal(sequence + 1, session.Store.LastSequence);
        }
        Assert.Equal(ulong.MaxValue, session.Engine.NextDueNanoseconds);
    }

    private static void Finish(TestSession session, Action poll)
    {
        poll();
        session.Flush();
        session.Commit();
    }
}
