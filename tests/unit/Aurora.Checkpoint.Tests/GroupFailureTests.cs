using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What is done with groups fails half way, for want of memory or of power: they are as before or as asked for.</summary>
public sealed unsafe class GroupFailureTests : IDisposable
{
    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    public void Dispose() => _machine.Dispose();

    /// <summary>Whichever allocation fails, the group is there or it is not, and all others go on.</summary>
    [Theory]
    [InlineData(GroupVerb.Run)]
    [InlineData(GroupVerb.Fork)]
    public void Without_memory_there_is_no_group_and_the_others_go_on(GroupVerb verb)
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        int refused = 0;
        int turns = 0;
        // A checkpoint for which there is no memory is tried again: after a while there is some.
        _machine.BeforeTurn = () => _machine.Session.Pages.Remaining = ++turns > 10 ? null : _machine.Session.Pages.Remaining;
        for (int left = 0; left < 300; left++)
        {
            turns = 0;
            _machine.Session.Pages.Remaining = left;
            long result = _machine.Do(verb, verb == GroupVerb.Fork ? "a" : "", "new");
            _machine.Session.Pages.Remaining = null;
            refused += result < 0 ? 1 : 0;
            if (result > 0)
            {
                _machine.Do(GroupVerb.Kill, "new");
                Assert.True(_machine.Do(GroupVerb.Remove, "new") > 0);
            }
            Assert.Equal(Errno.ENOENT, _machine.Manager.Find("new"u8, out _));
            Step("a", (ulong)left);
        }
        Assert.InRange(refused, 1, 299);
        Reboot();
        Assert.Equal(299UL, _machine.Load(_machine.Find("a"), 0));
        Assert.False(_machine.Exists("new"));
    }

    /// <summary>The power fails after any write of an operation: what comes back is what was before or what was asked for.</summary>
    [Theory]
    [InlineData(GroupVerb.Run)]
    [InlineData(GroupVerb.Fork)]
    [InlineData(GroupVerb.Restore)]
    [InlineData(GroupVerb.Rewind)]
    [InlineData(GroupVerb.Kill)]
    [InlineData(GroupVerb.Remove)]
    public void A_power_cut_leaves_what_was_or_what_was_asked_for(GroupVerb verb)
    {
        _machine.Dispose();
        var device = new TracedDevice(1 << 15);
        TestSession.Format(device);
        _machine = GroupMachine.Create(device);
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        if (verb == GroupVerb.Remove)
            _machine.Do(GroupVerb.Kill, "a");
        _machine.Settle();
        device.Begin();
        Assert.True(_machine.Do(verb, verb == GroupVerb.Run ? "" : "a", "new", "one") > 0);
        _machine.Settle();
        var seen = new HashSet<string>();
        for (int writes = 0; writes <= device.Count; writes++)
        {
            using GroupMachine restarted = GroupMachine.Start(device.After(writes));
            restarted.Settle();
            seen.Add(Describe(restarted));
        }
        Assert.Equal(Expected(verb), string.Join(" | ", Sorted(seen)));
    }

    /// <summary>Nothing more can be written of one group: it can be removed, and the others go on, also after a restart.</summary>
    [Fact]
    public void A_group_that_alone_has_failed_can_be_removed()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        _machine.Do(GroupVerb.Run, target: "b");
        Fail("a");
        Assert.Equal(-(long)Errno.EIO, _machine.Do(GroupVerb.Kill, "a"));
        Step("b", 3);
        Assert.Equal(1, _machine.Do(GroupVerb.Remove, "a"));
        Assert.False(_machine.Exists("a"));
        Assert.Equal(3, _machine.Do(GroupVerb.Run, target: "a"));
        Step("a", 4);
        Step("b", 5);
        Reboot();
        Assert.Equal((4UL, 5UL), (_machine.Load(_machine.Find("a"), 0), _machine.Load(_machine.Find("b"), 0)));
    }

    private const ulong TooLittle = 4096;

    /// <summary>Without room for its kernel objects a copy is refused before anything is made, and takes nothing with it.</summary>
    [Fact]
    public void Without_room_for_kernel_objects_nothing_is_made()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "b") > 0);
        RemoveGroup("b");
        int taken = _machine.Session.Pages.Taken;
        _machine.Session.Pages.Left = TooLittle;
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(-(long)Errno.ENOMEM, _machine.Do(GroupVerb.Run, target: "b"));
            Assert.Equal(-(long)Errno.ENOMEM, _machine.Do(GroupVerb.Fork, "a", "b"));
            Assert.Equal(-(long)Errno.ENOMEM, _machine.Do(GroupVerb.Restore, "a", "b", "one"));
            Assert.False(_machine.Manager.Read(_machine.Host, 2, out _));
        }
        Assert.InRange(_machine.Session.Pages.Taken, 0, taken + 16);
        _machine.Session.Pages.Left = null;
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "b") > 0);
        Step("a", 2);
    }

    /// <summary>There may be so many objects of a kind on the machine: a copy that does not fit does not use up what is left.</summary>
    [Fact]
    public void A_copy_that_would_pass_the_number_of_objects_is_refused()
    {
        ObjectStock objects = _machine.Session.Pages.Accounts.StockOf(ChargeKind.MemoryObject)!;
        var first = (nint)_machine.Session.Memory.Objects.Create(_machine.Host, 1, Memory.VmObjectFlags.None);
        var made = new List<nint> { first };
        while (objects.Count * 2 <= objects.Limit + 2)
            made.Add((nint)_machine.Session.Memory.Objects.Create(_machine.Host, 1, Memory.VmObjectFlags.None));
        _machine.Settle();
        int count = objects.Count;
        Assert.Equal(-(long)Errno.ENOMEM, _machine.Do(GroupVerb.Fork, "host", "b"));
        Assert.Equal(-(long)Errno.ENOMEM, _machine.Do(GroupVerb.Run, target: "b"));
        Assert.Equal(count, objects.Count);
        foreach (nint each in made)
            _machine.Session.Memory.Objects.Release((Memory.VmObject*)each);
        _machine.Settle();
        Assert.True(_machine.Do(GroupVerb.Fork, "host", "b") > 0);
    }

    /// <summary>A group that goes back and finds no room is broken, takes nothing, and comes back when there is room.</summary>
    [Fact]
    public void A_group_that_finds_no_room_when_it_goes_back_takes_none()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        _machine.Session.Pages.Left = TooLittle;
        Assert.Equal(-(long)Errno.ENOMEM, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        Assert.False(_machine.Exists("a"));
        Assert.Equal(-1, _machine.Session.Group.Tracked.NextGroup(_machine.Host.Index + 1));
        _machine.Session.Pages.Left = null;
        Assert.True(_machine.Do(GroupVerb.Restore, "a", "b") > 0);
        Assert.Equal(1UL, _machine.Load(_machine.Find("b"), 0));
        Assert.Equal(1, _machine.Do(GroupVerb.Remove, "a"));
    }

    /// <summary>What the files take that a group has open is there once, not twice: what it was goes first.</summary>
    [Fact]
    public void A_group_goes_back_that_is_there_only_once()
    {
        const int Open = 300;
        for (int i = 0; i < Open; i++)
            _machine.Session.MakeFile($"/open{i}", default);
        _machine.Do(GroupVerb.Run, target: "a");
        for (int i = 0; i < Open; i++)
            OpenIn("a", $"/open{i}", 10 + i);
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        ObjectStock inodes = _machine.Session.Pages.Accounts.StockOf(ChargeKind.Inode)!;
        for (int i = 0; inodes.Limit - inodes.Count > Open / 2; i++)
        {
            byte[] path = Encoding.UTF8.GetBytes($"/other{i}");
            Assert.Equal(Errno.Ok, _machine.Session.Tree.Make(path, Posix.Files.InodeMode.Regular | 0x1A4));
            Assert.Equal(Errno.Ok, _machine.Session.Tree.Find(path, follow: false, out _));
            if (i % 200 == 0)
                _machine.Settle();
        }
        _machine.Settle();
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        Assert.Equal(1UL, _machine.Load(_machine.Find("a"), 0));
    }

    private void OpenIn(string group, string path, int descriptor)
    {
        Posix.Processes.Process* init = _machine.Init(_machine.Find(group));
        Posix.Files.FileServices files = _machine.Session.Group.Files;
        var tree = new Posix.Files.TreeBuilder(files, files.NamespaceOf(&init->Header));
        Assert.Equal(Errno.Ok, tree.Find(Encoding.UTF8.GetBytes(path), follow: false, out Posix.Files.Inode* inode));
        var caller = new Posix.Files.FileCaller
        {
            Context = (Posix.Files.FileContext*)init->FileSystem, Credentials = &init->Credentials,
        };
        Assert.Equal(Errno.Ok, files.OpenFiles.Open(in caller, inode, 2, out Posix.Files.OpenFile* file));
        files.Inodes.Release(inode);
        var table = (Posix.Files.DescriptorTable*)init->Descriptors;
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt(table, file, descriptor, closeOnExec: false));
    }

    /// <summary>Memory is not called exhausted while what a group was is about to leave it.</summary>
    [Fact]
    public void Nobody_is_ended_for_memory_that_is_about_to_be_free()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        HostFramePool frames = _machine.Session.Frames;
        Memory.FrameShortage shortage = _machine.Session.Memory.Shortage;
        FiberQueue* waiting = shortage.FramesFreed;
        int looks = 0;
        _machine.BeforeTurn = () =>
        {
            if (_machine.Session.Group.Tracked.NextGroup(_machine.Session.Group.Tracked.NextGroup(_machine.Host.Index + 1) + 1) < 0)
                return;
            var taken = new List<FrameNumber>();
            while (frames.MayTake(1, Memory.FramePriority.Contents))
                taken.Add(frames.Allocate(Memory.FrameFlags.Data));
            waiting->First = waiting;
            for (int i = 0; i < 10; i++)
                _machine.Session.Group.Reclaimer.Balance();
            waiting->First = null;
            Assert.False(shortage.IsExhausted);
            foreach (FrameNumber frame in taken)
                frames.Release(frame);
            looks++;
        };
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        _machine.BeforeTurn = null;
        Assert.InRange(looks, 1, 1000);
    }

    /// <summary>Clean pages give way to the kernel objects of a new group.</summary>
    [Fact]
    public void Memory_that_is_full_of_clean_pages_has_room_for_a_group()
    {
        Memory.VmObject* large = _machine.Session.Memory.Objects.Create(_machine.Host, 4096, Memory.VmObjectFlags.None);
        for (ulong page = 0; _machine.Session.Frames.FreeFrames > 100; page++)
        {
            Memory.PageAccess access = _machine.Session.Memory.Pages.GetForWrite(large, page, overwrite: false);
            Assert.True(access.IsOk);
            new Span<byte>(access.Address, PageSize.Bytes).Fill((byte)(page + 1));
            if (page % 200 == 0)
                _machine.Settle();
        }
        _machine.Settle();
        Assert.InRange(_machine.Session.Frames.FreeFrames, 0UL, 150UL);
        Assert.True(_machine.Do(GroupVerb.Run, target: "a") > 0);
        Step("a", 1);
    }

    private void RemoveGroup(string name)
    {
        Assert.True(_machine.Do(GroupVerb.Kill, name) > 0);
        Assert.True(_machine.Do(GroupVerb.Remove, name) > 0);
    }

    // The end of an object that has no number is nothing the store takes.
    private void Fail(string name)
    {
        ObjectTracker group = _machine.Find(name);
        group.Ended.Add(_machine.Session.Pages, default);
        _machine.Store(group, 0, 1);
        _machine.Settle();
        Assert.True(_machine.Session.Engine.Life.HasFailed(group));
    }

    private static string[] Sorted(HashSet<string> seen)
    {
        string[] all = [.. seen];
        Array.Sort(all, StringComparer.Ordinal);
        return all;
    }

    private static string Expected(GroupVerb verb) => verb switch
    {
        GroupVerb.Run => "a=2 | a=2 new=0",
        GroupVerb.Fork => "a=2 | a=2 new=2",
        GroupVerb.Restore => "a=2 | a=2 new=1",
        GroupVerb.Rewind => "a=1 | a=2",
        GroupVerb.Kill => "a ended | a=2",
        _ => " | a ended",
    };

    private static string Describe(GroupMachine machine)
    {
        var text = new StringBuilder();
        for (int index = 1; machine.Manager.Read(machine.Host, index, out SlsGroup about); index++)
        {
            string name = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(about.Name, SlsGroup.NameBytes)).TrimEnd('\0');
            text.Append(text.Length == 0 ? "" : " ").Append(name);
            text.Append(about.State == SlsGroup.StateEnded ? " ended" : about.State == SlsGroup.StatePersisted
                ? "=" + machine.Load(machine.Find(name), 0) : " in state " + about.State);
        }
        return text.ToString();
    }

    private void Reboot()
    {
        _machine.Settle();
        var device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
    }

    private void Step(string name, ulong value)
    {
        ObjectTracker group = _machine.Find(name);
        _machine.Store(group, 0, value);
        _machine.Session.Group.OutputHold.Of(group).Write([(byte)('0' + (value % 10))]);
        _machine.Settle();
    }

    private void Name(string name, string checkpoint)
    {
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(_machine.Find(name), Encoding.UTF8.GetBytes(checkpoint), out _));
        _machine.Settle();
    }
}
