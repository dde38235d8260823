using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Groups are checkpointed apart: each into its own volume, with its own epochs, at its own time.</summary>
public sealed unsafe class SeveralGroupsTests : IDisposable
{
    private const int Others = 5;
    private const ulong Blocks = 2048;

    // More than there are blocks for.
    private const ulong MostPages = 1800;

    private readonly TestSession _session = TestSession.Create(Blocks);
    private readonly ObjectTracker[] _groups = new ObjectTracker[Others + 1];
    private readonly VolumeId[] _volumes = new VolumeId[Others + 1];
    private readonly nint[] _objects = new nint[Others + 1];

    public SeveralGroupsTests()
    {
        _groups[0] = _session.Tracker;
        _volumes[0] = VolumeId.First;
        _session.Checkpoint();
        for (int i = 1; i <= Others; i++)
        {
            var info = new CommitInfo { Epoch = new Epoch(1) };
            Assert.Equal(StoreStatus.Ok, _session.Store.CreateVolume(VolumeFlags.None, [(byte)('a' + i)], in info, out _volumes[i]));
            _groups[i] = _session.Group.Tracked.Add((ushort)(i * 100), new ObjectId(1));
            _session.Group.Group.CreateNew(_groups[i]);
            Begin(_session, _groups[i], _volumes[i]);
        }
        for (int i = 0; i <= Others; i++)
            _objects[i] = (nint)_session.Memory.Objects.Create(_groups[i], 4, VmObjectFlags.None);
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Every_group_writes_what_it_changed_into_its_own_volume()
    {
        for (int round = 1; round <= 3; round++)
        {
            for (int i = 0; i <= Others; i++)
                Write(i, 1, (byte)(round + (i * 16)));
            Settle();
            for (int i = 0; i <= Others; i++)
                Assert.Equal((byte)(round + (i * 16)), Stored(i, 1));
        }
    }

    [Fact]
    public void Who_changed_nothing_takes_no_checkpoint_when_others_do()
    {
        Settle();
        Epoch first = _session.Engine.LastCaptured;
        ulong before = NewestOf(1);
        Write(3, 0, 77);
        Settle();
        Assert.Equal(first, _session.Engine.LastCaptured);
        Assert.Equal(before, NewestOf(1));
        Assert.Equal((byte)77, Stored(3, 0));
    }

    [Fact]
    public void All_epochs_of_all_groups_that_are_under_way_become_durable_whichever_was_first()
    {
        for (int round = 0; round < 3; round++)
        {
            for (int i = Others; i >= 0; i--)
                Write(i, (ulong)round, (byte)(100 + (round * 10) + i));
            _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
            _session.Engine.Poll();
        }
        Settle();
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i <= Others; i++)
                Assert.Equal((byte)(100 + (round * 10) + i), Stored(i, (ulong)round));
        }
    }

    /// <summary>While the data of one group's epoch is on its way, another fiber hands those of others to the store.</summary>
    [Fact]
    public void A_group_whose_data_is_being_written_does_not_keep_the_others_waiting()
    {
        Settle();
        Assert.Equal(StoreStatus.Ok, _session.Store.CutNow());
        // More than what goes to the device in one batch with its record, which is never on its way alone.
        _objects[1] = (nint)_session.Memory.Objects.Create(_groups[1], 64, VmObjectFlags.None);
        for (ulong page = 0; page < 64; page++)
            Write(1, page, 5);
        CaptureOf(1);
        CaptureOf(0);
        Epoch captured = _session.Engine.LastCaptured;
        bool isUnderWay = false;
        bool isOvertaken = false;
        _session.Device.Fail = (operation, block) =>
        {
            if (operation != BlockOperation.Write || isUnderWay)
                return BlockStatus.Ok;
            isUnderWay = true;
            _session.Flush();
            _session.Commit();
            isOvertaken = _session.Engine.IsDurable(captured);
            return BlockStatus.Ok;
        };
        _session.Flush();
        _session.Device.Fail = null;
        _session.Commit();
        Assert.True(isOvertaken);
        Assert.Equal((byte)77, Stored(0, 1));
        Assert.Equal((byte)78, Stored(1, 1));
    }

    /// <summary>While the pages of one group's epoch land, another fiber tells others that theirs is durable.</summary>
    [Fact]
    public void A_group_whose_pages_land_does_not_keep_the_others_waiting()
    {
        Settle();
        CaptureOf(1);
        CaptureOf(0);
        Epoch captured = _session.Engine.LastCaptured;
        _session.Flush();
        bool isOvertaken = false;
        _session.Fibers.IsSliceOver = true;
        _session.Fibers.Turn = () =>
        {
            _session.Fibers.Turn = null;
            _session.Commit();
            isOvertaken = _session.Engine.IsDurable(captured);
        };
        _session.Commit();
        _session.Fibers.IsSliceOver = false;
        Assert.True(isOvertaken);
        Settle();
        Assert.Equal((byte)77, Stored(0, 1));
        Assert.Equal((byte)78, Stored(1, 1));
    }

    private void CaptureOf(int group)
    {
        Write(group, 1, (byte)(77 + group));
        _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
        _session.Engine.Poll();
    }

    /// <summary>
    /// There is no room for the oldest epoch; the one of another group, captured later, goes to the disk in the same turn.
    /// </summary>
    [Fact]
    public void A_group_that_is_refused_does_not_keep_the_others_waiting()
    {
        var large = _session.Memory.Objects.Create(_groups[1], MostPages, VmObjectFlags.None);
        _objects[1] = (nint)large;
        for (ulong page = 0; page < MostPages; page++)
            Write(1, page, (byte)(page + 1));
        _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
        _session.Engine.Poll();
        Write(0, 1, 77);
        _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
        _session.Engine.Poll();
        Epoch captured = _session.Engine.LastCaptured;
        _session.Flush();
        _session.Commit();
        Assert.True(_session.Engine.IsDurable(captured));
        Assert.Equal((byte)77, Stored(0, 1));
        byte* page0 = stackalloc byte[PageSize.Bytes];
        Assert.NotEqual(StoreStatus.Ok, _session.Store.ReadPage(_volumes[1], large->Header.Id, 0, page0));
    }

    [Fact]
    public void A_group_that_has_failed_does_not_keep_the_others_waiting()
    {
        _groups[1].Ended.Add(_session.Pages, default);
        Write(1, 1, 5);
        _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
        _session.Engine.Poll();
        Write(0, 1, 77);
        _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
        _session.Engine.Poll();
        Epoch captured = _session.Engine.LastCaptured;
        _session.Flush();
        _session.Commit();
        Assert.True(_session.Engine.IsDurable(captured));
        Assert.False(_session.Engine.HasFailed);
        Assert.Equal((byte)77, Stored(0, 1));
    }

    /// <summary>However many groups there are, they are not all looked at every turn; but no change waits for long.</summary>
    [Fact]
    public void A_change_is_noticed_a_little_later_and_at_once_when_somebody_asks()
    {
        Settle();
        _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
        ulong next = _session.Engine.Poll();
        Assert.True(next > _session.Clock.MonotonicNanoseconds);
        ulong before = NewestOf(2);
        Write(2, 0, 9);
        Assert.Equal(next, _session.Engine.Poll());
        Finish();
        Assert.Equal(before, NewestOf(2));
        _session.Clock.Advance(next - _session.Clock.MonotonicNanoseconds);
        _session.Engine.Poll();
        Finish();
        Assert.NotEqual(before, NewestOf(2));

        Write(0, 0, 9);
        Epoch epoch = _session.Capture();
        Finish();
        Assert.True(_session.Engine.IsDurable(epoch));
    }

    /// <summary>Who waits for the next checkpoint of a group in which nothing changes gets it, however often the groups are looked at
    /// before.</summary>
    [Fact]
    public void A_checkpoint_that_is_expected_of_an_idle_group_is_taken()
    {
        _session.Engine.SetPeriod(_groups[2], 60_000_000_000);
        Settle();
        Write(2, 0, 9);
        _session.Engine.Request(_groups[2]);
        for (int round = 0; round < 10; round++)
        {
            Settle();
            _session.RunErrands();
        }
        Epoch epoch = _session.Engine.Expect(_groups[2]);
        for (int round = 0; round < 3; round++)
        {
            _session.Engine.Request(_groups[3]);
            _session.Engine.Poll();
            Finish();
        }
        _session.Clock.Advance(120_000_000_000);
        Settle();
        Assert.True(_session.Engine.IsDurable(_groups[2], epoch));
    }

    /// <summary>What the machine sleeps until is when the next look is made.</summary>
    [Fact]
    public void Before_the_machine_sleeps_every_group_is_looked_at()
    {
        Settle();
        _session.Engine.Poll();
        ulong before = NewestOf(2);
        Write(2, 0, 9);
        ulong due = _session.Engine.NextIdleDueNanoseconds;
        Assert.NotEqual(ulong.MaxValue, due);
        _session.Clock.Advance(due - Math.Min(due, _session.Clock.MonotonicNanoseconds));
        _session.Engine.Poll();
        Finish();
        Assert.NotEqual(before, NewestOf(2));
    }

    /// <summary>Little in each group is much in all of them.</summary>
    [Fact]
    public void Changes_of_all_groups_together_call_for_a_look()
    {
        Settle();
        for (int i = 0; i <= Others; i++)
            _objects[i] = (nint)_session.Memory.Objects.Create(_groups[i], MostPages, VmObjectFlags.None);
        _session.Engine.Poll();
        int changed = 0;
        while (!_session.Engine.MustLookAgain)
        {
            Write(changed % (Others + 1), (ulong)(changed / (Others + 1)), 1);
            changed++;
            Assert.True(changed < (int)MostPages);
        }
        Assert.InRange(changed, Others + 1, (int)MostPages);
        _session.Engine.Poll();
        Assert.False(_session.Engine.MustLookAgain);
    }

    /// <summary>Equal ids in two groups are two objects.</summary>
    [Fact]
    public void Groups_number_their_objects_alike_and_do_not_meet()
    {
        ObjectId second = ((VmObject*)_objects[2])->Header.Id;
        Assert.Equal(((VmObject*)_objects[1])->Header.Id, second);
        Write(1, 2, 1);
        Write(2, 2, 2);
        Settle();
        Assert.Equal((1, 2), (Stored(1, 2), Stored(2, 2)));
        Assert.True(_groups[1].Find(second) == &((VmObject*)_objects[1])->Header);
        Assert.True(_groups[2].Find(second) == &((VmObject*)_objects[2])->Header);
    }

    /// <summary>After the power has failed every group comes back from its own volume, and its pages are read from there.</summary>
    [Fact]
    public void Every_group_comes_back_from_its_own_volume()
    {
        var ids = new ObjectId[Others + 1];
        for (int i = 0; i <= Others; i++)
        {
            Write(i, 3, (byte)(200 + i));
            ids[i] = ((VmObject*)_objects[i])->Header.Id;
        }
        Settle();
        using TestSession restored = TestSession.Open(_session.Device);
        Assert.True(restored.Group.Restore(skipUnknownKinds: false).IsOk);
        for (int i = 1; i <= Others; i++)
        {
            ObjectTracker group = restored.Group.Tracked.Add((ushort)(i * 100), new ObjectId(1));
            Begin(restored, group, _volumes[i]);
            var records = new StoreRecords(restored.Store, restored.Pages, 1 << 20, restored.Group.Staged);
            FileLoader files = restored.Group.Files.Loader;
            var restorer = new ObjectRestorer(restored.Group.Codecs, restored.Pages.Accounts, restored.Fibers, files);
            Assert.True(records.Open(group, _volumes[i], mayStay: false));
            Assert.True(restorer.Restore(group, records, RestoreScope.Whole).IsOk);
            records.Clear(isRestored: true);
            Assert.Equal(2, group.Count);
            Assert.True(restored.Group.Group.Of(group) != null);
        }
        for (int i = 0; i <= Others; i++)
            Assert.Equal((byte)(200 + i), Read(restored, _groups[i].Index, ids[i], 3));
    }

    private static void Begin(TestSession session, ObjectTracker group, VolumeId volume)
    {
        session.Engine.Life.Begin(group, volume);
        session.Engine.Life.SetStopped(group, false);
        session.Engine.Life.Enable(group);
    }

    private static byte Read(TestSession session, ushort group, ObjectId id, ulong page)
    {
        var target = (VmObject*)session.Group.Tracked.OfGroup(group).Find(id, ObjectKind.MemoryObject);
        Assert.True(target != null);
        PageAccess access = session.Memory.Pages.GetForRead(target, page);
        if (access.Status == MemoryStatus.WouldBlock)
        {
            session.ServePager();
            access = session.Memory.Pages.GetForRead(target, page);
        }
        Assert.True(access.IsOk);
        return *access.Address;
    }

    private void Settle()
    {
        for (int turn = 0; turn < 4; turn++)
        {
            _session.Clock.Advance(_session.Engine.PeriodNanoseconds);
            _session.Engine.Poll();
            Finish();
        }
    }

    private void Finish()
    {
        _session.Flush();
        _session.Commit();
    }

    private void Write(int group, ulong page, byte value)
    {
        PageAccess access = _session.Memory.Pages.GetForWrite((VmObject*)_objects[group], page, overwrite: false);
        Assert.True(access.IsOk);
        new Span<byte>(access.Address, PageSize.Bytes).Fill(value);
    }

    private byte Stored(int group, ulong page)
    {
        byte* contents = stackalloc byte[PageSize.Bytes];
        ObjectId id = ((VmObject*)_objects[group])->Header.Id;
        Assert.Equal(StoreStatus.Ok, _session.Store.ReadPage(_volumes[group], id, page, contents));
        Assert.False(new ReadOnlySpan<byte>(contents, PageSize.Bytes).ContainsAnyExcept(contents[0]));
        return contents[0];
    }

    private ulong NewestOf(int group)
    {
        ulong sequence = 0;
        while (_session.Store.NextCheckpoint(_volumes[group], sequence, out CheckpointInfo info) == StoreStatus.Ok)
            sequence = info.Sequence;
        return sequence;
    }
}
