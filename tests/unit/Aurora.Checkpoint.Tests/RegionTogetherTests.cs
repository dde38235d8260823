using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Several regions persisted as one: durable in all of them, or in none.</summary>
public sealed unsafe class RegionTogetherTests
{
    private const ulong Page = 4096;
    private const ulong Sum = 1000;

    [Fact]
    public void What_is_moved_between_regions_is_in_one_of_them_wherever_the_power_is_cut()
    {
        var device = new TracedDevice(1 << 14);
        TestSession.Format(device);
        using var session = new RegionSession(TestSession.CreateOn(device));
        session.Session.Checkpoint();
        AddressSpace* space = session.NewSpace();
        Region*[] regions = Show(session, space, out ulong[] at, 10, 10, 10);
        device.Begin();
        List<(int Writes, ulong Round)> promised = [(0, 0)];
        for (ulong round = 1; round <= 8; round++)
        {
            Write(session, space, at, round);
            ulong number = Begin(session, regions);
            if (round % 3 == 1)
                session.Session.Checkpoint();
            session.RunPersists();
            Assert.Equal(Errno.Ok, session.Regions.StateOf(regions[0], number));
            promised.Add((device.Count, round));
        }
        Assert.True(device.Count > 40);
        for (int writes = 0; writes <= device.Count; writes++)
        {
            ulong least = promised.FindLast(each => each.Writes <= writes).Round;
            AssertTogether(device.After(writes), at, least);
        }
    }

    [Fact]
    public void What_does_not_fit_into_one_commit_is_persisted_as_one_as_well()
    {
        const ulong pages = 1500;
        var session = new RegionSession(TestSession.Create(1 << 14, overlayBytes: 512 << 10, frames: 1 << 14));
        session.Session.Checkpoint();
        AddressSpace* space = session.NewSpace();
        Region*[] regions = Show(session, space, out ulong[] at, pages, pages);
        for (ulong page = 0; page < pages; page++)
        {
            session.Store(0, space, at[0] + (page * Page), page + 1);
            session.Store(0, space, at[1] + (page * Page), page + 2);
        }
        ulong number = Begin(session, regions);
        ulong commits = session.Session.Store.LastSequence;
        session.RunPersists();
        Assert.Equal(Errno.Ok, session.Regions.StateOf(regions[0], number));
        Assert.True(session.Session.Store.LastSequence - commits > 6, "neither went in parts");
        Assert.Equal((0UL, 0UL), (regions[0]->DirtyPages, regions[1]->DirtyPages));
        for (ulong i = 0; i < 2; i++)
        {
            session = session.Reboot();
            space = session.NewSpace();
            session.Map(space, session.Open(i == 0 ? "a" : "b"));
            for (ulong page = 0; page < pages; page++)
                Assert.Equal(page + i + 1, session.Session.Load(space, at[i] + (page * Page)));
        }
        session.Dispose();
    }

    // The second and the third are one with the first only through what comes behind.
    [Fact]
    public void What_is_refused_takes_along_what_is_one_with_it_and_with_what_comes_behind()
    {
        using RegionSession session = RegionSession.Create(1200);
        AddressSpace* space = session.NewSpace();
        Region*[] regions = Show(session, space, out ulong[] at, 4000, 10, 10);
        Write(session, space, at, 1);
        ulong good = Begin(session, regions);
        session.RunPersists();
        Assert.Equal(Errno.Ok, session.Regions.StateOf(regions[0], good));
        for (ulong page = 0; page < 1000; page++)
            session.Store(0, space, at[0] + (page * Page), page + 2);
        session.Store(0, space, at[1], 7);
        Begin(session, regions[0], regions[1]);
        session.Store(0, space, at[1] + Page, 8);
        session.Store(0, space, at[2], 9);
        Begin(session, regions[1], regions[2]);
        session.Store(0, space, at[2] + Page, 10);
        ulong last = session.Begin(regions[2], 0);
        session.RunPersists();
        Assert.Equal(Errno.ENOSPC, session.Regions.StateOf(regions[2], last));
        Assert.Equal((1000UL, 2UL, 2UL), (regions[0]->DirtyPages, regions[1]->DirtyPages, regions[2]->DirtyPages));
        Assert.Equal((8UL, 9UL), (session.Session.Load(space, at[1] + Page), session.Session.Load(space, at[2])));
        session.Abort(regions[0], -1);
        session.Abort(regions[1], -1);
        session.Abort(regions[2], -1);
        Assert.Equal(Sum, Total(session, space, at));
        Write(session, space, at, 2);
        ulong again = Begin(session, regions);
        session.RunPersists();
        Assert.Equal(Errno.Ok, session.Regions.StateOf(regions[0], again));
    }

