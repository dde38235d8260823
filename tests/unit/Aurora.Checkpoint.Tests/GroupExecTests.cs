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
/// Programs that are run in a group from outside: their processes and streams, what of them is told and when, and what becomes of the
/// streams when the power fails, the group is copied or goes back, or who asked has ended.
/// </summary>
public sealed unsafe class GroupExecTests : IDisposable
{
    private const long Canceled = -(long)Errno.ECANCELED;

    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());
    private long _number;

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void The_process_has_no_parent_a_session_of_its_own_and_the_root_of_process_1()
    {
        Process* process = Run("a");
        Process* init = _machine.Init(_machine.Find("a"));
        Assert.True(process->Parent == null && process->ProcessGroup->Session->Leader == process);
        Assert.Equal((2, 0u, CapabilitySets.OfRoot.Effective),
            (process->Id, process->Credentials.FileUid, process->Credentials.Capabilities.Effective));
        Assert.True(((FileContext*)process->FileSystem)->Root == ((FileContext*)init->FileSystem)->Root);
        Assert.Equal((true, CallContinuation.FirstProgram), (process->FirstThread->Call.Active, process->FirstThread->Call.Number));
        ProgramStrings program = _machine.Execs.ProgramOf(process);
        Assert.Equal(("/program\0", 1), (Encoding.UTF8.GetString(program.Text), program.ArgumentCount));
        _machine.Execs.Begun(process);
        Assert.True(_machine.Execs.ProgramOf(process).Text.IsEmpty);
    }

    [Fact]
    public void Output_is_shown_once_it_is_durable_each_stream_by_itself()
    {
        Process* process = Run("a");
        Write(process, 1, "out");
        Write(process, 2, "err");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Settle();
        Assert.Equal(3, Look(out SlsOutput news, out string text));
        Assert.Equal((1, 2, "out"), (news.Stream, news.ProcessId, text));
        Write(process, 1, " more");
        Assert.Equal(3, Look(out news, out text));
        Assert.Equal((2, "err"), (news.Stream, text));
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Settle();
        Assert.Equal(" more", Show(out _));
    }

    /// <summary>What another process of the group takes from the pipe does not make younger bytes durable.</summary>
    [Fact]
    public void Bytes_that_take_the_place_of_others_are_not_shown_for_them()
    {
        Process* process = Run("a");
        Write(process, 1, "first");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Session.Group.Files.Pipes.Taken(PipeOf(process, 1), 5);
        _machine.Settle();
        Write(process, 1, "young");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Settle();
        Assert.Equal("young", Show(out _));
    }

    [Fact]
    public void Input_arrives_up_to_what_the_pipe_holds_and_ends()
    {
        Process* process = Run("a");
        Assert.Equal(5, Put("given"));
        Assert.Equal("given", Read(process, 0));
        int given = 0;
        while (Put(new string('x', 4096)) is > 0 and var taken)
            given += (int)taken;
        Assert.Equal((int)Pipe.DefaultCapacity, given);
        Assert.Equal(-(long)Errno.EAGAIN, Put("y"));
        Assert.Equal(4096, Read(process, 0).Length);
        Assert.Equal(1, Put("y"));
        Assert.Equal(Errno.Ok, _machine.Execs.EndInput((ulong)_number, Asker));
        Assert.False(PipeOf(process, 0)->HasWriter);
        Assert.Equal(-(long)Errno.EPIPE, Put("z"));
    }

    [Fact]
    public void A_program_that_writes_much_waits_for_who_reads()
    {
        Process* process = Run("a");
        for (int i = 0; i < Pipe.DefaultCapacity / 4096; i++)
            Assert.Equal(4096, Write(process, 1, new string('x', 4096)));
        Assert.Equal(-(long)Errno.EAGAIN, Write(process, 1, "y"));
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Settle();
        Assert.Equal(4096, Show(out _).Length);
        Assert.Equal(1, Write(process, 1, "y"));
    }

    [Fact]
    public void The_end_is_told_after_all_that_was_written_once_it_is_durable()
    {
        Process* process = Run("a");
        _machine.Execs.Begun(process);
        Write(process, 1, "last");
        _machine.Processes.Life.EndProcess(process, WaitStatus.Exited(7));
        Assert.Equal(1, _machine.Processes.Table.Of(_machine.Find("a")).ProcessCount);
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Assert.Equal(-(long)Errno.EPIPE, Put("x"));
        _machine.Settle();
        Assert.Equal("last", Show(out _));
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal((0, 2, WaitStatus.Exited(7), 0), (news.Stream, news.ProcessId, news.WaitStatus, news.Error));
        Assert.Equal(Canceled, Look(out _, out _));
    }

    [Fact]
    public void A_program_that_cannot_be_started_says_why()
    {
        Process* process = Run("a");
        _machine.Execs.Fail(process, Errno.EACCES);
        _machine.Processes.Life.EndProcess(process, WaitStatus.Exited(126));
        _machine.Settle();
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Settle();
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal((WaitStatus.Exited(126), (int)Errno.EACCES), (news.WaitStatus, news.Error));
    }

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
        Assert.Equal(Errno.ECANCELED, _machine.Execs.EndInput((ulong)_number, Asker));
        Assert.True(_machine.Execs.ProgramOf(process).Text.IsEmpty);
    }

    [Fact]
    public void A_copy_has_the_process_and_not_the_outer_ends()
    {
        Process* process = Run("a");
        Begin(process);
        Write(process, 1, "one");
        Assert.Equal(2, _machine.Do(GroupVerb.Fork, "a", "b"));
        _machine.Settle();
        AssertAlone(ProcessOf("b"));
        Assert.Equal(-(long)Errno.EPIPE, Write(ProcessOf("b"), 1, "two"));
        _machine.Processes.Life.EndProcess(ProcessOf("b"), WaitStatus.Exited(3));
        Write(process, 1, " three");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Settle();
        Assert.Equal("one three", Show(out _));
        Assert.Equal(1, Put("x"));
    }

    [Theory]
    [InlineData(GroupVerb.Rewind)]
    [InlineData(GroupVerb.Remove)]
    public void Who_waits_is_told_when_the_group_goes_back_or_goes(GroupVerb verb)
    {
        Run("a");
        _machine.Settle();
        SlsStatistics statistics = default;
        _machine.Session.Engine.ReadStatistics(_machine.Find("a"), ref statistics);
        if (verb == GroupVerb.Remove)
            Assert.Equal(1, _machine.Do(GroupVerb.Kill, "a"));
        Assert.Equal(1, _machine.Do(verb, "a", checkpoint: statistics.DurableEpoch.ToString()));
        Assert.Equal(Canceled, Look(out _, out _));
        _machine.Settle();
        if (verb == GroupVerb.Rewind)
            AssertAlone(ProcessOf("a"));
    }

    [Fact]
    public void A_group_that_is_killed_takes_its_further_programs_along()
    {
        Run("a");
        Assert.Equal(1, _machine.Do(GroupVerb.Kill, "a"));
        Look(out _, out _);
        _machine.Settle();
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal(9, news.WaitStatus);
    }

    [Fact]
    public void When_who_asked_has_ended_the_streams_are_closed()
    {
        Assert.Equal(Errno.Ok, _machine.Processes.Life.Clone(_machine.Init(_machine.Host)->FirstThread,
            new CloneRequest { ExitSignal = 17 }, out Posix.Threads.Thread* asker));
        _machine.Asker = asker->Process;
        Process* process = Run("a");
        Begin(process);
        _machine.Asker = null;
        Assert.Equal(Canceled, Look(out _, out _));
        _machine.Processes.Life.EndProcess(asker->Process, 0);
        AssertAlone(process);
    }

    [Fact]
    public void A_detached_program_writes_to_the_console_and_only_its_beginning_is_told()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(-(long)Errno.ENXIO, _machine.Do(GroupVerb.Exec, "a", flags: GroupRequest.IsDetached));
        MakeConsole("a");
        _number = _machine.Do(GroupVerb.Exec, "a", flags: GroupRequest.IsDetached);
        Process* process = ProcessOf("a");
        Assert.True(FileOf(process, 1)->Kind == FileKind.Device && FileOf(process, 1) == FileOf(process, 2));
        Assert.False(PipeOf(process, 0)->HasWriter);
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Execs.Begun(process);
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        _machine.Settle();
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal((0, process->Id, 0), (news.Stream, news.ProcessId, news.Error));
        Assert.True(process->ProcessGroup->Session->Terminal == null);
    }

    [Fact]
    public void What_cannot_be_run_is_refused()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        Assert.Equal(-(long)Errno.ENOENT, _machine.Do(GroupVerb.Exec, "b"));
        Assert.Equal(-(long)Errno.EINVAL, _machine.Do(GroupVerb.Exec, "host"));
        Assert.Equal(-(long)Errno.ENOTDIR, _machine.Do(GroupVerb.Exec, "a", root: "/nowhere"));
        Assert.Equal(-(long)Errno.ENOTDIR, _machine.Do(GroupVerb.Exec, "a", root: "/f"));
        Assert.Equal(1, _machine.Do(GroupVerb.Suspend, "a"));
        Assert.Equal(-(long)Errno.EBUSY, _machine.Do(GroupVerb.Exec, "a"));
        Assert.Equal(1, _machine.Do(GroupVerb.Kill, "a"));
        Assert.Equal(-(long)Errno.ESRCH, _machine.Do(GroupVerb.Exec, "a"));
    }

    [Fact]
    public void There_are_not_too_many_at_once_and_those_that_have_ended_leave_nothing_behind()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        PidNamespace space = _machine.Processes.Table.Of(_machine.Find("a"));
        int pages = 0;
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < GroupExecTable.Capacity; i++)
                Assert.True(_machine.Do(GroupVerb.Exec, "a") > 0);
            _number = _machine.Do(GroupVerb.Exec, "a");
            Assert.Equal(-(long)Errno.ENFILE, _number);
            Assert.Equal(1 + GroupExecTable.Capacity, space.ProcessCount);
            for (Process* process = space.NextProcess(2); process != null; process = space.NextProcess(2))
                _machine.Processes.Life.EndProcess(process, 0);
            for (long number = 0; number < (long)_machine.LastTicket + 1; number = NextKnown(number))
                if (number != 0)
                    _machine.Execs.Forget((ulong)number, Asker);
            _machine.Settle();
            if (round == 4)
                pages = _machine.Session.Pages.Taken;
        }
        Assert.InRange(_machine.Session.Pages.Taken, 0, pages + 8);
    }

    /// <summary>Whatever there is no memory for, nothing of the process stays, and the next one is made.</summary>
    [Fact]
    public void Without_memory_nothing_is_made()
    {
        int refused = 0;
        for (int left = 0; left == 0 || refused == left; left++)
        {
            _machine.Dispose();
            _machine = GroupMachine.Create(TestSession.NewDevice());
            Assert.Equal(1, _machine.Do(GroupVerb.Run, target: "a"));
            PidNamespace space = _machine.Processes.Table.Of(_machine.Find("a"));
            Assert.Equal(Errno.Ok, _machine.Ask(_machine.Host, GroupVerb.Exec, out ulong ticket, "a"));
            _machine.Session.Pages.Remaining = left;
            _machine.WorkOff();
            _machine.Session.Pages.Remaining = null;
            Assert.True(_machine.Manager.IsDone(ticket, out long result));
            refused += result == -(long)Errno.ENOMEM ? 1 : 0;
            Assert.Equal(result > 0, refused == left);
            Assert.Equal(result > 0 ? 2 : 1, space.ProcessCount);
            _machine.Settle();
            _number = _machine.Do(GroupVerb.Exec, "a");
            Assert.True(_number > 0);
            Assert.Equal(1, _machine.Do(GroupVerb.Kill, "a"));
            Assert.Equal(1, _machine.Do(GroupVerb.Remove, "a"));
        }
        Assert.True(refused > 3);
    }

    private ObjectId Asker => (_machine.Asker == null ? _machine.Init(_machine.Host) : _machine.Asker)->Header.Id;

    private long NextKnown(long after)
    {
        for (ulong number = Math.Max((ulong)after + 1, _machine.LastTicket - 100); number <= _machine.LastTicket; number++)
            if (_machine.Execs.Look(number, Asker, out _) != Errno.ECANCELED)
                return (long)number;
        return long.MaxValue;
    }

    private Process* Run(string group)
    {
        Assert.Equal(1, _machine.Do(GroupVerb.Run, target: group));
        _number = _machine.Do(GroupVerb.Exec, group);
        Assert.True(_number > 0);
        return ProcessOf(group);
    }

    private Process* ProcessOf(string group)
    {
        Process* process = _machine.Processes.Table.Of(_machine.Find(group)).NextProcess(2);
        Assert.True(process != null);
        return process;
    }

    // What the load of a program makes of its process, as far as it matters here.
    private void Begin(Process* process)
    {
        process->FirstThread->Call = default;
        _machine.Session.Group.Tracked.MarkChanged(&process->FirstThread->Header);
        _machine.Execs.Begun(process);
    }

    private static OpenFile* FileOf(Process* process, int descriptor)
        => Descriptors.Find((DescriptorTable*)process->Descriptors, descriptor);

    private static Pipe* PipeOf(Process* process, int descriptor) => FileOf(process, descriptor)->Inode->Pipe;

    private static void AssertAlone(Process* process)
        => Assert.Equal((false, false, false),
            (PipeOf(process, 0)->HasWriter, PipeOf(process, 1)->HasReader, PipeOf(process, 2)->HasReader));

    private long Write(Process* process, int descriptor, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            var transfer = new FileTransfer(_machine.Session.Group.Files.Transfers, null, start, (ulong)bytes.Length);
            return _machine.Session.Group.Files.Pipes.Write(FileOf(process, descriptor), ref transfer).Value;
        }
    }

    private string Read(Process* process, int descriptor)
    {
        byte[] bytes = new byte[4096];
        fixed (byte* start = bytes)
        {
            for (int turn = 0; turn < 10; turn++)
            {
                var transfer = new FileTransfer(_machine.Session.Group.Files.Transfers, null, start, (ulong)bytes.Length);
                long read = _machine.Session.Group.Files.Pipes.Read(FileOf(process, descriptor), ref transfer).Value;
                if (read != -(long)Errno.EAGAIN)
                    return Encoding.UTF8.GetString(bytes, 0, (int)read);
                _machine.Session.ServePager();
            }
        }
        throw new InvalidOperationException("nothing to read");
    }

    private long Put(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            var transfer = new FileTransfer(_machine.Session.Group.Files.Transfers, null, start, (ulong)bytes.Length);
            return _machine.Execs.Put((ulong)_number, Asker, ref transfer).Value;
        }
    }

    // As sls_exec_output does it.
    private long Look(out SlsOutput news, out string text)
    {
        text = "";
        Errno error = _machine.Execs.Look((ulong)_number, Asker, out news);
        if (error != Errno.Ok)
            return -(long)error;
        if (news.Stream == 0)
        {
            _machine.Execs.Forget((ulong)_number, Asker);
            return 0;
        }
        PageAccess access = _machine.Execs.Bytes((ulong)_number, Asker, news.Stream, out ReadOnlySpan<byte> bytes);
        Assert.Equal(MemoryStatus.Ok, access.Status);
        text = Encoding.UTF8.GetString(bytes);
        _machine.Execs.Taken((ulong)_number, Asker, news.Stream, bytes.Length);
        return bytes.Length;
    }

    private string Show(out SlsOutput news)
    {
        Assert.True(Look(out news, out string text) > 0);
        return text;
    }

    private void MakeConsole(string group)
    {
        FileServices files = _machine.Session.Group.Files;
        Assert.Equal(Errno.Ok, StandardTree.Populate(files, files.NamespaceOf(&_machine.Init(_machine.Find(group))->Header)));
    }

    private void Reboot()
    {
        _machine.Settle();
        var device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
        _machine.Settle();
    }
}
