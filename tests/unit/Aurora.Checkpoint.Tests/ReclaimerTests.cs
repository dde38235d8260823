using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Room for kernel objects, before a group is restored into it.</summary>
public sealed unsafe class ReclaimerTests
{
    private const int FramePages = 2048;
    private const int FilePages = 1500;

    /// <summary>Pages that nothing holds but memory become replaceable by a checkpoint, which is asked for.</summary>
    [Fact]
    public void RoomIsMadeOfPagesThatAreDirty()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        session.MakeFile("/large", default);
        for (ulong page = 0; page < FilePages; page++)
            session.Write("/large", page * 4096, "contents"u8);
        Assert.InRange(session.Frames.FreeFrames, 0UL, (ulong)(FramePages - FilePages));
        session.Fibers.Turn = () =>
        {
            session.Engine.Poll();
            session.Flush();
            session.Commit();
        };
        Assert.True(session.Group.Reclaimer.MakeRoom(FilePages));
        Assert.InRange(session.Frames.FreeFrames, (ulong)FilePages, (ulong)FramePages);
        session.Fibers.Turn = null;
    }

    [Fact]
    public void MoreRoomThanThereIsMemoryIsRefused()
    {
        using TestSession session = TestSession.Create();
        session.MakeFile("/small", "contents"u8);
        session.Fibers.Turn = () =>
        {
            session.Engine.Poll();
            session.Flush();
            session.Commit();
        };
        Assert.False(session.Group.Reclaimer.MakeRoom(FramePages * 2));
        session.Fibers.Turn = null;
    }

    /// <summary>Pages of a group of which no checkpoint can be captured are not waited for without end.</summary>
    [Fact]
    public void RoomThatNoCheckpointWillMakeIsNotAwaitedForEver()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        session.MakeFile("/large", default);
        for (ulong page = 0; page < FilePages; page++)
            session.Write("/large", page * 4096, "contents"u8);
        session.Engine.ProvokedViolations = int.MaxValue;
        int turns = 0;
        session.Fibers.Turn = () =>
        {
            Assert.InRange(++turns, 1, 1000);
            session.Clock.Advance(session.Engine.PeriodNanoseconds * 30);
            session.Engine.Poll();
        };
        Assert.False(session.Group.Reclaimer.MakeRoom(FilePages));
        session.Engine.ProvokedViolations = 0;
        session.Fibers.Turn = null;
    }

    /// <summary>Nor are those of a group that is about to leave memory.</summary>
    [Fact]
    public void RoomInAGroupThatIsQuietIsNotAwaited()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        session.MakeFile("/large", default);
        for (ulong page = 0; page < FilePages; page++)
            session.Write("/large", page * 4096, "contents"u8);
        int turns = 0;
        session.Fibers.Turn = () => Assert.InRange(++turns, 1, 1000);
        Assert.Equal(Errno.Ok, session.Engine.Life.Quiesce(session.Tracker));
        Assert.False(session.Group.Reclaimer.MakeRoom(FilePages));
        Assert.True(session.Engine.Life.AreAllDone);
        session.Engine.Life.EndQuiesce(session.Tracker);
        session.Fibers.Turn = null;
    }

    /// <summary>The last epoch of such a group is refused: nothing more comes of what was awaited.</summary>
    [Fact]
    public void TheRefusedEpochOfAGroupThatIsQuietIsNotAwaited()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        session.MakeFile("/large", default);
        for (ulong page = 0; page < FilePages; page++)
            session.Write("/large", page * 4096, "contents"u8);
        session.Capture();
        Assert.True(session.Engine.Life.RequestDirty());
        Assert.False(session.Engine.Life.AreAllDone);
        session.Fibers.Turn = () =>
        {
            session.Pages.Remaining = 2;
            session.Flush();
            session.Pages.Remaining = null;
        };
        Assert.Equal(Errno.Ok, session.Engine.Life.Quiesce(session.Tracker));
        session.Fibers.Turn = null;
        Assert.Equal(StoreStatus.OutOfMemory, session.Engine.Refusal);
        Assert.True(session.Engine.Life.AreAllDone);
    }

    /// <summary>Somebody waits for a frame, and all that can be done is under way: the machine may sleep until it has ended.</summary>
    [Fact]
    public void WhoWaitsForACheckpointKeepsNobodyAwake()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        session.MakeFile("/large", default);
        for (ulong page = 0; page < FilePages; page++)
            session.Write("/large", page * 4096, "contents"u8);
        while (session.Frames.MayTake(1, FramePriority.Contents))
            session.Frames.Allocate(FrameFlags.Data);
        FiberQueue* waiting = session.Memory.Shortage.FramesFreed;
        waiting->First = waiting;
        session.Group.Reclaimer.Balance();
        Assert.False(session.Engine.Life.AreAllDone);
        int before = session.Fibers.WakesOfOne;
        for (int round = 0; round < 10; round++)
            session.Group.Reclaimer.Poll();
        Assert.Equal(before, session.Fibers.WakesOfOne);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
        Assert.True(session.Engine.Life.AreAllDone);
        before = session.Fibers.WakesOfOne;
        session.Group.Reclaimer.Poll();
        Assert.Equal(before + 1, session.Fibers.WakesOfOne);
        waiting->First = null;
    }
}
