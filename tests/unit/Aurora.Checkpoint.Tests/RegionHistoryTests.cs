using System.Collections.Generic;
using System.Linq;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A region becomes what it was after a persist, and its numbers go on, wherever the power is cut.</summary>
public sealed unsafe class RegionHistoryTests
{
    private const ulong Page = 4096;

    [Fact]
    public void A_region_that_nobody_shows_goes_back_and_forth()
    {
        RegionSession session = RegionSession.Create();
        (ulong first, ulong second) = PersistTwice(session, out AddressSpace* space);
        Assert.Equal(Errno.EBUSY, session.GoBack("table", first));
        session.End(space);
        Assert.Equal((Errno.ENOENT, Errno.ENOENT), (session.GoBack("table", second + 1), session.GoBack("none", first)));
        RegionRequest other = RegionSession.Request(RegionRequestKind.Rollback, "table");
        (other.Epoch, other.User, other.IsPrivileged) = (first, 7, false);
        Assert.Equal(Errno.EACCES, session.Ask(in other, out _));
        Assert.Equal(Errno.Ok, session.GoBack("table", first));
        Assert.Equal((10UL, 0UL, 3UL), Contents(session, out Region* region, out space));
        RegionStatus status = session.Regions.StatusOf(region);
        Assert.True(status.Durable > second);
        Assert.Equal((Errno.ESTALE, Errno.ESTALE), (session.Regions.StateOf(region, first), session.Regions.StateOf(region, second)));
        session.End(space);
        using RegionSession after = session.Reboot();
        Assert.Equal((10UL, 0UL, 3UL), Contents(after, out _, out space));
        after.End(space);
        Assert.Equal(Errno.Ok, after.GoBack("table", second));
        Assert.Equal((20UL, 21UL, 5UL), Contents(after, out _, out _));
    }

    /// <summary>The commits that made the volume have no number, and hold no region.</summary>
    [Fact]
    public void There_is_no_going_back_behind_the_beginning()
    {
        RegionSession session = RegionSession.Create();
        session.Open("new", 3);
        Assert.Equal(Errno.Ok, session.Clone("new", 0, "copy"));
        session.RunOrders();
        Assert.Equal((Errno.ENOENT, Errno.ENOENT), (session.GoBack("new", 0), session.GoBack("copy", 0)));
        using RegionSession after = session.Reboot();
        Assert.Equal(["copy", "new"], after.Names().Order());
        Assert.Equal(3UL, after.Open("new")->Object->SizePages);
    }

    [Fact]
    public void What_it_was_is_told_in_order_and_can_be_cloned()
    {
        using RegionSession session = RegionSession.Create();
        (ulong first, ulong second) = PersistTwice(session, out AddressSpace* space);
        session.End(space);
        Assert.Equal(Errno.Ok, session.GoBack("table", first));
        List<ulong> epochs = session.History("table");
        Assert.Equal(epochs.Order(), epochs);
        Assert.Equal(epochs.Distinct(), epochs);
        Assert.True(epochs.Contains(first) && epochs.Contains(second) && epochs[^1] > second);
        Assert.Equal((Errno.Ok, Errno.Ok), (session.Clone("table", second, "left"), session.Clone("table", first, "here")));
    }

    /// <summary>Many persists are more than one answer has room for.</summary>
    [Fact]
    public void A_long_history_is_told_piece_by_piece()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("long", 1);
        ulong at = session.Map(space, region);
        List<ulong> persisted = [];
        for (ulong round = 0; round < 30; round++)
        {
            session.Store(0, space, at, round);
            persisted.Add(session.Begin(region, 0));
            session.RunPersists();
        }
        Assert.Equal(persisted, session.History("long").Intersect(persisted));
    }

    [Fact]
    public void Wherever_the_power_is_cut_it_is_one_or_the_other_and_no_number_comes_again()
    {
        var device = new TracedDevice(1 << 14);
        TestSession.Format(device);
        using var session = new RegionSession(TestSession.CreateOn(device));
        session.Session.Checkpoint();
        (ulong first, ulong second) = PersistTwice(session, out AddressSpace* space);
        session.End(space);
        device.Begin();
        Assert.Equal(Errno.Ok, session.GoBack("table", first));
        Contents(session, out Region* region, out _);
        ulong last = session.Regions.StatusOf(region).Durable;
        int back = 0;
        for (int writes = 0; writes <= device.Count; writes++)
        {
            using var after = new RegionSession(TestSession.Open(device.After(writes)));
            Assert.True(after.Session.Group.Restore(skipUnknownKinds: false).IsOk);
            (ulong, ulong, ulong) contents = Contents(after, out region, out AddressSpace* shown);
            bool isBack = contents == (10, 0, 3);
            Assert.True(isBack || contents == (20, 21, 5));
            back += isBack ? 1 : 0;
            Assert.True(isBack || writes < device.Count);
            after.Store(0, shown, after.Regions.StatusOf(region).Address, 77);
            ulong next = after.Begin(region, 0);
            Assert.True(next > second && (writes < device.Count || next > last));
            after.RunPersists();
            Assert.Equal(Errno.Ok, after.Regions.StateOf(region, next));
        }
        Assert.InRange(back, 1, device.Count);
    }

    // A length of three pages with 10 in the first, then one of five with 20 and 21.
    private static (ulong First, ulong Second) PersistTwice(RegionSession session, out AddressSpace* space)
    {
        space = session.NewSpace();
        Region* region = session.Open("table", 3);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 10);
        ulong first = session.Begin(region, 0);
        session.RunPersists();
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Resize, "table", 5));
        session.Store(0, space, at, 20);
        session.Store(0, space, at + (2 * Page), 21);
        ulong second = session.Begin(region, 0);
        session.RunPersists();
        return (first, second);
    }

    private static (ulong, ulong, ulong Pages) Contents(RegionSession session, out Region* region, out AddressSpace* space)
    {
        space = session.NewSpace();
        region = session.Open("table");
        ulong at = session.Map(space, region);
        return (session.Session.Load(space, at), session.Session.Load(space, at + (2 * Page)), region->Object->SizePages);
    }
}
