using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Groups of which nothing is kept: they run like others, cost no checkpoints, and leave nothing behind.</summary>
public sealed unsafe class EphemeralGroupTests : IDisposable
{
    private const long Unkept = -(long)Errno.EOPNOTSUPP;

    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Nothing_of_it_is_captured_or_held()
    {
        Assert.Equal(1, _machine.Do(GroupVerb.Run, target: "e", flags: GroupRequest.IsEphemeral));
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker e = _machine.Find("e");
        for (ulong page = 0; page < 8; page++)
            _machine.Store(e, page * 4096, page + 1);
        _machine.Session.Group.OutputHold.Of(e).Write("at once"u8);
        Assert.Equal("at once", Log("e"));
        Assert.Equal((0, 0, false), (e.ChangedCount, e.Ended.Count, _machine.Session.Memory.Epochs.HasChanges(e)));
        Assert.True(_machine.Session.Engine.IsDurable(e, _machine.Session.Engine.Request(e)));
        Assert.True(_machine.Session.Engine.IsDurable(e, _machine.Session.Engine.Expect(e)));
        // Until the store has been told that the others are quiet, which is a commit of its own.
        for (int i = 0; i < 10; i++)
            _machine.Settle();
        ulong checkpoints = _machine.Session.Engine.Statistics.Checkpoints;
        ulong commits = _machine.Session.Store.Statistics.Commits;
        for (ulong turn = 0; turn < 20; turn++)
        {
            _machine.Store(e, 0, turn);
            _machine.Settle();
        }
        Assert.Equal(checkpoints, _machine.Session.Engine.Statistics.Checkpoints);
        Assert.Equal(commits, _machine.Session.Store.Statistics.Commits);
        Assert.Equal(8UL, _machine.Load(e, 7 * 4096));
        Assert.Equal(SlsGroup.StateEphemeral, About("e").State);
    }

