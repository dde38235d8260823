using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Room for kernel objects, before a group is restored into it.</summary>
public sealed class ReclaimerTests
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
}
