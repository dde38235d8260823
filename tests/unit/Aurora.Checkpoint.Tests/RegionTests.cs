using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
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

    [Fact]
    public void A_full_disk_is_told_and_leaves_the_region_as_it_is()
    {
        using RegionSession session = RegionSession.Create(1200);
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("full", 4000);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        ulong good = region->Taken;
        for (ulong page = 0; page < 1000; page++)
            session.Store(0, space, at + (page * Page), page + 2);
        session.Store(1, space, at + (2000 * Page), 5);
        ulong refused = session.Begin(region, 0);
        ulong behind = session.Begin(region, 1);
        session.RunPersists();
        Assert.Equal((Errno.Ok, Errno.ENOSPC, Errno.ENOSPC), (session.Regions.StateOf(region, good),
            session.Regions.StateOf(region, refused), session.Regions.StateOf(region, behind)));
        Assert.Equal(1001UL, region->DirtyPages);
        Assert.Equal(good, region->Taken);
        Assert.Equal((2UL, 5UL), (session.Session.Load(space, at), session.Session.Load(space, at + (2000 * Page))));
        session.Abort(region, 0);
        Assert.Equal(1UL, session.Session.Load(space, at));
        Assert.Equal(Errno.Ok, session.Persist(region, 1));
    }

    [Fact]
    public void A_device_error_is_told_and_what_was_persisted_is_there_after_a_restart()
    {
        RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("broken", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        session.Session.Device.Fail = (operation, _) => operation == BlockOperation.Write ? BlockStatus.DeviceError : BlockStatus.Ok;
        session.Store(0, space, at, 2);
        Assert.Equal(Errno.EIO, session.Persist(region, 0));
        Assert.Equal(1UL, region->DirtyPages);
        Assert.Equal(2UL, session.Session.Load(space, at));
        session.Session.Device.Fail = null;
        session = session.Reboot();
        space = session.NewSpace();
        session.Map(space, session.Open("broken"));
        Assert.Equal(1UL, session.Session.Load(space, at));
        session.Dispose();
    }

    [Fact]
    public void A_region_with_a_damaged_record_is_refused_by_name_and_can_be_deleted()
    {
        RegionSession session = RegionSession.Create();
        session.Open("good", 1);
        ulong volume = session.Open("bad", 1)->Number;
        StoreCommit* commit = session.Session.Store.Begin(new VolumeId(volume));
        byte[] record = new byte[RecordHeader.Size + RegionRecord.Size];
        record[0] = 34;
        record[1] = 1;
        Assert.Equal(StoreStatus.Ok, session.Session.Store.PutRecord(commit, RegionRecord.Object, record));
        Assert.Equal(StoreStatus.Ok, session.Session.Store.Submit(commit, default));
        Assert.Equal(StoreStatus.Ok, session.Session.Store.WaitDurable(commit));
        session.Session.Store.Release(commit);
        session = session.Reboot();
        session.Open("good");
        Assert.Equal(Errno.EIO, session.Do(RegionRequestKind.Open, "bad"));
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Delete, "bad"));
        Assert.Equal(Errno.ENOENT, session.Do(RegionRequestKind.Open, "bad"));
        session.Dispose();
    }

    [Fact]
    public void An_answer_is_of_the_call_that_has_asked_for_it()
    {
        using RegionSession session = RegionSession.Create();
        session.Open("one", 1);
        session.Open("other", 1);
        Assert.Equal(
            Errno.EAGAIN, session.BeginToAsk(RegionSession.Request(RegionRequestKind.Delete, "one"), 1, out ulong ticket, out _));
        session.RunOrders();
        // The thread goes back to before its call, and makes another.
        Assert.Equal(Errno.Ok, session.Ask(RegionSession.Request(RegionRequestKind.Delete, "other"), out _, thread: 1));
        Assert.Empty(session.Names());
        Assert.Equal(Errno.ESRCH, session.Regions.Answer(session.Thread(1), ticket, out _));
        Assert.Equal(Errno.ESRCH, session.Regions.Answer(session.Thread(0), ticket, out _));
    }

    [Fact]
    public void An_answer_with_a_region_keeps_it_and_brings_nothing_that_was_not_persisted()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        RegionRequest request = RegionSession.Request(RegionRequestKind.Open, "kept", 10, creates: true);
        request.IsExclusive = true;
        Assert.Equal(Errno.EAGAIN, session.BeginToAsk(in request, 1, out ulong ticket, out _));
        session.RunOrders();
        session.RunOrders();
        Assert.Equal(Errno.EBUSY, session.Do(RegionRequestKind.Delete, "kept"));
        Region* region = session.Open("kept");
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 5);
        session.End(space);
        Assert.Equal(Errno.EAGAIN, session.Regions.Answer(session.Thread(1), ticket, out _));
        session.RunOrders();
        Assert.Equal(Errno.Ok, session.Regions.Answer(session.Thread(1), ticket, out region));
        Assert.Equal(0UL, region->DirtyPages);
        Assert.Equal(0UL, session.Open("kept")->DirtyPages);
    }

    [Fact]
    public void Who_opens_what_nobody_shows_gets_it_as_it_was_persisted()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("torn", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        session.Store(0, space, at + Page, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        // Half of a transaction, and a persist of another thread on its way, when the program ends.
        session.Store(0, space, at, 2);
        session.Store(1, space, at + (2 * Page), 7);
        ulong flying = session.Begin(region, 1);
        session.Session.Memory.Spaces.Release(space);
        while (session.Session.Memory.Spaces.IsEnding)
            session.Session.Memory.Spaces.EndStep();
        region = session.Open("torn");
        space = session.NewSpace();
        session.Map(space, region);
        Assert.Equal(0UL, region->DirtyPages);
        Assert.Equal((1UL, 1UL, 7UL), (session.Session.Load(space, at), session.Session.Load(space, at + Page),
            session.Session.Load(space, at + (2 * Page))));
        Assert.Equal(Errno.Ok, session.Regions.StateOf(region, flying));
    }

    [Fact]
    public void A_program_whose_memory_goes_in_steps_does_not_show_its_region_any_more()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("steps", 10);
        ulong at = session.Map(space, region);
        for (ulong i = 0; i < AddressSpaces.MappingsPerStep + 10; i++)
        {
            var request = new MapRequest
            {
                Address = new VirtualAddress(0x4000_0000 + (i * 2 * Page)), Length = Page, Protection = Protection.Read,
                Placement = MapPlacement.Fixed,
            };
            Assert.Equal(MemoryStatus.Ok, session.Session.Memory.Mappings.Map(space, request, out _));
        }
        session.Store(0, space, at, 1);
        session.Session.Memory.Spaces.Release(space);
        Assert.True(session.Session.Memory.Spaces.IsEnding && region->IsMapped);
        Assert.Equal(0UL, session.Open("steps")->DirtyPages);
    }

    [Fact]
    public void What_is_being_given_back_is_not_taken_by_half()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("back", 300);
        ulong at = session.Map(space, region);
        session.Store(1, space, at + (299 * Page), 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 1));
        for (ulong page = 0; page < 200; page++)
            session.Store(0, space, at + (page * Page), page + 1);
        ulong refused = session.Begin(region, 0);
        session.Store(0, space, at + (250 * Page), 1);
        session.Session.Device.Fail = (operation, _) => operation == BlockOperation.Write ? BlockStatus.DeviceError : BlockStatus.Ok;
        int steps = 0;
        session.Session.Fibers.IsSliceOver = true;
        session.Session.Fibers.Turn = () =>
        {
            if (region->IsReturning && ++steps > 0)
                Assert.Equal(Errno.EAGAIN, session.Regions.Persist(region, &session.Thread(0)->Regions, out _));
            if (!region->IsFlying)
                session.Session.Fibers.Turn = null;
        };
        session.RunPersists();
        Assert.True(steps > 0);
        Assert.Equal((Errno.EIO, 201UL), (session.Regions.StateOf(region, refused), region->DirtyPages));
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
            RegionNumbers.Refuse(&entry, 500 + i, 500 + i, Errno.EIO);
        Assert.Equal((Errno.ESTALE, Errno.ESTALE), (RegionNumbers.StateOf(&entry, 400), RegionNumbers.StateOf(&entry, 161)));
    }

    [Fact]
    public void Another_region_with_the_number_is_another_region()
    {
        using RegionSession session = RegionSession.Create();
        Region* region = session.Open("mine", 1);
        (ulong number, RegionIdentity identity) = (region->Number, region->Identity);
        Assert.Equal(RestoreStatus.Ok, session.Regions.Keeper.Find(number, in identity, out region));
        Assert.True(region != null);
        identity.High++;
        Assert.Equal(RestoreStatus.Ok, session.Regions.Keeper.Find(number, in identity, out region));
        Assert.True(region == null);
        Assert.Equal(RestoreStatus.Ok, session.Regions.Keeper.Find(number + 1, in identity, out region));
        Assert.True(region == null);
    }

    [Fact]
    public void A_region_that_cannot_be_read_is_not_taken_for_one_that_has_gone()
    {
        RegionSession session = RegionSession.Create();
        Region* region = session.Open("unread", 1);
        (ulong number, RegionIdentity identity) = (region->Number, region->Identity);
        Assert.Equal(StoreStatus.Ok, session.Session.Store.CutNow());
        session = session.Reboot();
        session.Session.Device.Fail = (operation, _) => operation == BlockOperation.Read ? BlockStatus.DeviceError : BlockStatus.Ok;
        Assert.Equal(RestoreStatus.UnreadableRegion, session.Regions.Keeper.Find(number, in identity, out region));
        session.Session.Device.Fail = null;
        Assert.Equal(RestoreStatus.Ok, session.Regions.Keeper.Find(number, in identity, out region));
        Assert.True(region != null);
        session.Dispose();
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

    [Fact]
    public void A_region_that_cannot_be_read_while_all_are_listed_is_not_taken_for_one_that_has_gone()
    {
        RegionSession session = RegionSession.Create();
        Region* region = session.Open("unread", 1);
        (ulong number, RegionIdentity identity) = (region->Number, region->Identity);
        Assert.Equal(StoreStatus.Ok, session.Session.Store.CutNow());
        session = session.Reboot();
        session.Session.Store.NextVolume(default, out _);
        int reads = 0;
        // The list of volumes is read, the record is not.
        for (int allowed = 0; reads == 0 || region != null; allowed++)
        {
            reads = 0;
            session.Session.Device.Fail = (operation, _) =>
                operation == BlockOperation.Read && ++reads > allowed ? BlockStatus.DeviceError : BlockStatus.Ok;
            Errno error = session.Do(RegionRequestKind.Open, "unread");
            session.Session.Device.Fail = null;
            RestoreStatus found = session.Regions.Keeper.Find(number, in identity, out region);
            Assert.True(found == RestoreStatus.Ok ? region != null : found == RestoreStatus.UnreadableRegion, $"{allowed}: {error} {found}");
            if (reads <= allowed)
                break;
            session = session.Reboot();
            reads = 1;
        }
        session.Dispose();
    }

    /// <summary>What an image says of numbers is not believed.</summary>
    [Theory]
    [InlineData(0ul)]
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

    /// <summary>Nobody who goes on storing keeps an abort of all from its end: he waits for it.</summary>
    [Fact]
    public void Who_stores_while_all_is_given_up_waits()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("still", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        region->IsStill = true;
        FaultResult fault = session.Session.Memory.Faults.Handle(space, new VirtualAddress(at), FaultAccess.Write);
        Assert.Equal(MemoryStatus.WouldBlock, fault.Status);
        session.Session.Memory.Regions.EndStillness(region);
        session.Store(0, space, at, 2);
        Assert.Equal(1UL, region->DirtyPages);
    }

    [Fact]
    public void A_length_that_no_address_has_room_for_is_refused_and_leaves_nothing()
    {
        RegionSession session = RegionSession.Create();
        foreach (ulong pages in new[] { 1UL << 51, 1UL << 52, (1UL << 52) + 5, (1UL << 32) + 1 })
            Assert.Equal(Errno.ENOMEM, session.Ask(RegionSession.Request(RegionRequestKind.Open, "big", pages, creates: true), out _));
        session = session.Reboot();
        Assert.Empty(session.Names());
        session.Dispose();
    }

    [Fact]
    public void A_persist_goes_by_itself_where_an_abort_waits_for_it()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("waits", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        session.Store(1, space, at + Page, 2);
        ulong flying = session.Begin(region, 0);
        session.Abort(region, 1);
        Assert.Equal((Errno.Ok, 1UL, 0UL), (session.Regions.StateOf(region, flying), session.Session.Load(space, at),
            session.Session.Load(space, at + Page)));
        session.Store(0, space, at, 3);
        flying = session.Begin(region, 0);
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Resize, "waits", 20));
        Assert.Equal(Errno.Ok, session.Regions.StateOf(region, flying));
    }

    [Fact]
    public void Who_sees_only_his_own_is_listed_no_others_and_who_may_not_administer_makes_none()
    {
        using RegionSession session = RegionSession.Create();
        RegionRequest request = RegionSession.Request(RegionRequestKind.Open, "his", 1, creates: true);
        request.IsAdministrator = false;
        Assert.Equal(Errno.EPERM, session.Ask(in request, out _));
        request.IsAdministrator = true;
        request.User = 5;
        Assert.Equal(Errno.Ok, session.Ask(in request, out _));
        session.Open("root's", 1);
        byte[] name = new byte[RegionRequest.MaxNameBytes];
        Assert.True(session.Regions.Read(0, 5, isPrivileged: false, out RegionStatus status, name, out int length));
        Assert.Equal((3, 5U), (length, status.User));
        Assert.False(session.Regions.Read(1, 5, isPrivileged: false, out _, name, out _));
    }
}
