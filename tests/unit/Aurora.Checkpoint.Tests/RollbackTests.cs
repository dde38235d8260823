using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Going back to an earlier checkpoint, and what the history says about it.</summary>
public sealed unsafe class RollbackTests
{
    private const ulong Arena = 0x4000_0000;

    [Fact]
    public void EverythingContinuesFromTheNamedMoment()
    {
        TestSession session = TestSession.Create();
        AddressSpace* space = session.NewSpace(Arena, 4);
        ObjectId id = space->Header.Id;
        session.Store64(space, Arena, 1);
        session.MakeFile("/a", "then"u8);
        session.Group.Output.Write("held then"u8);
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("then"u8, out Epoch then));
        Complete(session);
        session.Store64(space, Arena, 2);
        session.MakeFile("/b", "later"u8);
        session.Group.Output.Write(", held later"u8);
        Complete(session);
        Epoch later = session.Engine.LastDurable;

        Assert.Equal(Errno.Ok, GoBack(session, "then"));
        Assert.True(session.Engine.HasRolledBack);
        Assert.True(session.Engine.MustPause);
        session = session.Reboot();
        ulong generation = session.Group.Group.Of(session.Tracker)->Generation;
        Assert.True(generation > 0);
        Assert.Equal(1UL, session.Load(session.Space(id), Arena));
        Assert.Equal("then"u8.ToArray(), session.Contents("/a"));
        Assert.True(session.Find("/b") == null);
        var console = new TestConsole();
        session.Group.Output.Pump(console);
        Assert.Equal("held then", console.Text);

        // The numbers go on, and what was left is in the history as a branch.
        Assert.Equal(then.Value, session.Engine.RestoredEpoch);
        session.MakeFile("/c", "new"u8);
        Complete(session);
        Assert.True(session.Engine.LastDurable > later);
        Assert.Equal(0u, FlagsOf(session, session.Engine.LastDurable));
        Assert.Equal(SlsHistoryEntry.IsLeft, FlagsOf(session, later));
        Assert.Equal(SlsHistoryEntry.IsPresent, FlagsOf(session, then));
        session = session.Reboot();
        Assert.Equal(generation, session.Group.Group.Of(session.Tracker)->Generation);
        session.Dispose();
    }

    [Fact]
    public void ThereIsAWayBackToTheBranchThatWasLeft()
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/a", "1"u8);
        Complete(session);
        Epoch first = session.Engine.LastDurable;
        session.MakeFile("/b", "2"u8);
        Complete(session);
        Epoch second = session.Engine.LastDurable;
        Assert.Equal(Errno.Ok, GoBack(session, first.Value.ToString()));
        session = session.Reboot();
        session.MakeFile("/c", "3"u8);
        Complete(session);
        Epoch third = session.Engine.LastDurable;
        Assert.Equal(Errno.Ok, GoBack(session, second.Value.ToString()));
        session = session.Reboot();
        Assert.Equal("2"u8.ToArray(), session.Contents("/b"));
        Assert.True(session.Find("/c") == null);
        Assert.Equal(SlsHistoryEntry.IsLeft, FlagsOf(session, third));
        Assert.Equal(SlsHistoryEntry.IsPresent, FlagsOf(session, second));
        session.Dispose();
    }

    [Fact]
    public void WhatDoesNotExistIsRefusedAndTheSessionGoesOn()
    {
        using TestSession session = TestSession.Create();
        Complete(session);
        Assert.Equal(Errno.ENOENT, GoBack(session, "nothing"));
        Assert.Equal(Errno.ENOENT, GoBack(session, "999999"));
        Assert.False(session.Engine.HasRolledBack || session.Engine.MustPause);
        session.MakeFile("/a", "1"u8);
        Epoch before = session.Engine.LastDurable;
        Complete(session);
        Assert.Equal(before.Next, session.Engine.LastDurable);
    }

    [Fact]
    public void WhatIsCapturedBecomesDurableBeforeTheBranchIsLeft()
    {
        TestSession session = TestSession.Create();
        Complete(session);
        Epoch first = session.Engine.LastDurable;
        session.MakeFile("/a", "1"u8);
        Epoch second = session.Capture();
        ulong ticket = session.Engine.Ask(CheckpointErrand.Rollback, Encoding.UTF8.GetBytes(first.Value.ToString()));
        session.RunErrands();
        Assert.False(session.Engine.IsDone(ticket, out _));
        session.MakeFile("/b", "never"u8);
        Assert.Equal(ulong.MaxValue, session.Engine.NextDueNanoseconds);
        session.Flush();
        session.Commit();
        session.RunErrands();
        Assert.True(session.Engine.IsDone(ticket, out Errno result));
        Assert.Equal(Errno.Ok, result);
        session = session.Reboot();
        Assert.True(session.Find("/a") == null);
        Assert.Equal(SlsHistoryEntry.IsLeft, FlagsOf(session, second));
        session.Dispose();
    }

    private static Errno GoBack(TestSession session, string target)
    {
        ulong ticket = session.Engine.Ask(CheckpointErrand.Rollback, Encoding.UTF8.GetBytes(target));
        session.RunErrands();
        Assert.True(session.Engine.IsDone(ticket, out Errno result));
        return result;
    }

    private static void Complete(TestSession session)
    {
        session.Engine.Request();
        session.Engine.Poll();
        session.Flush();
        session.Commit();
    }

    private static uint FlagsOf(TestSession session, Epoch epoch)
    {
        session.Engine.RequestHistory();
        session.RunErrands();
        for (int i = 0; session.Engine.ReadHistory(i, out SlsHistoryEntry entry); i++)
        {
            if (entry.Epoch == epoch.Value)
                return entry.Flags;
        }
        throw new InvalidOperationException($"epoch {epoch.Value} is not in the history");
    }
}
