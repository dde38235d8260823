using System;
using System.Collections.Generic;
using System.Globalization;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What is copied again and again stays in memory, and is never anything but what the store has.</summary>
public sealed unsafe class StagedStateTests : IDisposable
{
    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    private StagedStates Staged => _machine.Session.Group.Staged;

    private ObjectStore Store => _machine.Session.Store;

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void A_copy_of_what_is_in_memory_equals_one_from_the_store_object_by_object()
    {
        MakeImage();
        Copy("first");
        Assert.Equal(0UL, Staged.Hits);
        Copy("staged");
        Assert.Equal(1UL, Staged.Hits);
        Assert.True(Staged.DropAll());
        Copy("read");
        Assert.Equal(1UL, Staged.Hits);
        Assert.True(_machine.Do(GroupVerb.Restore, "image", "kept", "then") > 0);
        Assert.Equal(2UL, Staged.Hits);
        List<ObjectId> ids = RecordsOf(_machine.Find("image"));
        Assert.True(ids.Count > 8);
        foreach (ObjectId id in ids)
        {
            byte[] expected = Captured("first", id);
            Assert.Equal(expected, Captured("staged", id));
            Assert.Equal(expected, Captured("read", id));
            if (_machine.Find("kept").Find(id)->Kind is not (ObjectKind.Group or ObjectKind.OutputHold))
                Assert.Equal(expected, Captured("kept", id));
        }
        Assert.Equal(_machine.Find("first").Count, _machine.Find("staged").Count);
        Assert.Equal(5UL, _machine.Load(_machine.Find("staged"), 4096));
    }

    [Fact]
    public void A_group_that_has_changed_or_gone_back_is_copied_as_it_is_now()
    {
        MakeImage();
        Fork("b");
        _machine.Store(_machine.Find("image"), 4096, 6);
        Fork("c");
        Assert.Equal(0UL, Staged.Hits);
        Fork("d");
        Assert.Equal(1UL, Staged.Hits);
        Assert.True(_machine.Do(GroupVerb.Rewind, "image", checkpoint: "then") > 0);
        Fork("e");
        Fork("f");
        Copy("g");
        Assert.Equal((5UL, 6UL, 6UL, 5UL, 5UL, 5UL), (At("b"), At("c"), At("d"), At("e"), At("f"), At("g")));
        Assert.Equal(Captured("b", RootOf("b")), Captured("g", RootOf("g")));
    }

    [Fact]
    public void Ephemeral_copies_of_one_state_commit_nothing_and_share_a_volume_that_goes_with_its_source()
    {
        MakeImage();
        Copy("e1");
        Quiet();
        ulong commits = Store.Statistics.Commits;
        for (int i = 2; i < 20; i++)
            Copy(string.Create(CultureInfo.InvariantCulture, $"e{i}"));
        for (int i = 1; i < 20; i++)
            End(string.Create(CultureInfo.InvariantCulture, $"e{i}"));
        Copy("again");
        Assert.Equal(commits, Store.Statistics.Commits);
        Assert.Equal(2, Volumes());
        Assert.Equal(5UL, At("again"));
        End("again");
        End("image");
        Assert.Equal(0, Volumes());
    }

    [Fact]
    public void When_what_is_staged_goes_the_volume_goes_that_nobody_uses_and_no_other()
    {
        MakeImage();
        Copy("e");
        Assert.True(Staged.DropAll());
        _machine.WorkOff();
        Assert.Equal(2, Volumes());
        Assert.Equal(5UL, At("e"));
        Copy("f");
        End("e");
        End("f");
        Assert.Equal(2, Volumes());
        Assert.True(Staged.DropAll());
        _machine.WorkOff();
        Assert.Equal(1, Volumes());
        Assert.False(Staged.DropAll());
    }

