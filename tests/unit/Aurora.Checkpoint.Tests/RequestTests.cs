using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What programs ask of the engine: durability, names, and the truth when there is none to be had.</summary>
public sealed unsafe class RequestTests
{
    private const ulong Arena = 0x4000_0000;

    [Fact]
    public void WithoutPersistenceARequestIsDurableAtOnce()
    {
        using TestSession session = TestSession.Create();
        session.Engine.IsEnabled = false;
        Assert.True(session.Engine.IsDurable(session.Engine.Request()));
        Assert.Equal(Errno.EOPNOTSUPP, session.Engine.RequestNamed("name"u8, out Epoch epoch));
        Assert.True(session.Engine.IsDurable(epoch));
    }

    [Fact]
    public void EachNameGetsAnEpochOfItsOwn()
    {
        using TestSession session = TestSession.Create();
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("first"u8, out Epoch first));
        Assert.Equal(Errno.EAGAIN, session.Engine.RequestNamed("second"u8, out _));
        Complete(session);
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("second"u8, out Epoch second));
        Complete(session);
        Assert.True(first < second && session.Engine.IsDurable(second));
        Assert.Equal(["second", "first"], Names(session));
    }

    [Fact]
    public void ADiscardedEpochKeepsItsName()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        Fill(session, 512);
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("kept"u8, out Epoch named));
        session.Engine.Poll();
        session.Pages.Remaining = 2;
        session.Flush();
        session.Commit();
        Assert.Equal(StoreStatus.OutOfMemory, session.Engine.Refusal);
        Assert.Equal(Errno.EAGAIN, session.Engine.RequestNamed("other"u8, out _));
        session.Pages.Remaining = null;
        session.Clock.Advance(1_000_000_000);
        Complete(session);
        Assert.True(session.Engine.IsDurable(named));
        Assert.Contains("kept", Names(session));
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("other"u8, out _));
    }

    [Fact]
    public void NamesAreLimitedAndCanBeDropped()
    {
        TestSession session = TestSession.Create();
        for (int i = 0; i < CheckpointEngine.MaxNamed; i++)
        {
            Assert.Equal(Errno.Ok, session.Engine.RequestNamed(Encoding.UTF8.GetBytes($"n{i}"), out _));
            Complete(session);
        }
        Assert.Equal(Errno.ENOSPC, session.Engine.RequestNamed("more"u8, out _));
        session = session.Reboot();
        Assert.Equal(Errno.ENOSPC, session.Engine.RequestNamed("more"u8, out _));
        Assert.Equal(Errno.ENOENT, Run(session, CheckpointErrand.Drop, "nothing"));
        Assert.Equal(Errno.Ok, Run(session, CheckpointErrand.Drop, "n7"));
        Assert.Equal(Errno.ENOENT, Run(session, CheckpointErrand.Drop, "n7"));
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("more"u8, out _));
        Complete(session);
        session = session.Reboot();
        Assert.DoesNotContain("n7", Names(session));
        Assert.Contains("more", Names(session));
        session.Dispose();
    }

    [Fact]
    public void ATicketOfAnEarlierBootIsCancelled()
    {
        TestSession session = TestSession.Create();
        session.Checkpoint();
        ulong ticket = session.Engine.Ask(CheckpointErrand.Drop, "x"u8);
        Assert.False(session.Engine.IsDone(ticket, out _));
        Assert.Equal(0UL, session.Engine.Ask(CheckpointErrand.Drop, "y"u8));
        session.Checkpoint();
        session = session.Reboot();
        Assert.True(session.Engine.IsDone(ticket, out Errno result));
        Assert.Equal(Errno.ECANCELED, result);
        session.Dispose();
    }

    [Fact]
    public void EachCallerFindsItsOwnResultAlthoughTheNextErrandIsDoneToo()
    {
        using TestSession session = TestSession.Create();
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("kept"u8, out _));
        Complete(session);
        ulong first = session.Engine.Ask(CheckpointErrand.Drop, "kept"u8);
        SteppedFibers.Run(session.Engine.RunErrandFiber);
        Assert.Equal(Errno.ENOENT, Run(session, CheckpointErrand.Drop, "none"));
        Assert.True(session.Engine.IsDone(first, out Errno result));
        Assert.Equal(Errno.Ok, result);
    }

    [Fact]
    public void OnAFullDiskWaitersAreToldAndCommitsResumeWhenThereIsRoom()
    {
        TestSession session = TestSession.Create(1024);
        int files = 0;
        byte[] piece = new byte[1 << 18];
        new System.Random(1).NextBytes(piece);
        Epoch epoch = default;
        while (session.Engine.Refusal == StoreStatus.Ok && files < 20)
        {
            session.MakeFile($"/f{files++}", piece);
            epoch = session.Engine.Request();
            Complete(session);
        }
        Assert.Equal(StoreStatus.NoSpace, session.Engine.Refusal);
        Assert.Equal(Errno.ENOSPC, session.Engine.ErrorOf(epoch));
        SlsGroup group = default;
        session.Engine.Describe(session.Tracker, ref group);
        Assert.Equal(SlsGroup.StateFull, group.State);

        // A new request is given a chance of its own.
        Epoch later = session.Engine.Request();
        Assert.Equal(Errno.Ok, session.Engine.ErrorOf(later));
        session.Remove("/f0");
        session.Remove("/f1");
        session.Remove($"/f{files - 1}");
        for (int tries = 0; tries < 5 && !session.Engine.IsDurable(later); tries++)
        {
            session.Clock.Advance(1_000_000_000);
            Complete(session);
        }
        Assert.True(session.Engine.IsDurable(later));
        session.Engine.Describe(session.Tracker, ref group);
        Assert.Equal(SlsGroup.StatePersisted, group.State);
        session.Dispose();
    }

    private static void Complete(TestSession session)
    {
        session.Clock.Advance(session.Engine.PeriodNanoseconds);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
    }

    private static Errno Run(TestSession session, CheckpointErrand errand, string target)
    {
        ulong ticket = session.Engine.Ask(errand, Encoding.UTF8.GetBytes(target));
        Assert.NotEqual(0UL, ticket);
        SteppedFibers.Run(session.Engine.RunErrandFiber);
        Assert.True(session.Engine.IsDone(ticket, out Errno result));
        return result;
    }

    private static void Fill(TestSession session, ulong pages)
    {
        AddressSpace* space = session.NewSpace(Arena, pages);
        for (ulong page = 0; page < pages; page++)
            session.Store64(space, Arena + (page << 12), page + 1);
    }

    private static System.Collections.Generic.List<string> Names(TestSession session)
    {
        ulong ticket = session.Engine.RequestHistory();
        SteppedFibers.Run(session.Engine.RunErrandFiber);
        Assert.True(session.Engine.IsHistoryReady(ticket));
        var names = new System.Collections.Generic.List<string>();
        for (int i = 0; session.Engine.ReadHistory(i, out SlsHistoryEntry entry); i++)
        {
            string name = Encoding.UTF8.GetString(new System.ReadOnlySpan<byte>(entry.Name, SlsHistoryEntry.NameBytes)).TrimEnd('\0');
            if (name != "")
                names.Add(name);
        }
        return names;
    }
}
