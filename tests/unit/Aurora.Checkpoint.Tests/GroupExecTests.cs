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

/// <summary>Programs that are run in a group from outside: their processes and streams, and what of them is told and when.</summary>
public sealed unsafe class GroupExecTests : GroupExecFixture
{
    [Fact]
    public void The_process_has_no_parent_a_session_of_its_own_and_the_root_of_process_1()
    {
        Process* process = Run("a");
        Process* init = Machine.Init(Machine.Find("a"));
        Assert.True(process->Parent == null && process->ProcessGroup->Session->Leader == process);
        Assert.Equal((2, 0u, CapabilitySets.OfRoot.Effective),
            (process->Id, process->Credentials.FileUid, process->Credentials.Capabilities.Effective));
        Assert.True(((FileContext*)process->FileSystem)->Root == ((FileContext*)init->FileSystem)->Root);
        Assert.Equal((true, CallContinuation.FirstProgram), (process->FirstThread->Call.Active, process->FirstThread->Call.Number));
        ProgramStrings program = Machine.Execs.ProgramOf(process);
        Assert.Equal(("/program\0", 1), (Encoding.UTF8.GetString(program.Text), program.ArgumentCount));
        Machine.Execs.Begun(process);
        Assert.True(Machine.Execs.ProgramOf(process).Text.IsEmpty);
    }

    [Fact]
    public void Output_is_shown_once_it_is_durable_each_stream_by_itself()
    {
        Process* process = Run("a");
        Write(process, 1, "out");
        Write(process, 2, "err");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Settle();
        Assert.Equal(3, Look(out SlsOutput news, out string text));
        Assert.Equal((1, 2, "out"), (news.Stream, news.ProcessId, text));
        Write(process, 1, " more");
        Assert.Equal(3, Look(out news, out text));
        Assert.Equal((2, "err"), (news.Stream, text));
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Settle();
        Assert.Equal(" more", Show(out _));
    }

    /// <summary>What another process of the group takes from the pipe does not make younger bytes durable.</summary>
    [Fact]
    public void Bytes_that_take_the_place_of_others_are_not_shown_for_them()
    {
        Process* process = Run("a");
        Write(process, 1, "first");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Session.Group.Files.Pipes.Taken(PipeOf(process, 1), 5);
        Machine.Settle();
        Write(process, 1, "young");
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Settle();
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
        Assert.Equal(Errno.Ok, Machine.Execs.EndInput((ulong)Number, Asker));
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
        Machine.Settle();
        Assert.Equal(4096, Show(out _).Length);
        Assert.Equal(1, Write(process, 1, "y"));
    }

    [Fact]
    public void The_end_is_told_after_all_that_was_written_once_it_is_durable()
    {
        Process* process = Run("a");
        Machine.Execs.Begun(process);
        Write(process, 1, "last");
        Machine.Processes.Life.EndProcess(process, WaitStatus.Exited(7));
        Assert.Equal(1, Machine.Processes.Table.Of(Machine.Find("a")).ProcessCount);
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Assert.Equal(-(long)Errno.EPIPE, Put("x"));
        Machine.Settle();
        Assert.Equal("last", Show(out _));
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal((0, 2, WaitStatus.Exited(7), 0), (news.Stream, news.ProcessId, news.WaitStatus, news.Error));
        Assert.Equal(Canceled, Look(out _, out _));
    }

    [Fact]
    public void A_program_that_cannot_be_started_says_why()
    {
        Process* process = Run("a");
        Machine.Execs.Fail(process, Errno.EACCES);
        Machine.Processes.Life.EndProcess(process, WaitStatus.Exited(126));
        Machine.Settle();
        Assert.Equal(-(long)Errno.EAGAIN, Look(out _, out _));
        Machine.Settle();
        Assert.Equal(0, Look(out SlsOutput news, out _));
        Assert.Equal((WaitStatus.Exited(126), (int)Errno.EACCES), (news.WaitStatus, news.Error));
    }
}
