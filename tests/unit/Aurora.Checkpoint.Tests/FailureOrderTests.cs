using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What comes after an epoch that the store refuses for good, or for now.</summary>
public sealed unsafe class FailureOrderTests
{
    /// <summary>The next one is captured before the failure, or between it and the moment that the commit fiber comes to it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NothingIsCommittedBehindAnEpochThatWasNot(bool isFlushedFirst)
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/kept", "kept"u8);
        session.Checkpoint();
        Epoch failed = CaptureOneThatFails(session);
        if (isFlushedFirst)
            session.Flush();
        session.MakeFile("/behind", "2"u8);
        Epoch behind = session.Capture();
        session.Flush();
        session.Commit();
        session.Flush();
        Assert.True(session.Engine.HasFailed);
        Assert.Equal(StoreStatus.BadArgument, session.Engine.Failure);
        Assert.False(session.Engine.IsDurable(failed) || session.Engine.IsDurable(behind));

        using TestSession restored = session.Reboot();
        Assert.Equal("kept"u8.ToArray(), restored.Contents("/kept"));
        Assert.True(restored.Find("/lost") == null);
        Assert.True(restored.Find("/behind") == null);
    }

    [Fact]
    public void ARollbackBehindAFailureIsToldSo()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        string target = session.Engine.LastDurable.Value.ToString();
        CaptureOneThatFails(session);
        session.Flush();
        ulong ticket = session.Engine.Ask(CheckpointErrand.Rollback, Encoding.UTF8.GetBytes(target));
        session.RunErrands();
        Assert.False(session.Engine.IsDone(ticket, out _));
        int wakes = session.Fibers.Wakes;
        session.Commit();
        Assert.True(session.Fibers.Wakes > wakes, "nobody woke the fiber that has to tell");
        session.RunErrands();
        Assert.True(session.Engine.IsDone(ticket, out Errno result));
        Assert.Equal(Errno.EIO, result);
        Assert.False(session.Engine.HasRolledBack || session.Engine.MustPause);
    }

    /// <summary>What is captured is given up, and nothing more is captured: nobody but the discard can wake the fiber.</summary>
    [Fact]
    public void ARollbackBehindARefusalGoesOn()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        string target = session.Engine.LastDurable.Value.ToString();
        for (int i = 0; i < 200; i++)
            session.MakeFile($"/f{i}", "1"u8);
        session.Capture();
        ulong ticket = session.Engine.Ask(CheckpointErrand.Rollback, Encoding.UTF8.GetBytes(target));
        session.RunErrands();
        Assert.False(session.Engine.IsDone(ticket, out _));
        session.Pages.IsExhausted = true;
        int wakes = session.Fibers.Wakes;
        session.Flush();
        Assert.Equal(StoreStatus.OutOfMemory, session.Engine.Refusal);
        Assert.True(session.Fibers.Wakes > wakes, "nobody woke the fiber that waits for the end of what was captured");
        session.Pages.IsExhausted = false;
        session.RunErrands();
        Assert.True(session.Engine.IsDone(ticket, out Errno result));
        Assert.Equal(Errno.Ok, result);
    }

    // The store refuses the end of an object without a number, and with it the commit; otherwise it is well.
    private static Epoch CaptureOneThatFails(TestSession session)
    {
        session.MakeFile("/lost", "1"u8);
        session.Tracker.Ended.Add(session.Pages, default);
        return session.Capture();
    }
}
