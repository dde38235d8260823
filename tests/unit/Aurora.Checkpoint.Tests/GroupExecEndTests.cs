using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// What becomes of programs that are run in a group from outside when the power fails, the group is copied, goes back or ends, or who
/// asked has ended; and which are refused.
/// </summary>
public sealed unsafe class GroupExecEndTests : GroupExecFixture
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_a_power_cut_the_process_goes_on_without_its_streams(bool hasBegun)
    {
        Process* process = Run("a");
        if (hasBegun)
            Begin(process);
        Put("typed");
        Write(process, 1, "written");
        Reboot();
        process = ProcessOf("a");
        Assert.Equal(hasBegun, !process->FirstThread->Call.Active);
        AssertAlone(process);
        Assert.Equal("typed", Read(process, 0));
        Assert.Equal(Canceled, Look(out _, out _));
        Assert.Equal(Canceled, Put("x"));
        Assert.Equal(Errno.ECANCELED, Machine.Execs.EndInput((ulong)Number, Asker));
        Assert.True(Machine.Execs.ProgramOf(process).Text.IsEmpty);
    }

    [Fact]
    public void A_copy_has_the_process_and_not_the_outer_ends()
    {
        Process* process = Run("a");
        Begin(process);
        Write(process, 1, "one");
        Assert.Equal(2, Machine.Do(GroupVerb.Fork, "a", "b"));
        Machine.Settle();
        AssertAlone(ProcessOf("b"));
        Assert.Equal(-(long)Errno.EPIPE, Write(ProcessOf("b"), 1, "two"));
        Machine.Processes.Life.EndProcess(ProcessOf("b"), WaitStatus.Exited(3));
        Write(process, 1, " three");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Settle();
        Assert.Equal("one three", Show(out _));
        Assert.Equal(1, Put("x"));
    }

    [Theory]
    [InlineData(GroupVerb.Rewind)]
    [InlineData(GroupVerb.Remove)]
    public void Who_waits_is_told_when_the_group_goes_back_or_goes(GroupVerb verb)
    {
        Run("a");
        Machine.Settle();
        SlsStatistics statistics = default;
        Machine.Session.Engine.ReadStatistics(Machine.Find("a"), ref statistics);
        if (verb == GroupVerb.Remove)
            Assert.Equal(1, Machine.Do(GroupVerb.Kill, "a"));
        Assert.Equal(1, Machine.Do(verb, "a", checkpoint: statistics.DurableEpoch.ToString()));
        Assert.Equal(Canceled, Look(out _, out _));
        Machine.Settle();
        if (verb == GroupVerb.Rewind)
            AssertAlone(ProcessOf("a"));
    }

    [Fact]
    public void A_group_that_is_killed_takes_its_further_programs_along()
    {
        Run("a");
        Assert.Equal(1, Machine.Do(GroupVerb.Kill, "a"));
        Look(out _, out _);
        Machine.Settle();
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal(9, news.WaitStatus);
    }

    [Fact]
    public void When_who_asked_has_ended_the_streams_are_closed()
    {
        Assert.Equal(Errno.Ok, Machine.Processes.Life.Clone(Machine.Init(Machine.Host)->FirstThread,
            new CloneRequest { ExitSignal = 17 }, out Posix.Threads.Thread* asker));
        Machine.Asker = asker->Process;
        Process* process = Run("a");
        Begin(process);
        Machine.Asker = null;
        Assert.Equal(Canceled, Look(out _, out _));
        Machine.Processes.Life.EndProcess(asker->Process, 0);
        AssertAlone(process);
    }

    [Fact]
    public void A_detached_program_writes_to_the_console_and_only_its_beginning_is_told()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(-(long)Errno.ENXIO, Machine.Do(GroupVerb.Exec, "a", flags: GroupRequest.IsDetached));
        MakeConsole("a");
        Number = Machine.Do(GroupVerb.Exec, "a", flags: GroupRequest.IsDetached);
        Process* process = ProcessOf("a");
        Assert.True(FileOf(process, 1)->Kind == FileKind.Device && FileOf(process, 1) == FileOf(process, 2));
        Assert.False(PipeOf(process, 0)->HasWriter);
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Execs.Begun(process);
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Settle();
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal((0, process->Id, 0), (news.Stream, news.ProcessId, news.Error));
        Assert.True(process->ProcessGroup->Session->Terminal == null);
    }

    [Fact]
    public void What_cannot_be_run_is_refused()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(-(long)Errno.ENOENT, Machine.Do(GroupVerb.Exec, "b"));
        Assert.Equal(-(long)Errno.EINVAL, Machine.Do(GroupVerb.Exec, "host"));
        Assert.Equal(-(long)Errno.ENOTDIR, Machine.Do(GroupVerb.Exec, "a", root: "/nowhere"));
        Assert.Equal(-(long)Errno.ENOTDIR, Machine.Do(GroupVerb.Exec, "a", root: "/f"));
        Assert.Equal(1, Machine.Do(GroupVerb.Suspend, "a"));
        Assert.Equal(-(long)Errno.EBUSY, Machine.Do(GroupVerb.Exec, "a"));
        Assert.Equal(1, Machine.Do(GroupVerb.Kill, "a"));
        Assert.Equal(-(long)Errno.ESRCH, Machine.Do(GroupVerb.Exec, "a"));
    }

    [Fact]
    public void There_are_not_too_many_at_once_and_those_that_have_ended_leave_nothing_behind()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        PidNamespace space = Machine.Processes.Table.Of(Machine.Find("a"));
        int pages = 0;
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < GroupExecTable.Capacity; i++)
                Assert.True(Machine.Do(GroupVerb.Exec, "a") > 0);
            Number = Machine.Do(GroupVerb.Exec, "a");
            Assert.Equal(-(long)Errno.ENFILE, Number);
            Assert.Equal(1 + GroupExecTable.Capacity, space.ProcessCount);
            for (Process* process = space.NextProcess(2); process != null; process = space.NextProcess(2))
                Machine.Processes.Life.EndProcess(process, 0);
            for (long number = 0; number < (long)Machine.LastTicket + 1; number = NextKnown(number))
                if (number != 0)
                    Machine.Execs.Forget((ulong)number, Asker);
            Machine.Settle();
            if (round == 4)
                pages = Machine.Session.Pages.Taken;
        }
        Assert.InRange(Machine.Session.Pages.Taken, 0, pages + 8);
    }

    /// <summary>Those whom nobody waits for any more, and whose program will never begin, make place for others.</summary>
    [Fact]
    public void A_group_that_fails_gives_back_the_places_of_programs_that_have_not_begun()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Machine.Do(GroupVerb.Run, target: "b");
        for (int i = 0; i < GroupExecTable.Capacity; i++)
            Machine.Execs.Forget((ulong)Machine.Do(GroupVerb.Exec, "a"), Asker);
        Assert.Equal(-(long)Errno.ENFILE, Machine.Do(GroupVerb.Exec, "b"));
        ObjectTracker group = Machine.Find("a");
        group.Ended.Add(Machine.Session.Pages, default);
        Machine.Store(group, 0, 1);
        Machine.Settle();
        Assert.True(Machine.Session.Engine.Life.HasFailed(group));
        Assert.True(Machine.Do(GroupVerb.Exec, "b") > 0);
    }

    /// <summary>Whatever there is no memory for, nothing of the process stays, and the next one is made.</summary>
    [Fact]
    public void Without_memory_nothing_is_made()
    {
        int refused = 0;
        for (int left = 0; left == 0 || refused == left; left++)
        {
            Machine.Dispose();
            Machine = GroupMachine.Create(TestSession.NewDevice());
            Assert.Equal(1, Machine.Do(GroupVerb.Run, target: "a"));
            PidNamespace space = Machine.Processes.Table.Of(Machine.Find("a"));
            Assert.Equal(Errno.Ok, Machine.Ask(Machine.Host, GroupVerb.Exec, out ulong ticket, "a"));
            Machine.Session.Pages.Remaining = left;
            Machine.WorkOff();
            Machine.Session.Pages.Remaining = null;
            Assert.True(Machine.Manager.IsDone(ticket, out long result));
            refused += result == -(long)Errno.ENOMEM ? 1 : 0;
            Assert.Equal(result > 0, refused == left);
            Assert.Equal(result > 0 ? 2 : 1, space.ProcessCount);
            Machine.Settle();
            Number = Machine.Do(GroupVerb.Exec, "a");
            Assert.True(Number > 0);
            Assert.Equal(1, Machine.Do(GroupVerb.Kill, "a"));
            Assert.Equal(1, Machine.Do(GroupVerb.Remove, "a"));
        }
        Assert.True(refused > 3);
    }

    private long NextKnown(long after)
    {
        for (ulong number = Math.Max((ulong)after + 1, Machine.LastTicket - 100); number <= Machine.LastTicket; number++)
            if (Machine.Execs.Look(number, Asker, out _) != Errno.ECANCELED)
                return (long)number;
        return long.MaxValue;
    }
}
