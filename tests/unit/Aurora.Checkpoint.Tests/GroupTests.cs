using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// Groups are started, copied, rewound, stopped and removed while the machine runs, and are all there when it starts again.
/// </summary>
public sealed unsafe class GroupTests : IDisposable
{
    private const long Missing = -(long)Errno.ENOENT;

    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void A_group_begins_with_the_files_of_the_host_and_changes_its_own()
    {
        Assert.Equal(1, _machine.Do(GroupVerb.Run, target: "a"));
        ObjectTracker a = _machine.Find("a");
        Assert.Equal(1, _machine.Init(a)->Id);
        Assert.Equal(1, _machine.Processes.Table.Of(a).ProcessCount);
        Assert.Equal("of the host", Contents(a, "/f"));
        _machine.Session.Remove("/f");
        Assert.Equal("of the host", Contents(a, "/f"));
        Reboot();
        Assert.Equal("of the host", Contents(_machine.Find("a"), "/f"));
        Assert.True(_machine.Session.Find("/f") == null);
    }

    [Fact]
    public void A_fork_has_the_memory_processes_and_output_of_its_source_and_each_goes_on_by_itself()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = _machine.Find("a");
        for (ulong i = 0; i < 8; i++)
            _machine.Store(a, i * 0x1000, 100 + i);
        Assert.Equal(Errno.Ok, _machine.Processes.Life.Clone(
            _machine.Init(a)->FirstThread, new CloneRequest { ExitSignal = (int)Signal.SIGCHLD }, out Thread* child));
        _machine.Processes.Signals.Send(child->Process, SignalInfo.FromKernel(Signal.SIGUSR1, SignalCode.User));
        int childId = child->Id;
        _machine.Session.Group.OutputHold.Of(a).Write("one two"u8);
        Assert.Equal(2, _machine.Do(GroupVerb.Fork, "a", "b"));
        ObjectTracker b = _machine.Find("b");
        for (ulong i = 0; i < 8; i++)
            Assert.Equal((100 + i, 100 + i), (_machine.Load(a, i * 0x1000), _machine.Load(b, i * 0x1000)));
        Process* copy = _machine.Processes.Table.Of(b).FindProcess(childId);
        Assert.True(copy != null && copy->Parent == _machine.Init(b) && copy->Pending.Set.Contains(Signal.SIGUSR1));
        Assert.Equal("one two", Log("b"));
        _machine.Store(a, 0, 1);
        _machine.Store(b, 0, 2);
        _machine.Session.Group.OutputHold.Of(a).Write(" a"u8);
        _machine.Session.Group.OutputHold.Of(b).Write(" b"u8);
        Reboot();
        Assert.Equal((1UL, 2UL), (_machine.Load(_machine.Find("a"), 0), _machine.Load(_machine.Find("b"), 0)));
        Assert.Equal(("one two a", "one two b"), (Log("a"), Log("b")));
        Assert.Equal((0UL, 1UL), (GenerationOf("a"), GenerationOf("b")));
    }

    [Fact]
    public void A_fork_of_the_host_is_a_group_like_any_other()
    {
        _machine.Store(_machine.Host, 0, 7);
        Assert.Equal(1, _machine.Do(GroupVerb.Fork, "host", "copy"));
        _machine.Store(_machine.Host, 0, 8);
        Reboot();
        Assert.Equal((8UL, 7UL), (_machine.Load(_machine.Host, 0), _machine.Load(_machine.Find("copy"), 0)));
    }

    [Fact]
    public void A_group_goes_back_alone_and_again_and_its_log_with_it()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Epoch first = EpochOf("a");
        Step("a", 2);
        Name("a", "two");
        Step("a", 3);
        _machine.Store(_machine.Host, 0, 99);
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "two"));
        Assert.Equal((2UL, "12"), (_machine.Load(_machine.Find("a"), 0), Log("a")));
        ulong generation = GenerationOf("a");
        Assert.True(generation > 0);
        Step("a", 4);
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "1", checkpoint: first.Value.ToString()));
        Assert.Equal((1UL, "1"), (_machine.Load(_machine.Find("a"), 0), Log("a")));
        Assert.Equal(99UL, _machine.Load(_machine.Host, 0));
        Assert.True(GenerationOf("a") > generation);
        generation = GenerationOf("a");
        Reboot();
        Assert.Equal((1UL, "1"), (_machine.Load(_machine.Find("a"), 0), Log("a")));
        Assert.Equal(generation, GenerationOf("a"));
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "two"));
        Assert.Equal("12", Log("a"));
    }

    /// <summary>
    /// The power fails behind the rollback, of which the list of recent commits tells nothing any more: the generation and the numbers go
    /// on behind all that there were, also those of another branch from the same checkpoint.
    /// </summary>
    [Theory]
    [InlineData("one")]
    [InlineData("two")]
    public void No_generation_and_no_number_comes_again_whatever_is_still_listed(string target)
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        Step("a", 2);
        Name("a", "two");
        (ulong known, ulong last) = (GenerationOf("a"), EpochOf("a").Value);
        var cuts = new List<MemoryBlockDevice>();
        _machine.BeforeTurn = () => cuts.Add(CopyOf(_machine.Session.Device));
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: target));
        _machine.BeforeTurn = null;
        Assert.True(GenerationOf("a") > known);
        int back = 0;
        foreach (MemoryBlockDevice cut in cuts)
        {
            CutTwice(cut);
            using GroupMachine machine = GroupMachine.Start(cut);
            ObjectTracker a = machine.Find("a");
            ulong generation = machine.Session.Group.Group.Of(a)->Generation;
            bool isBack = generation != known;
            back += isBack ? 1 : 0;
            Assert.True(generation >= known);
            SlsStatistics statistics = default;
            machine.Session.Engine.ReadStatistics(a, ref statistics);
            Assert.True(statistics.DurableEpoch >= last + (isBack ? 1UL : 0));
        }
        Assert.InRange(back, 1, cuts.Count);
    }

    private static void CutTwice(MemoryBlockDevice device)
    {
        using TestSession session = TestSession.Open(device);
        var info = new CommitInfo { RealtimeNanoseconds = 1 };
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(StoreStatus.Ok, session.Store.CreateVolume(VolumeFlags.None, "other"u8, in info, out _));
            Assert.Equal(StoreStatus.Ok, session.Store.CutNow());
        }
    }

    /// <summary>Whenever the power fails: what has gone back has another generation than it knew.</summary>
    [Fact]
    public void What_goes_back_is_told_so_although_the_power_fails_on_the_way()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        ulong known = GenerationOf("a");
        Step("a", 2);
        var cuts = new List<MemoryBlockDevice>();
        _machine.BeforeTurn = () => cuts.Add(CopyOf(_machine.Session.Device));
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        _machine.BeforeTurn = null;
        int back = 0;
        foreach (MemoryBlockDevice cut in cuts)
        {
            using GroupMachine machine = GroupMachine.Start(cut);
            ObjectTracker a = machine.Find("a");
            bool isBack = machine.Load(a, 0) == 1;
            back += isBack ? 1 : 0;
            Assert.Equal(isBack, machine.Session.Group.Group.Of(a)->Generation > known);
        }
        Assert.InRange(back, 1, cuts.Count);
    }

    private static MemoryBlockDevice CopyOf(MemoryBlockDevice device)
    {
        var copy = new MemoryBlockDevice(device.BlockCount);
        foreach (ulong block in device.WrittenBlocks)
            copy.SetContents(block, (byte[])device.Contents(block).Clone());
        return copy;
    }

    [Fact]
    public void A_group_goes_back_by_seconds()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        _machine.Session.Clock.Advance(2_000_000_000);
        Step("a", 2);
        _machine.Session.Clock.Advance(500_000_000);
        Assert.Equal(Missing, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "-100"));
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "-1.5"));
        Assert.Equal(1UL, _machine.Load(_machine.Find("a"), 0));
    }

    [Fact]
    public void A_checkpoint_becomes_a_group_of_its_own()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        Assert.Equal(2, _machine.Do(GroupVerb.Restore, "a", "b", "one"));
        Assert.Equal((2UL, 1UL), (_machine.Load(_machine.Find("a"), 0), _machine.Load(_machine.Find("b"), 0)));
        Assert.Equal(Missing, _machine.Do(GroupVerb.Restore, "a", "c", "nothing"));
        Assert.False(_machine.Exists("c"));
    }

    [Fact]
    public void A_suspended_group_stands_still_also_after_a_restart_and_goes_on()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(1, _machine.Do(GroupVerb.Suspend, "a"));
        Assert.True(_machine.Session.Group.Scheduler.IsHeld(_machine.Find("a")));
        Reboot();
        _machine.Settle();
        Assert.True(_machine.Session.Group.Scheduler.IsHeld(_machine.Find("a")));
        Assert.Equal(1, _machine.Do(GroupVerb.Resume, "a"));
        _machine.Settle();
        Assert.False(_machine.Session.Group.Scheduler.IsHeld(_machine.Find("a")));
    }

    [Fact]
    public void A_killed_group_stays_until_it_is_removed()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Assert.Equal(-(long)Errno.EBUSY, _machine.Do(GroupVerb.Remove, "a"));
        Assert.Equal(1, _machine.Do(GroupVerb.Suspend, "a"));
        Assert.Equal(1, _machine.Do(GroupVerb.Kill, "a"));
        Reboot();
        Assert.True(_machine.Manager.Read(_machine.Host, 1, out SlsGroup about));
        Assert.Equal((SlsGroup.StateEnded, 9, 0u), (about.State, about.WaitStatus, about.Processes));
        Assert.Equal("1", Log("a"));
        Assert.Equal(1, _machine.Do(GroupVerb.Remove, "a"));
        Assert.False(_machine.Exists("a"));
        Reboot();
        Assert.False(_machine.Exists("a"));
        Assert.Equal(StoreStatus.NotFound, _machine.Session.Store.NextVolume(VolumeId.First, out _));
    }

    [Fact]
    public void A_group_that_has_ended_can_be_rewound_to_when_it_ran()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        _machine.Do(GroupVerb.Kill, "a");
        Assert.Equal(1, _machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        Assert.Equal(1UL, _machine.Load(_machine.Find("a"), 0));
        Assert.True(_machine.Manager.Read(_machine.Host, 1, out SlsGroup about));
        Assert.Equal(SlsGroup.StatePersisted, about.State);
    }

    [Theory]
    [InlineData("", -(long)Errno.ENOENT)]
    [InlineData("b", -(long)Errno.ENOENT)]
    [InlineData("7", -(long)Errno.ENOENT)]
    [InlineData("host", -(long)Errno.EINVAL)]
    [InlineData("0", -(long)Errno.EINVAL)]
    public void What_cannot_be_done_is_refused(string group, long expected)
    {
        _machine.Do(GroupVerb.Run, target: "a");
        foreach (GroupVerb verb in (GroupVerb[])[GroupVerb.Suspend, GroupVerb.Resume, GroupVerb.Kill, GroupVerb.Remove, GroupVerb.Rewind])
            Assert.Equal(expected, _machine.Do(verb, group, checkpoint: "1"));
        Assert.Equal(-(long)Errno.EINVAL, _machine.Do((GroupVerb)77, "a"));
    }

    [Theory]
    [InlineData("a", -(long)Errno.EEXIST)]
    [InlineData("host", -(long)Errno.EEXIST)]
    [InlineData("12", -(long)Errno.EINVAL)]
    [InlineData("-a", -(long)Errno.EINVAL)]
    [InlineData("a b", -(long)Errno.EINVAL)]
    [InlineData("a\"b", -(long)Errno.EINVAL)]
    [InlineData("1234567890123456789012345678901x", -(long)Errno.EINVAL)]
    [InlineData("1234567890123456789012345678901", -(long)Errno.EINVAL)]
    [InlineData("123456789012345678901234567890x", 2)]
    [InlineData("a.b_c-D", 2)]
    public void Names_are_checked(string name, long expected)
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(expected, _machine.Do(GroupVerb.Fork, "a", name));
    }

    [Fact]
    public void Groups_without_a_name_get_one()
    {
        Assert.Equal(1, _machine.Do(GroupVerb.Run));
        Assert.Equal(2, _machine.Do(GroupVerb.Run));
        Assert.True(_machine.Exists("g1") && _machine.Exists("g2"));
        Assert.Equal(3, _machine.Do(GroupVerb.Fork, "g1"));
        Assert.True(_machine.Exists("g3"));
    }

    /// <summary>What a group takes it gives back: memory, tables, volumes, ids of its tables.</summary>
    [Fact]
    public void Groups_that_come_and_go_leave_nothing_behind()
    {
        void Cycle()
        {
            Assert.True(_machine.Do(GroupVerb.Run, target: "a") > 0);
            Step("a", 5);
            Name("a", "five");
            Assert.True(_machine.Do(GroupVerb.Fork, "a", "b") > 0);
            Assert.True(_machine.Do(GroupVerb.Rewind, "b", checkpoint: EpochOf("b").Value.ToString()) > 0);
            Assert.True(_machine.Do(GroupVerb.Kill, "a") > 0);
            Assert.True(_machine.Do(GroupVerb.Kill, "b") > 0);
            Assert.True(_machine.Do(GroupVerb.Remove, "a") > 0);
            Assert.True(_machine.Do(GroupVerb.Remove, "b") > 0);
        }
        for (int i = 0; i < 10; i++)
            Cycle();
        int pages = _machine.Session.Pages.Taken;
        var frames = _machine.Session.Frames.FreeFrames;
        for (int i = 0; i < 60; i++)
            Cycle();
        Assert.InRange(_machine.Session.Pages.Taken, 0, pages + 8);
        Assert.Equal(frames, _machine.Session.Frames.FreeFrames);
        Assert.Equal(1, _machine.Processes.Table.Of(_machine.Host).ProcessCount);
    }

    [Fact]
    public void A_program_that_cannot_be_started_leaves_no_group()
    {
        _machine.Starter.Failure = Errno.ENOEXEC;
        Assert.Equal(-(long)Errno.ENOEXEC, _machine.Do(GroupVerb.Run, target: "a"));
        _machine.Starter.Failure = Errno.Ok;
        _machine.Starter.Answer = Errno.ENOTDIR;
        Assert.Equal(-(long)Errno.ENOTDIR, _machine.Do(GroupVerb.Run, target: "a", root: "/f"));
        Assert.Equal("/f", _machine.Starter.Root);
        Assert.False(_machine.Exists("a"));
        _machine.Starter.Answer = Errno.Ok;
        Assert.True(_machine.Do(GroupVerb.Run, target: "a") > 0);
        Reboot();
        Assert.True(_machine.Exists("a"));
    }

    /// <summary>A group asks for itself; whoever has taken its place by then did not ask.</summary>
    [Fact]
    public void What_a_group_has_asked_for_is_not_done_to_what_has_taken_its_place()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        ObjectTracker asker = _machine.Find("a");
        Assert.Equal(Errno.Ok, _machine.Ask(_machine.Host, GroupVerb.Rewind, out ulong first, "a", checkpoint: "one"));
        Assert.Equal(Errno.Ok, _machine.Ask(asker, GroupVerb.Kill, out ulong second, "a"));
        _machine.WorkOff();
        Assert.True(_machine.Manager.IsDone(first, out long rewound) & _machine.Manager.IsDone(second, out long killed));
        Assert.Equal((1, -(long)Errno.ECANCELED), (rewound, killed));
        Assert.Equal(1UL, _machine.Load(_machine.Find("a"), 0));
        Assert.Equal(Errno.Ok, _machine.Ask(_machine.Find("a"), GroupVerb.Kill, out second, "a"));
        _machine.WorkOff();
        Assert.True(_machine.Manager.IsDone(second, out killed));
        Assert.Equal(1, killed);
    }

    /// <summary>A line that fills the console can be ended, and a program that does not read can be interrupted.</summary>
    [Fact]
    public void A_console_that_is_full_takes_the_end_of_its_line_and_what_interrupts()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = _machine.Find("a");
        Terminal* console = _machine.Processes.Terminals.ConsoleOf(a);
        _machine.Processes.Terminals.Settings.SetPlain(console, false);
        for (int typed = 0; typed < Terminal.InputBytes + 100; typed += 50)
            Assert.Equal(50, _machine.Manager.Type(a, Encoding.ASCII.GetBytes(new string('x', 50))));
        Assert.False(console->HasLine);
        Assert.Equal(1, _machine.Manager.Type(a, "\n"u8));
        Assert.True(console->HasLine);
        Assert.Equal(0, _machine.Manager.Type(a, "more"u8));
        Assert.Equal(5, _machine.Manager.Type(a, "more\x03"u8));
        Assert.Equal(0, console->InputCount);
        Assert.Equal(4, _machine.Manager.Type(a, "more"u8));
    }

    [Fact]
    public void The_input_of_a_console_ends_when_nothing_is_typed_on_it()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = _machine.Find("a");
        Assert.Equal(4, _machine.Manager.Type(a, "last"u8));
        Assert.Equal(0, _machine.Manager.Type(a, default));
        Terminal* console = _machine.Processes.Terminals.ConsoleOf(a);
        Assert.Equal((ReadReadiness.Bytes, 4), (TerminalReads.Readable(console, 100, out int count), count));
        console->InputTail = console->LineHead = console->InputHead;
        Assert.Equal(ReadReadiness.EndOfFile, TerminalReads.Readable(console, 100, out _));
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

    private Epoch EpochOf(string name)
    {
        SlsStatistics statistics = default;
        _machine.Session.Engine.ReadStatistics(_machine.Find(name), ref statistics);
        return new Epoch(statistics.DurableEpoch);
    }

    private ulong GenerationOf(string name) => _machine.Session.Group.Group.Of(_machine.Find(name))->Generation;

    private string Log(string name)
    {
        byte[] text = new byte[256];
        ulong position = 0;
        int bytes = _machine.Manager.ReadLog(_machine.Find(name), ref position, text);
        return Encoding.UTF8.GetString(text, 0, bytes);
    }

    private string Contents(ObjectTracker group, string path)
    {
        var tree = new TreeBuilder(_machine.Session.Group.Files, _machine.Session.Group.Files.NamespaceOf(&_machine.Init(group)->Header));
        Assert.Equal(Errno.Ok, tree.Find(Encoding.UTF8.GetBytes(path), follow: false, out Inode* inode));
        byte[] bytes = new byte[inode->Size];
        while (tree.Read(inode, 0, bytes, out _) == Errno.EAGAIN)
            _machine.Session.ServePager();
        _machine.Session.Group.Files.Inodes.Release(inode);
        return Encoding.UTF8.GetString(bytes);
    }
}
