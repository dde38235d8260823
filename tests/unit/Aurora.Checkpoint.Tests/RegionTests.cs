using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Regions over a store: where they are, what is durable, and what comes back.</summary>
public sealed unsafe class RegionTests
{
    private const ulong Page = 4096;

    [Fact]
    public void A_region_is_at_its_address_after_a_restart_and_pointers_in_it_lead_on()
    {
        RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* other = session.Open("other", 10);
        ulong at = session.Map(space, session.Open("tree", 100));
        Assert.NotEqual(at, session.Map(space, other));
        session.Store(0, space, at, at + (70 * Page));
        session.Store(0, space, at + (70 * Page), at + (99 * Page));
        session.Store(0, space, at + (99 * Page), 4711);
        Assert.Equal(Errno.Ok, session.Persist(session.Open("tree"), 0));
        session = session.Reboot();
        space = session.NewSpace();
        Assert.Equal(at, session.Map(space, session.Open("tree")));
        ulong second = session.Session.Load(space, at);
        Assert.Equal(4711UL, session.Session.Load(space, session.Session.Load(space, second)));
        session.Dispose();
    }

    [Fact]
    public void Addresses_are_given_again_only_after_a_region_has_been_deleted()
    {
        using RegionSession session = RegionSession.Create();
        ulong first = session.Regions.StatusOf(session.Open("a", 1)).Address;
        ulong second = session.Regions.StatusOf(session.Open("b", 1)).Address;
        Assert.Equal(RegionRecord.WindowStart, first);
        Assert.True(second >= first + (64 << 20));
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Delete, "a"));
        Assert.Equal(first, session.Regions.StatusOf(session.Open("c", 1)).Address);
        Assert.Equal(["c", "b"], session.Names());
        Assert.Equal(Errno.ENOENT, session.Do(RegionRequestKind.Open, "a"));
        Assert.Equal(Errno.ENOMEM, session.Ask(RegionSession.Request(RegionRequestKind.Open, "huge", 1UL << 32, creates: true), out _));
        Assert.Equal(Errno.Ok, session.Ask(RegionSession.Request(RegionRequestKind.Open, "large", 3UL << 30, creates: true), out _));
    }

    [Fact]
    public void A_region_is_whoever_s_made_it_and_one_that_is_shown_stays()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("mine", 1);
        session.Map(space, region);
        RegionRequest request = RegionSession.Request(RegionRequestKind.Open, "mine");
        request.IsPrivileged = false;
        request.User = 5;
        Assert.Equal(Errno.EACCES, session.Ask(in request, out _));
        Assert.Equal(Errno.EBUSY, session.Do(RegionRequestKind.Delete, "mine"));
        request = RegionSession.Request(RegionRequestKind.Open, "mine", 1, creates: true);
        request.IsExclusive = true;
        Assert.Equal(Errno.EEXIST, session.Ask(in request, out _));
        session.End(space);
        Assert.True(session.Regions.Find(region->Number) == null);
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Delete, "mine"));
        session.Session.Checkpoint();
    }

    [Fact]
    public void What_was_not_persisted_goes_with_the_last_who_shows_the_region()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("half", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session.Store(0, space, at, 2);
        session.End(space);
        space = session.NewSpace();
        session.Map(space, session.Open("half"));
        Assert.Equal(1UL, session.Session.Load(space, at));
    }

    [Fact]
    public void A_group_s_checkpoint_takes_nothing_of_a_region_and_overwrites_nothing()
    {
        RegionSession session = RegionSession.Create();
        AddressSpace* space = session.Session.NewSpace(0x4000_0000, 10);
        Region* region = session.Open("apart", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        session.Session.Store64(space, 0x4000_0000, 2);
        session.Session.Checkpoint();
        Assert.Equal(1UL, region->DirtyPages);
        session.Session.Capture();
        session.Store(0, space, at, 3);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session.Session.Flush();
        session.Session.Commit();
        session = session.Reboot();
        space = session.NewSpace();
        session.Map(space, session.Open("apart"));
        Assert.Equal(3UL, session.Session.Load(space, at));
        session.Dispose();
    }

    [Fact]
    public void A_region_grows_in_place_and_what_it_loses_reads_as_zeroes_later()
    {
        RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("size", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at + (9 * Page), 9);
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Resize, "size", 100));
        session.Store(0, space, at + (99 * Page), 99);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session.Store(1, space, at + (98 * Page), 98);
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Resize, "size", 50));
        Assert.Equal(0UL, region->DirtyPages);
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Resize, "size", 100));
        Assert.Equal((9UL, 0UL, 0UL), (session.Session.Load(space, at + (9 * Page)), session.Session.Load(space, at + (98 * Page)),
            session.Session.Load(space, at + (99 * Page))));
        Assert.Equal(Errno.ENOMEM, session.Do(RegionRequestKind.Resize, "size", 1 << 20));
        session = session.Reboot();
        space = session.NewSpace();
        session.Map(space, session.Open("size"));
        Assert.Equal((9UL, 0UL), (session.Session.Load(space, at + (9 * Page)), session.Session.Load(space, at + (99 * Page))));
        session.Dispose();
    }

    [Fact]
    public void A_clone_has_the_state_of_a_persist_at_the_same_address()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("source", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        ulong first = region->Taken;
        session.Store(0, space, at, 2);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session.Store(0, space, at, 3);
        Assert.Equal(Errno.Ok, session.Clone("source", first, "old"));
        Assert.Equal(Errno.Ok, session.Clone("source", 0, "new"));
        Assert.Equal(Errno.EEXIST, session.Clone("source", 0, "new"));
        Assert.Equal(Errno.ENOENT, session.Clone("source", 77, "none"));
        AddressSpace* second = session.NewSpace();
        Assert.Equal(at, session.Map(second, session.Open("old")));
        AddressSpace* third = session.NewSpace();
        Assert.Equal(at, session.Map(third, session.Open("new")));
        session.Store(1, second, at, 10);
        Assert.Equal(Errno.Ok, session.Persist(session.Open("old"), 1));
        Assert.Equal(3UL, session.Session.Load(space, at));
        Assert.Equal((10UL, 2UL), (session.Session.Load(second, at), session.Session.Load(third, at)));
        session.Abort(region, 0);
        Assert.Equal(2UL, session.Session.Load(space, at));
    }

    [Fact]
    public void A_persist_of_more_than_a_commit_holds_is_whole()
    {
        RegionSession session = RegionSession.Create(1 << 15);
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("large", 2000);
        ulong at = session.Map(space, region);
        for (ulong page = 0; page < 900; page++)
            session.Store(0, space, at + (page * Page), page + 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session = session.Reboot();
        space = session.NewSpace();
        session.Map(space, session.Open("large"));
        for (ulong page = 0; page < 900; page++)
            Assert.Equal(page + 1, session.Session.Load(space, at + (page * Page)));
        session.Dispose();
    }

    [Fact]
    public void A_small_persist_is_two_write_requests_and_one_flush()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("small", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session.Store(0, space, at, 2);
        session.Store(1, space, at + Page, 1);
        (long writes, long flushes) = (session.Session.Device.WriteRequests, session.Session.Device.Flushes);
        ulong number = session.Begin(region, 0);
        Assert.Equal(Errno.EAGAIN, session.Regions.StateOf(region, number));
        Assert.Equal(flushes, session.Session.Device.Flushes);
        session.RunPersists();
        Assert.Equal(Errno.Ok, session.Regions.StateOf(region, number));
        Assert.Equal((2, 1), (session.Session.Device.WriteRequests - writes, session.Session.Device.Flushes - flushes));
    }

    [Fact]
    public void The_record_is_as_the_format_says()
    {
        var record = new RegionRecord
        {
            Address = 0x6000_0000_1000, SpanPages = 3, SizePages = 2, User = 4, Opened = 9, Before = 8, Sound = 11,
            Identity = new RegionIdentity { Low = 6, High = 7 },
        };
        byte[] bytes = new byte[RecordHeader.Size + RegionRecord.Size];
        Assert.Equal(76, record.Write(bytes));
        Assert.Equal(
            [34, 1, 0, 0, 0, 0x10, 0, 0, 0, 0x60, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,
             6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,
             11, 0, 0, 0, 0, 0, 0, 0], bytes);
        Assert.Equal((8UL, 10UL), (record.StateOf(9), record.StateOf(10)));
        Assert.True(RegionRecord.TryRead(bytes, out RegionRecord read));
        Assert.Equal(record, read);
        foreach ((int at, int value) in new[] { (0, 33), (1, 2), (4, 1), (9, 0x70), (12, 0), (20, 4), (32, 1), (60, 10), (60, 0), (68, 8) })
        {
            byte[] wrong = (byte[])bytes.Clone();
            wrong[at] = (byte)value;
            Assert.False(RegionRecord.TryRead(wrong, out _));
        }
        Assert.False(RegionRecord.TryRead(bytes.AsSpan(0, 75), out _));
    }
}