    [Fact]
    public void Copies_of_what_is_not_in_memory_show_each_others_pages_and_not_what_is_written_to_them()
    {
        MakeLarge();
        Copy("e", "full");
        Copy("f", "full");
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("e"), page * 4096));
        ulong reads = Store.Statistics.PagesRead;
        for (ulong page = 1; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("f"), page * 4096));
        Assert.Equal(reads, Store.Statistics.PagesRead);
        _machine.Store(_machine.Find("e"), 0, 1);
        Assert.Equal((1UL, 100UL), (_machine.Load(_machine.Find("e"), 0), _machine.Load(_machine.Find("f"), 0)));
        _machine.Store(_machine.Find("f"), 4096, 2);
        Assert.Equal((101UL, 2UL), (At("e"), At("f")));
    }

    [Fact]
    public void What_one_copy_writes_the_next_one_has_as_it_was_without_reading_it()
    {
        MakeLarge();
        Copy("e", "full");
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("e"), page * 4096));
        _machine.Store(_machine.Find("e"), 0, 1);
        Copy("f", "full");
        ulong reads = Store.Statistics.PagesRead;
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("f"), page * 4096));
        Assert.Equal(reads, Store.Statistics.PagesRead);
        Assert.Equal((1UL, 100UL), (_machine.Load(_machine.Find("e"), 0), _machine.Load(_machine.Find("f"), 0)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_copies_have_read_before_is_there_at_once_and_what_one_has_written_is_its_own(bool isEphemeral)
    {
        MakeLarge();
        uint flags = isEphemeral ? GroupRequest.IsEphemeral : 0;
        // Of one that is kept pages stay from the second copy on.
        foreach (string name in new[] { "e", "f", "g" })
            Assert.True(_machine.Do(GroupVerb.Restore, "image", name, "full", flags: flags) > 0);
        foreach (string name in new[] { "e", "f" })
        {
            for (ulong page = 0; page < 8; page++)
                Assert.Equal(100 + page, _machine.Load(_machine.Find(name), page * 4096));
        }
        ulong served = _machine.Session.Memory.PageIns.Ended;
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("g"), page * 4096));
        Assert.Equal(served, _machine.Session.Memory.PageIns.Ended);
        for (ulong page = 0; page < 8; page++)
            _machine.Store(_machine.Find("g"), page * 4096, 200 + page);
        _machine.Settle();
        // Out of memory, and with it the nodes that say which pages have been there.
        for (int step = 0; step < 400; step++)
            _machine.Session.Memory.Reclaim.Step();
        for (ulong page = 0; page < 8; page++)
        {
            Assert.Equal(200 + page, _machine.Load(_machine.Find("g"), page * 4096));
            Assert.Equal(100 + page, _machine.Load(_machine.Find("f"), page * 4096));
        }
    }

    [Fact]
    public void A_name_means_the_newest_checkpoint_that_has_it_also_when_it_was_looked_for_before()
    {
        MakeImage();
        for (ulong value = 6; value < 9; value++)
        {
            _machine.Store(_machine.Find("image"), 4096, value);
            Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(_machine.Find("image"), "again"u8, out _));
            _machine.Settle();
            foreach (string name in new[] { "e", "f" })
            {
                Copy(name, "again");
                Assert.Equal(value, At(name));
                End(name);
            }
        }
        ulong ticket = _machine.Session.Engine.Ask(_machine.Find("image"), CheckpointErrand.Drop, "again"u8);
        _machine.Settle();
        Assert.True(_machine.Session.Engine.IsDone(_machine.Find("image"), ticket, out Errno result) && result == Errno.Ok);
        Copy("e", "again");
        Assert.Equal(7UL, At("e"));
    }

    [Fact]
    public void Pages_that_are_kept_for_copies_go_with_the_last_of_them()
    {
        MakeLarge();
        Copy("e", "full");
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("e"), page * 4096));
        Assert.True(_machine.Session.Memory.Bases.Count >= 8);
        End("e");
        Assert.True(_machine.Session.Memory.Bases.Count >= 8);
        Assert.True(Staged.DropAll());
        _machine.WorkOff();
        Assert.Equal(0, _machine.Session.Memory.Bases.Count);
    }

    [Fact]
    public void Copies_find_each_other_when_the_first_of_them_has_gone()
    {
        MakeLarge();
        foreach (string name in (string[])["e", "f", "g"])
        {
            Copy(name, "full");
            Assert.Equal(100UL, _machine.Load(_machine.Find(name), 0));
        }
        End("e");
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("f"), page * 4096));
        ulong reads = Store.Statistics.PagesRead;
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(100 + page, _machine.Load(_machine.Find("g"), page * 4096));
        Assert.Equal(reads, Store.Statistics.PagesRead);
    }

    /// <summary>A saved volume that has no commit of its own is known by what it was made from, and so is a clone of it.</summary>
    [Fact]
    public void Copies_of_a_volume_without_commits_share_one_that_goes_with_it()
    {
        MakeImage();
        VolumeId volume = _machine.Session.Engine.VolumeOf(_machine.Find("image").Index);
        var info = new CommitInfo { RealtimeNanoseconds = _machine.Session.Clock.RealtimeNanoseconds };
        Assert.Equal(StoreStatus.Ok, Store.CloneVolume(volume, 0, VolumeFlags.None, "fork"u8, in info, out _));
        MemoryBlockDevice device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
        CopyNewest("e1");
        Quiet();
        ulong commits = Store.Statistics.Commits;
        CopyNewest("e2");
        Assert.Equal((1UL, commits), (Staged.Hits, Store.Statistics.Commits));
        Assert.Equal((5UL, 5UL), (At("e1"), At("e2")));
        End("e1");
        End("e2");
        Assert.Equal(3, Volumes());
        Assert.True(_machine.Do(GroupVerb.Remove, "fork") > 0);
        Assert.Equal(1, Volumes());
    }

    /// <summary>What is clean goes first, and what is staged before memory is said to be exhausted.</summary>
    [Fact]
    public void What_is_staged_goes_when_nothing_else_does()
    {
        MakeImage();
        Copy("e");
        Quiet();
        HostFramePool frames = _machine.Session.Frames;
        Memory.FrameShortage shortage = _machine.Session.Memory.Shortage;
        Memory.VmObject* large = FillWithCleanPages(shortage.LowFrames);
        _machine.Session.Group.Reclaimer.Balance();
        Assert.True(frames.FreeFrames >= shortage.LowFrames);
        _machine.WorkOff();
        Copy("f");
        Assert.Equal(1UL, Staged.Hits);
        _machine.Session.Memory.Objects.Release(large);
        Quiet();
        while (frames.MayTake(1, Memory.FramePriority.Contents))
            frames.Allocate(Memory.FrameFlags.Data);
        FiberQueue* waiting = shortage.FramesFreed;
        waiting->First = waiting;
        for (int turns = 0; turns < 10 && !shortage.IsExhausted; turns++)
        {
            _machine.Session.Group.Reclaimer.Balance();
            waiting->First = null;
            _machine.Settle();
            waiting->First = waiting;
        }
        waiting->First = null;
        Assert.True(shortage.IsExhausted);
        Assert.False(Staged.DropAll());
    }

    private Memory.VmObject* FillWithCleanPages(ulong left)
    {
        Memory.VmObject* large = _machine.Session.Memory.Objects.Create(_machine.Host, 4096, Memory.VmObjectFlags.None);
        for (ulong page = 0; _machine.Session.Frames.FreeFrames >= left; page++)
        {
            Memory.PageAccess access = _machine.Session.Memory.Pages.GetForWrite(large, page, overwrite: false);
            Assert.True(access.IsOk);
            *access.Address = (byte)(page + 1);
            if (page % 200 == 0)
                _machine.Settle();
        }
        _machine.Settle();
        return large;
    }

    private void CopyNewest(string name)
        => Assert.True(_machine.Do(GroupVerb.Restore, "fork", name, flags: GroupRequest.IsEphemeral) > 0);

    // A group with eight pages of memory that hold 100 to 107, in a checkpoint, which nobody has in memory.
    private void MakeLarge()
    {
        MakeImage();
        for (ulong page = 0; page < 8; page++)
            _machine.Store(_machine.Find("image"), page * 4096, 100 + page);
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(_machine.Find("image"), "full"u8, out _));
        _machine.Settle();
        Assert.True(_machine.Do(GroupVerb.Kill, "image") > 0);
    }

    // A group with a second page of memory that holds 5, and a checkpoint of that.
    private void MakeImage()
    {
        _machine.Do(GroupVerb.Run, target: "image");
        _machine.Store(_machine.Find("image"), 4096, 5);
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(_machine.Find("image"), "then"u8, out _));
        _machine.Settle();
    }

    private void Copy(string name, string checkpoint = "then")
        => Assert.True(_machine.Do(GroupVerb.Restore, "image", name, checkpoint, flags: GroupRequest.IsEphemeral) > 0);

    private void Fork(string name) => Assert.True(_machine.Do(GroupVerb.Fork, "image", name, flags: GroupRequest.IsEphemeral) > 0);

    private void End(string name)
    {
        Assert.True(_machine.Do(GroupVerb.Kill, name) > 0);
        Assert.True(_machine.Do(GroupVerb.Remove, name) > 0);
    }

    private ulong At(string name) => _machine.Load(_machine.Find(name), 4096);

    // Until the store has been told that all is quiet, which is a commit of its own.
    private void Quiet()
    {
        for (int i = 0; i < 10; i++)
            _machine.Settle();
    }

    private int Volumes()
    {
        int count = 0;
        for (VolumeId at = VolumeId.First; Store.NextVolume(at, out VolumeInfo info) == StoreStatus.Ok; at = info.Id)
            count++;
        return count;
    }

    private List<ObjectId> RecordsOf(ObjectTracker group)
    {
        var ids = new List<ObjectId>();
        byte[] room = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = default;
        VolumeId volume = _machine.Session.Engine.VolumeOf(group.Index);
        while (Store.NextRecord(volume, ref id, room, out _) == StoreStatus.Ok && !FileIds.IsOnDemand(id))
            ids.Add(id);
        return ids;
    }

    private byte[] Captured(string name, ObjectId id)
    {
        ObjectHeader* header = _machine.Find(name).Find(id);
        Assert.True(header != null);
        byte[] payload = new byte[StateCodec.MaxPayloadBytes];
        int length = _machine.Session.Group.Codecs.Find(header->Kind)!.Capture(header, payload);
        return payload[..length];
    }

    private ObjectId RootOf(string name) => _machine.Session.Group.Files.RootOf(_machine.Find(name))->Header.Id;
}