    // Who opens a region shows it, or it leaves memory.
    private static Region*[] Show(RegionSession session, AddressSpace* space, out ulong[] at, params ulong[] pages)
    {
        var regions = new Region*[pages.Length];
        at = new ulong[pages.Length];
        for (int i = 0; i < pages.Length; i++)
        {
            regions[i] = session.Open(((char)('a' + i)).ToString(), pages[i]);
            at[i] = session.Map(space, regions[i]);
        }
        return regions;
    }

    private static ulong Begin(RegionSession session, params Region*[] regions)
    {
        fixed (Region** all = regions)
        {
            Errno error = Errno.EAGAIN;
            ulong number = 0;

            // Each has to be opened for persists first.
            for (int tries = 0; tries <= regions.Length && error == Errno.EAGAIN; tries++)
            {
                error = session.Regions.PersistTogether(all, regions.Length, &session.Thread(0)->Regions, true, out number, out _);
                if (error == Errno.EAGAIN)
                    session.RunPersists();
            }
            Assert.Equal(Errno.Ok, error);
            return number;
        }
    }

    // Otherwise its other half would be persisted alone by who asks again for all.
    [Fact]
    public void A_region_is_not_settled_while_its_half_of_what_is_refused_is_not_back()
    {
        using RegionSession session = RegionSession.Create(1200);
        AddressSpace* space = session.NewSpace();
        Region*[] regions = Show(session, space, out ulong[] at, 4000, 10, 10);
        Write(session, space, at, 1);
        Begin(session, regions);
        session.RunPersists();
        for (ulong page = 0; page < 1000; page++)
            session.Store(0, space, at[0] + (page * Page), page + 2);
        session.Begin(regions[0], 0);
        session.Store(0, space, at[0], 7);
        session.Store(0, space, at[1], 8);
        Begin(session, regions[0], regions[1]);
        Assert.True(session.Regions.IsSettled(regions[1]));

        // Somebody else's is on its way into the log.
        ((RegionEntry*)regions[1])->IsSubmitting = true;
        session.RunPersists();
        Assert.Equal((1000UL, 0UL), (regions[0]->DirtyPages, regions[1]->DirtyPages));
        Assert.Equal((true, false), (session.Regions.IsSettled(regions[0]), session.Regions.IsSettled(regions[1])));
        fixed (Region** all = regions)
        {
            Errno error = session.Regions.PersistTogether(all, 2, null, true, out _, out Region* awaited);
            Assert.Equal((Errno.EAGAIN, (nint)regions[1]), (error, (nint)awaited));
        }
        ((RegionEntry*)regions[1])->IsSubmitting = false;
        session.RunPersists();
        Assert.Equal((1000UL, 1UL), (regions[0]->DirtyPages, regions[1]->DirtyPages));
        Assert.True(session.Regions.IsSettled(regions[1]));
    }

    // Everything moves from one to the next, and each says which round it was.
    private static void Write(RegionSession session, AddressSpace* space, ulong[] at, ulong round)
    {
        for (int i = 0; i < at.Length; i++)
        {
            session.Store(0, space, at[i], (ulong)i == round % 3 ? Sum : 0);
            session.Store(0, space, at[i] + (round * Page), round);
        }
    }

    private static ulong Total(RegionSession session, AddressSpace* space, ulong[] at)
    {
        ulong total = 0;
        foreach (ulong each in at)
            total += session.Session.Load(space, each);
        return total;
    }

    private static void AssertTogether(MemoryBlockDevice device, ulong[] at, ulong least)
    {
        using var session = new RegionSession(TestSession.Open(device));
        Assert.True(session.Session.Group.Restore(skipUnknownKinds: false).IsOk);
        AddressSpace* space = session.NewSpace();
        ulong[] rounds = new ulong[3];
        for (int i = 0; i < 3; i++)
        {
            session.Map(space, session.Open(((char)('a' + i)).ToString()));
            while (session.Session.Load(space, at[i] + ((rounds[i] + 1) * Page)) == rounds[i] + 1)
                rounds[i]++;
        }
        Assert.Equal((rounds[0], rounds[0]), (rounds[1], rounds[2]));
        Assert.True(rounds[0] >= least, $"round {rounds[0]} after {least} had been promised");
        Assert.Equal(rounds[0] == 0 ? 0 : Sum, Total(session, space, at));
    }
}
