using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// Groups are started, copied, rewound, stopped and removed while the machine runs, and are all there when it starts again.
/// </summary>
public sealed unsafe class GroupTests : GroupFixture
{
    private const long Missing = -(long)Errno.ENOENT;

    [Fact]
    public void A_group_begins_with_the_files_of_the_host_and_changes_its_own()
    {
        Assert.Equal(1, Machine.Do(GroupVerb.Run, target: "a"));
        ObjectTracker a = Machine.Find("a");
        Assert.Equal(1, Machine.Init(a)->Id);
        Assert.Equal(1, Machine.Processes.Table.Of(a).ProcessCount);
        Assert.Equal("of the host", Contents(a, "/f"));
        Machine.Session.Remove("/f");
        Assert.Equal("of the host", Contents(a, "/f"));
        Reboot();
        Assert.Equal("of the host", Contents(Machine.Find("a"), "/f"));
        Assert.True(Machine.Session.Find("/f") == null);
    }

    [Fact]
    public void A_fork_has_the_memory_processes_and_output_of_its_source_and_each_goes_on_by_itself()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = Machine.Find("a");
        for (ulong i = 0; i < 8; i++)
            Machine.Store(a, i * 0x1000, 100 + i);
        Assert.Equal(Errno.Ok, Machine.Processes.Life.Clone(
            Machine.Init(a)->FirstThread, new CloneRequest { ExitSignal = (int)Signal.SIGCHLD }, out Thread* child));
        Machine.Processes.Signals.Send(child->Process, SignalInfo.FromKernel(Signal.SIGUSR1, SignalCode.User));
        int childId = child->Id;
        Machine.Session.Group.OutputHold.Of(a).Write("one two"u8);
        Assert.Equal(2, Machine.Do(GroupVerb.Fork, "a", "b"));
        ObjectTracker b = Machine.Find("b");
        for (ulong i = 0; i < 8; i++)
            Assert.Equal((100 + i, 100 + i), (Machine.Load(a, i * 0x1000), Machine.Load(b, i * 0x1000)));
        Process* copy = Machine.Processes.Table.Of(b).FindProcess(childId);
        Assert.True(copy != null && copy->Parent == Machine.Init(b) && copy->Pending.Set.Contains(Signal.SIGUSR1));
        Assert.Equal("one two", Log("b"));
        Machine.Store(a, 0, 1);
        Machine.Store(b, 0, 2);
        Machine.Session.Group.OutputHold.Of(a).Write(" a"u8);
        Machine.Session.Group.OutputHold.Of(b).Write(" b"u8);
        Reboot();
        Assert.Equal((1UL, 2UL), (Machine.Load(Machine.Find("a"), 0), Machine.Load(Machine.Find("b"), 0)));
        Assert.Equal(("one two a", "one two b"), (Log("a"), Log("b")));
        Assert.Equal((0UL, 1UL), (GenerationOf("a"), GenerationOf("b")));
    }

    [Fact]
    public void A_copy_runs_before_what_uses_up_its_slices()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        ThreadScheduler scheduler = Machine.Session.Group.Scheduler;
        Thread* busy = Machine.Init(Machine.Host)->FirstThread;
        scheduler.MakeRunnable(busy);
        scheduler.Charge(busy, ThreadScheduler.SliceNanoseconds);
        Machine.Do(GroupVerb.Fork, "a", "b");
        Thread* copy = Machine.Init(Machine.Find("b"))->FirstThread;
        scheduler.MakeRunnable(busy);
        Machine.Settle();
        Assert.True(scheduler.PickNext() == copy);
    }

    [Fact]
    public void A_fork_of_the_host_is_a_group_like_any_other()
    {
        Machine.Store(Machine.Host, 0, 7);
        Assert.Equal(1, Machine.Do(GroupVerb.Fork, "host", "copy"));
        Machine.Store(Machine.Host, 0, 8);
        Reboot();
        Assert.Equal((8UL, 7UL), (Machine.Load(Machine.Host, 0), Machine.Load(Machine.Find("copy"), 0)));
    }

    [Fact]
    public void A_checkpoint_becomes_a_group_of_its_own()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        Assert.Equal(2, Machine.Do(GroupVerb.Restore, "a", "b", "one"));
        Assert.Equal((2UL, 1UL), (Machine.Load(Machine.Find("a"), 0), Machine.Load(Machine.Find("b"), 0)));
        Assert.Equal(Missing, Machine.Do(GroupVerb.Restore, "a", "c", "nothing"));
        Assert.False(Machine.Exists("c"));
    }

    [Fact]
    public void A_suspended_group_stands_still_also_after_a_restart_and_goes_on()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(1, Machine.Do(GroupVerb.Suspend, "a"));
        Assert.True(Machine.Session.Group.Scheduler.IsHeld(Machine.Find("a")));
        Reboot();
        Machine.Settle();
        Assert.True(Machine.Session.Group.Scheduler.IsHeld(Machine.Find("a")));
        Assert.Equal(1, Machine.Do(GroupVerb.Resume, "a"));
        Machine.Settle();
        Assert.False(Machine.Session.Group.Scheduler.IsHeld(Machine.Find("a")));
    }

    [Fact]
    public void A_killed_group_stays_until_it_is_removed()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Assert.Equal(-(long)Errno.EBUSY, Machine.Do(GroupVerb.Remove, "a"));
        Assert.Equal(1, Machine.Do(GroupVerb.Suspend, "a"));
        Assert.Equal(1, Machine.Do(GroupVerb.Kill, "a"));
        Reboot();
        Assert.True(Machine.Manager.Read(Machine.Host, 1, out SlsGroup about));
        Assert.Equal((SlsGroup.StateEnded, 9, 0u), (about.State, about.WaitStatus, about.Processes));
        Assert.Equal("1", Log("a"));
        Assert.Equal(1, Machine.Do(GroupVerb.Remove, "a"));
        Assert.False(Machine.Exists("a"));
        Reboot();
        Assert.False(Machine.Exists("a"));
        Assert.Equal(StoreStatus.NotFound, Machine.Session.Store.NextVolume(VolumeId.First, out _));
    }

    [Theory]
    [InlineData("", -(long)Errno.ENOENT)]
    [InlineData("b", -(long)Errno.ENOENT)]
    [InlineData("7", -(long)Errno.ENOENT)]
    [InlineData("host", -(long)Errno.EINVAL)]
    [InlineData("0", -(long)Errno.EINVAL)]
    public void What_cannot_be_done_is_refused(string group, long expected)
    {
        Machine.Do(GroupVerb.Run, target: "a");
        foreach (GroupVerb verb in (GroupVerb[])[GroupVerb.Suspend, GroupVerb.Resume, GroupVerb.Kill, GroupVerb.Remove, GroupVerb.Rewind])
            Assert.Equal(expected, Machine.Do(verb, group, checkpoint: "1"));
        Assert.Equal(-(long)Errno.EINVAL, Machine.Do((GroupVerb)77, "a"));
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
        Machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(expected, Machine.Do(GroupVerb.Fork, "a", name));
    }

    [Fact]
    public void Groups_without_a_name_get_one()
    {
        Assert.Equal(1, Machine.Do(GroupVerb.Run));
        Assert.Equal(2, Machine.Do(GroupVerb.Run));
        Assert.True(Machine.Exists("g1") && Machine.Exists("g2"));
        Assert.Equal(3, Machine.Do(GroupVerb.Fork, "g1"));
        Assert.True(Machine.Exists("g3"));
    }

    /// <summary>What a group takes it gives back: memory, tables, volumes, ids of its tables.</summary>
    [Fact]
    public void Groups_that_come_and_go_leave_nothing_behind()
    {
        void Cycle()
        {
            Assert.True(Machine.Do(GroupVerb.Run, target: "a") > 0);
            Step("a", 5);
            Name("a", "five");
            Assert.True(Machine.Do(GroupVerb.Fork, "a", "b") > 0);
            Assert.True(Machine.Do(GroupVerb.Rewind, "b", checkpoint: EpochOf("b").Value.ToString()) > 0);
            Assert.True(Machine.Do(GroupVerb.Kill, "a") > 0);
            Assert.True(Machine.Do(GroupVerb.Kill, "b") > 0);
            Assert.True(Machine.Do(GroupVerb.Remove, "a") > 0);
            Assert.True(Machine.Do(GroupVerb.Remove, "b") > 0);
        }
        for (int i = 0; i < 10; i++)
            Cycle();
        int pages = Machine.Session.Pages.Taken;
        var frames = Machine.Session.Frames.FreeFrames;
        for (int i = 0; i < 60; i++)
            Cycle();
        Assert.InRange(Machine.Session.Pages.Taken, 0, pages + 8);
        Assert.Equal(frames, Machine.Session.Frames.FreeFrames);
        Assert.Equal(1, Machine.Processes.Table.Of(Machine.Host).ProcessCount);
    }

    [Fact]
    public void A_program_that_cannot_be_started_leaves_no_group()
    {
        Machine.Starter.Failure = Errno.ENOEXEC;
        Assert.Equal(-(long)Errno.ENOEXEC, Machine.Do(GroupVerb.Run, target: "a"));
        Machine.Starter.Failure = Errno.Ok;
        Machine.Starter.Answer = Errno.ENOTDIR;
        Assert.Equal(-(long)Errno.ENOTDIR, Machine.Do(GroupVerb.Run, target: "a", root: "/f"));
        Assert.Equal("/f", Machine.Starter.Root);
        Assert.False(Machine.Exists("a"));
        Machine.Starter.Answer = Errno.Ok;
        Assert.True(Machine.Do(GroupVerb.Run, target: "a") > 0);
        Reboot();
        Assert.True(Machine.Exists("a"));
    }

    /// <summary>A group asks for itself; whoever has taken its place by then did not ask.</summary>
    [Fact]
    public void What_a_group_has_asked_for_is_not_done_to_what_has_taken_its_place()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Step("a", 2);
        ObjectTracker asker = Machine.Find("a");
        Assert.Equal(Errno.Ok, Machine.Ask(Machine.Host, GroupVerb.Rewind, out ulong first, "a", checkpoint: "one"));
        Assert.Equal(Errno.Ok, Machine.Ask(asker, GroupVerb.Kill, out ulong second, "a"));
        Machine.WorkOff();
        Assert.True(Machine.Manager.IsDone(first, out long rewound) & Machine.Manager.IsDone(second, out long killed));
        Assert.Equal((1, -(long)Errno.ECANCELED), (rewound, killed));
        Assert.Equal(1UL, Machine.Load(Machine.Find("a"), 0));
        Assert.Equal(Errno.Ok, Machine.Ask(Machine.Find("a"), GroupVerb.Kill, out second, "a"));
        Machine.WorkOff();
        Assert.True(Machine.Manager.IsDone(second, out killed));
        Assert.Equal(1, killed);
    }

    /// <summary>A line that fills the console can be ended, and a program that does not read can be interrupted.</summary>
    [Fact]
    public void A_console_that_is_full_takes_the_end_of_its_line_and_what_interrupts()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = Machine.Find("a");
        Terminal* console = Machine.Processes.Terminals.ConsoleOf(a);
        Machine.Processes.Terminals.Settings.SetPlain(console, false);
        for (int typed = 0; typed < Terminal.InputBytes + 100; typed += 50)
            Assert.Equal(50, Machine.Manager.Type(a, Encoding.ASCII.GetBytes(new string('x', 50))));
        Assert.False(console->HasLine);
        Assert.Equal(1, Machine.Manager.Type(a, "\n"u8));
        Assert.True(console->HasLine);
        Assert.Equal(0, Machine.Manager.Type(a, "more"u8));
        Assert.Equal(5, Machine.Manager.Type(a, "more\x03"u8));
        Assert.Equal(0, console->InputCount);
        Assert.Equal(4, Machine.Manager.Type(a, "more"u8));
    }

    [Fact]
    public void The_input_of_a_console_ends_when_nothing_is_typed_on_it()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = Machine.Find("a");
        Assert.Equal(4, Machine.Manager.Type(a, "last"u8));
        Assert.Equal(0, Machine.Manager.Type(a, default));
        Terminal* console = Machine.Processes.Terminals.ConsoleOf(a);
        Assert.Equal((ReadReadiness.Bytes, 4), (TerminalReads.Readable(console, 100, out int count), count));
        console->InputTail = console->LineHead = console->InputHead;
        Assert.Equal(ReadReadiness.EndOfFile, TerminalReads.Readable(console, 100, out _));
    }
}
