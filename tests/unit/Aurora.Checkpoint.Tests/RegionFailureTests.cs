using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Regions on disks that are full, break or are damaged.</summary>
public sealed unsafe class RegionFailureTests
{
    private const ulong Page = 4096;

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

    [Fact]
    public void A_region_that_cannot_be_read_while_all_are_listed_is_not_taken_for_one_that_has_gone()
    {
        RegionSession session = RegionSession.Create();
        Region* region = session.Open("unread", 1);
        (ulong number, RegionIdentity identity) = (region->Number, region->Identity);
        Assert.Equal(StoreStatus.Ok, session.Session.Store.CutNow());
        // The list of volumes is read in the end, and the record is not.
        int allowed = -1;
        int reads;
        do
        {
            allowed++;
            reads = 0;
            session = session.Reboot();
            session.Session.Device.Fail = (operation, _) =>
                operation == BlockOperation.Read && ++reads > allowed ? BlockStatus.DeviceError : BlockStatus.Ok;
            session.Do(RegionRequestKind.Open, "unread");
            session.Session.Device.Fail = null;
            RestoreStatus found = session.Regions.Keeper.Find(number, in identity, out region);
            Assert.Equal(region != null ? RestoreStatus.Ok : RestoreStatus.UnreadableRegion, found);
        }
        while (reads > allowed);
        Assert.True(region != null);
        session.Dispose();
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
}