    [Fact]
    public void A_copy_goes_on_from_a_group_or_a_checkpoint_and_each_changes_its_own()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = _machine.Find("a");
        for (ulong page = 0; page < 8; page++)
            _machine.Store(a, page * 4096, 100 + page);
        _machine.Session.Group.OutputHold.Of(a).Write("one"u8);
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(a, "then"u8, out _));
        _machine.Settle();
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "e", flags: GroupRequest.IsEphemeral) > 0);
        _machine.Store(a, 0, 1);
        Assert.True(_machine.Do(GroupVerb.Restore, "a", "r", "then", flags: GroupRequest.IsEphemeral) > 0);
        ObjectTracker e = _machine.Find("e");
        ObjectTracker r = _machine.Find("r");
        _machine.Store(e, 0, 2);
        _machine.Settle();
        Assert.Equal((1UL, 2UL, 100UL), (_machine.Load(a, 0), _machine.Load(e, 0), _machine.Load(r, 0)));
        for (ulong page = 1; page < 8; page++)
            Assert.Equal((100 + page, 100 + page), (_machine.Load(e, page * 4096), _machine.Load(r, page * 4096)));
        _machine.Session.Group.OutputHold.Of(e).Write(" two"u8);
        Assert.Equal(("one two", "one"), (Log("e"), Log("r")));
        Assert.Equal(1UL, _machine.Session.Group.Group.Of(e)->Generation);
    }

    /// <summary>Copies that touch the same pages before the first one has them: they are read once and in memory once.</summary>
    [Fact]
    public void Copies_that_wait_for_the_same_pages_read_them_once()
    {
        const ulong Pages = 12;
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = _machine.Find("a");
        for (ulong page = 0; page < Pages; page++)
            _machine.Store(a, page * 4096, 100 + page);
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(a, "then"u8, out _));
        _machine.Settle();
        _machine.Do(GroupVerb.Kill, "a");
        _machine.Settle();
        Assert.True(_machine.Do(GroupVerb.Restore, "a", "e", "then", flags: GroupRequest.IsEphemeral) > 0);
        Assert.True(_machine.Do(GroupVerb.Restore, "a", "r", "then", flags: GroupRequest.IsEphemeral) > 0);
        ulong reads = _machine.Session.Store.Statistics.PagesRead;
        ulong used = _machine.Session.Frames.UsedFrames;
        foreach (string name in (string[])["e", "r"])
        {
            AddressSpace* space = _machine.Init(_machine.Find(name))->AddressSpace;
            for (ulong page = 0; page < Pages; page += 8)
                Assert.Equal(MemoryStatus.WouldBlock, _machine.Session.Memory.Faults.Handle(
                    space, new VirtualAddress(GroupMachine.Arena + (page * 4096)), FaultAccess.Read).Status);
        }
        _machine.Session.ServePager();
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal((100 + page, 100 + page), (Load("e", page * 4096), Load("r", page * 4096)));
        Assert.Equal(Pages, _machine.Session.Store.Statistics.PagesRead - reads);
        Assert.InRange(_machine.Session.Frames.UsedFrames - used, Pages, Pages + 8);
    }

    private ulong Load(string name, ulong offset) => _machine.Load(_machine.Find(name), offset);

    [Fact]
    public void What_there_is_not_of_it_is_refused_and_the_rest_is_done()
    {
        _machine.Do(GroupVerb.Run, target: "e", flags: GroupRequest.IsEphemeral);
        ObjectTracker e = _machine.Find("e");
        Assert.Equal(Unkept, _machine.Do(GroupVerb.Fork, "e", "b"));
        Assert.Equal(Unkept, _machine.Do(GroupVerb.Fork, "e", "b", flags: GroupRequest.IsEphemeral));
        Assert.Equal(Unkept, _machine.Do(GroupVerb.Rewind, "e", checkpoint: "1"));
        Assert.Equal(Unkept, _machine.Do(GroupVerb.Restore, "e", "b"));
        Assert.Equal(Unkept, _machine.Do(GroupVerb.Send, "e"));
        Assert.Equal(Unkept, _machine.Do(GroupVerb.Dump, "e", "1"));
        Assert.Equal(Errno.EOPNOTSUPP, _machine.Session.Engine.RequestNamed(e, "name"u8, out _));
        Assert.False(_machine.Exists("b"));
        Assert.Equal(1, _machine.Do(GroupVerb.Suspend, "e"));
        Assert.True(_machine.Session.Group.Scheduler.IsHeld(e));
        Assert.Equal(SlsGroup.StateSuspended, About("e").State);
        Assert.Equal(1, _machine.Do(GroupVerb.Resume, "e"));
        _machine.Settle();
        Assert.False(_machine.Session.Group.Scheduler.IsHeld(e));
        Assert.Equal(-(long)Errno.EBUSY, _machine.Do(GroupVerb.Remove, "e"));
        Assert.Equal(1, _machine.Do(GroupVerb.Kill, "e"));
        Assert.Equal((SlsGroup.StateEnded, 9), (About("e").State, About("e").WaitStatus));
        Assert.True(_machine.Manager.HasEnded(e));
        Assert.Equal(1, _machine.Do(GroupVerb.Remove, "e"));
        Assert.False(_machine.Exists("e"));
        AssertNoVolumes();
    }

    [Fact]
    public void A_restart_is_without_it()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        _machine.Do(GroupVerb.Run, target: "e", flags: GroupRequest.IsEphemeral);
        _machine.Do(GroupVerb.Fork, "a", "f", flags: GroupRequest.IsEphemeral);
        _machine.Store(_machine.Find("f"), 0, 3);
        _machine.Settle();
        MemoryBlockDevice device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
        Assert.True(_machine.Exists("a"));
        Assert.False(_machine.Exists("e") || _machine.Exists("f"));
        _machine.Do(GroupVerb.Kill, "a");
        _machine.Do(GroupVerb.Remove, "a");
        AssertNoVolumes();
        Assert.Equal(1, _machine.Do(GroupVerb.Run, target: "e") > 0 ? 1 : 0);
    }

    /// <summary>Wherever the power fails, on the way to it too.</summary>
    [Fact]
    public void A_power_cut_leaves_nothing_of_it()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        var cuts = new List<MemoryBlockDevice>();
        _machine.BeforeTurn = () => cuts.Add(CopyOf(_machine.Session.Device));
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "e", flags: GroupRequest.IsEphemeral) > 0);
        _machine.Store(_machine.Find("e"), 0, 3);
        _machine.Store(_machine.Find("a"), 0, 4);
        _machine.Settle();
        Assert.Equal(2, _machine.Do(GroupVerb.Kill, "e"));
        Assert.Equal(2, _machine.Do(GroupVerb.Remove, "e"));
        _machine.BeforeTurn = null;
        Assert.NotEmpty(cuts);
        foreach (MemoryBlockDevice cut in cuts)
        {
            using GroupMachine machine = GroupMachine.Start(cut);
            Assert.True(machine.Exists("a"));
            Assert.False(machine.Exists("e"));
            StoreStatus status = machine.Session.Store.NextVolume(new VolumeId(VolumeId.First.Value + 1), out _);
            Assert.Equal(StoreStatus.NotFound, status);
        }
    }

    [Fact]
    public void Those_that_come_and_go_leave_no_memory_taken()
    {
        void Cycle()
        {
            Assert.True(_machine.Do(GroupVerb.Run, target: "e", flags: GroupRequest.IsEphemeral) > 0);
            _machine.Store(_machine.Find("e"), 0, 1);
            _machine.Session.Group.OutputHold.Of(_machine.Find("e")).Write("text"u8);
            Assert.True(_machine.Do(GroupVerb.Kill, "e") > 0);
            Assert.True(_machine.Do(GroupVerb.Remove, "e") > 0);
        }
        // What commits have left in memory goes with a cut.
        void Cut()
        {
            for (int i = 0; i < 4; i++)
                Assert.Equal(StoreStatus.Ok, _machine.Session.Store.CutNow());
        }
        for (int i = 0; i < 5; i++)
            Cycle();
        Cut();
        int pages = _machine.Session.Pages.Taken;
        ulong frames = _machine.Session.Frames.FreeFrames;
        for (int i = 0; i < 300; i++)
            Cycle();
        Cut();
        Assert.InRange(_machine.Session.Pages.Taken, 0, pages + 4);
        Assert.Equal(frames, _machine.Session.Frames.FreeFrames);
        Assert.Equal(0UL, _machine.Session.Frames.EphemeralFrames);
    }

    /// <summary>What it writes may be shown at once: who follows its log is told.</summary>
    [Fact]
    public void Who_follows_its_log_is_woken_by_what_it_writes()
    {
        Assert.True(_machine.Do(GroupVerb.Run, target: "e", flags: GroupRequest.IsEphemeral) > 0);
        HeldOutput output = _machine.Session.Group.OutputHold.Of(_machine.Find("e"));
        ThreadScheduler scheduler = _machine.Session.Group.Scheduler;
        Thread* reader = _machine.Init(_machine.Host)->FirstThread;
        scheduler.BlockOn(reader, output.Space);
        scheduler.Sleep(reader, true);
        Assert.Equal(ThreadState.Blocked, reader->State);
        output.Write("text"u8);
        Assert.Equal(ThreadState.Runnable, reader->State);
    }

    /// <summary>A session that keeps nothing is such a group, and what it has of the store may leave memory.</summary>
    [Fact]
    public void A_group_that_is_alone_can_be_one()
    {
        using TestSession first = TestSession.Create();
        first.MakeFile("/f", "kept"u8);
        first.Checkpoint();
        using TestSession session = TestSession.Open(first.Device);
        session.Engine.IsEnabled = false;
        session.Tracker.BeEphemeral();
        Assert.True(session.Group.Restore(skipUnknownKinds: false, endUnreferenced: true).IsOk);
        session.MakeFile("/g", "not kept"u8);
        session.Write("/f", 0, "K"u8);
        session.Remove("/g");
        Assert.True(session.Find("/g") == null);
        Assert.Equal("Kept", Encoding.UTF8.GetString(session.Contents("/f")));
        session.Engine.Poll();
        Assert.Equal(ulong.MaxValue, session.Engine.NextDueNanoseconds);
        Assert.Equal((0, 0), (session.Tracker.ChangedCount, session.Tracker.Ended.Count));
        using TestSession after = TestSession.Open(first.Device);
        Assert.True(after.Group.Restore(skipUnknownKinds: false, endUnreferenced: true).IsOk);
        Assert.Equal("kept", Encoding.UTF8.GetString(after.Contents("/f")));
    }

    private void AssertNoVolumes() => Assert.Equal(StoreStatus.NotFound, _machine.Session.Store.NextVolume(VolumeId.First, out _));

    private static MemoryBlockDevice CopyOf(MemoryBlockDevice device)
    {
        var copy = new MemoryBlockDevice(device.BlockCount);
        foreach (ulong block in device.WrittenBlocks)
            copy.SetContents(block, (byte[])device.Contents(block).Clone());
        return copy;
    }

    private SlsGroup About(string name)
    {
        for (int index = 0; _machine.Manager.Read(_machine.Host, index, out SlsGroup about); index++)
        {
            if (MemoryMarshal.CreateReadOnlySpanFromNullTerminated(about.Name).SequenceEqual(Encoding.UTF8.GetBytes(name)))
                return about;
        }
        throw new InvalidOperationException("there is no " + name);
    }

    private string Log(string name)
    {
        byte[] text = new byte[256];
        ulong position = 0;
        int bytes = _machine.Manager.ReadLog(_machine.Find(name), ref position, text);
        return Encoding.UTF8.GetString(text, 0, bytes);
    }
}
