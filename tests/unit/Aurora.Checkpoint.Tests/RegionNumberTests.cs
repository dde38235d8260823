using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What became of every persist, by its number: across openings, restarts, refusals and resizes.</summary>
public sealed unsafe class RegionNumberTests
{
    private const ulong Page = 4096;

    [Fact]
    public void Persists_have_numbers_and_those_that_a_power_cut_took_are_told_from_new_ones()
    {
        RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("numbers", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.EINVAL, session.Regions.StateOf(region, RegionNumbers.Reach + 2));
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        ulong durable = region->Taken;
        session.Store(1, space, at + Page, 2);
        ulong lost = session.Begin(region, 1);
        Assert.Equal(Errno.EAGAIN, session.Regions.StateOf(region, lost));
        session = session.Reboot();
        region = session.Open("numbers");
        Assert.Equal(Errno.Ok, session.Regions.StateOf(region, durable));
        Assert.Equal(Errno.ECANCELED, session.Regions.StateOf(region, lost));
        space = session.NewSpace();
        session.Map(space, region);
        session.Store(0, space, at, 3);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        Assert.True(region->Taken > lost);
        Assert.Equal(Errno.ECANCELED, session.Regions.StateOf(region, lost));
        session.Dispose();
    }

    [Fact]
    public void No_number_is_given_twice_though_nothing_of_an_opening_was_durable()
    {
        RegionSession session = RegionSession.Create();
        ulong lost = 0;
        for (int i = 0; i < 3; i++)
        {
            AddressSpace* space = session.NewSpace();
            Region* region = session.Open("again", 10);
            session.Store(0, space, session.Map(space, region), 1);
            Assert.Equal(1UL, region->Taken);
            ulong number = session.Begin(region, 0);
            Assert.True(number > lost);
            if (lost != 0)
                Assert.Equal(Errno.ECANCELED, session.Regions.StateOf(region, lost));
            lost = number;
            session = session.Reboot();
        }
        session.Dispose();
    }

    [Fact]
    public void What_was_before_the_last_opening_is_known_as_far_as_nothing_was_refused_later()
    {
        RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("old", 10);
        ulong at = session.Map(space, region);
        ulong[] numbers = new ulong[2];
        for (ulong i = 0; i < 2; i++)
        {
            session.Store(0, space, at, i + 1);
            Assert.Equal(Errno.Ok, session.Persist(region, 0));
            numbers[i] = region->Taken;
        }
        session = session.Reboot();
        region = session.Open("old");
        Assert.Equal((Errno.Ok, Errno.Ok), (session.Regions.StateOf(region, numbers[0]), session.Regions.StateOf(region, numbers[1])));
        space = session.NewSpace();
        session.Map(space, region);
        session.Store(0, space, at, 5);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session = session.Reboot();
        region = session.Open("old");
        Assert.Equal(Errno.ESTALE, session.Regions.StateOf(region, numbers[0]));
        Assert.Equal(Errno.ESTALE, session.Regions.StateOf(region, numbers[1]));
        session.Dispose();
    }

    [Fact]
    public void A_refusal_is_not_taken_for_durable_after_a_restart()
    {
        RegionSession session = RegionSession.Create(1200);
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("refusal", 4000);
        ulong at = session.Map(space, region);
        for (ulong page = 0; page < 1000; page++)
            session.Store(0, space, at + (page * Page), page + 2);
        ulong refused = session.Begin(region, 0);
        session.RunPersists();
        Assert.Equal(Errno.ENOSPC, session.Regions.StateOf(region, refused));
        session.Abort(region, 0);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        ulong good = region->Taken;
        session.Store(0, space, at, 2);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session = session.Reboot();
        region = session.Open("refusal");
        Assert.Equal((Errno.ESTALE, Errno.Ok), (session.Regions.StateOf(region, refused), session.Regions.StateOf(region, good)));
        session.Dispose();
    }

    [Fact]
    public void Refusals_that_overlap_do_not_make_known_what_was_forgotten()
    {
        var entry = new RegionEntry { Given = 1000, Durable = 900, Base = 100 };
        RegionNumbers.Refuse(&entry, 200, 400, Errno.EIO);
        RegionNumbers.Refuse(&entry, 150, 160, Errno.EIO);
        for (ulong i = 0; i < 8; i++)
            RegionNumbers.Refuse(&entry, 500 + (2 * i), 500 + (2 * i), Errno.EIO);
        Assert.Equal((Errno.ESTALE, Errno.ESTALE), (RegionNumbers.StateOf(&entry, 400), RegionNumbers.StateOf(&entry, 161)));
    }

    /// <summary>A resize has a number of its own opening, and with it nothing is known of what was refused in the one before.</summary>
    [Fact]
    public void A_refusal_is_not_taken_for_durable_after_a_resize_either()
    {
        RegionSession session = RegionSession.Create(1200);
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("grown", 4000);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        for (ulong page = 0; page < 1000; page++)
            session.Store(0, space, at + (page * Page), page + 2);
        ulong refused = session.Begin(region, 0);
        session.RunPersists();
        Assert.Equal(Errno.ENOSPC, session.Regions.StateOf(region, refused));
        session.Abort(region, 0);
        session = session.Reboot();
        session.Open("grown");
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Resize, "grown", 3000));
        session = session.Reboot();
        Assert.Equal(Errno.ESTALE, session.Regions.StateOf(session.Open("grown"), refused));
        session.Dispose();
    }

    /// <summary>What an image says of numbers is not believed.</summary>
    [Theory]
    [InlineData(0ul)]
    [InlineData((1ul << 63) - 1)]
    [InlineData(1ul << 63)]
    [InlineData(ulong.MaxValue)]
    public void A_number_that_no_persist_can_have_is_refused(ulong number)
    {
        RegionSession session = RegionSession.Create();
        ulong volume = session.Open("odd", 1)->Number;
        StoreCommit* commit = session.Session.Store.Begin(new VolumeId(volume));
        Assert.Equal(StoreStatus.Ok, session.Session.Store.Submit(commit, new CommitInfo { Epoch = new Epoch(number) }));
        Assert.Equal(StoreStatus.Ok, session.Session.Store.WaitDurable(commit));
        session.Session.Store.Release(commit);
        session = session.Reboot();
        Assert.Equal(Errno.EIO, session.Do(RegionRequestKind.Open, "odd"));
        session.Dispose();
    }
}
