using System;
using System.Globalization;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A detached process runs on, and is not there any more in what continues from a checkpoint; everything else is.</summary>
public sealed unsafe class DetachTests : IDisposable
{
    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    public DetachTests() => _machine.Do(GroupVerb.Run, target: "a");

    public void Dispose() => _machine.Dispose();

    private ObjectTracker Group => _machine.Find("a");

    private Process* Init => _machine.Init(Group);

    [Fact]
    public void Its_parent_sees_it_killed_after_a_restart()
    {
        Process* child = Fork(Init);
        Process* kept = Fork(Init);
        (int detached, int other) = (child->Id, kept->Id);
        // What is ignored would not show.
        Init->FirstThread->BlockedSignals = default(SignalSet).With(Signal.SIGCHLD);
        Group.MarkChanged(&Init->FirstThread->Header);
        Assert.Equal(Errno.Ok, _machine.Processes.Life.SetDetached(child, true));
        _machine.Settle();
        Assert.False(child->IsEnding);
        Assert.False(Init->Pending.Set.Contains(Signal.SIGCHLD));
        Reboot();
        _machine.Settle();
        child = Find(detached);
        Assert.Equal((ProcessState.Zombie, WaitStatus.Killed((int)Signal.SIGKILL)), (child->State, child->ExitStatus));
        Assert.True(Init->Pending.Set.Contains(Signal.SIGCHLD));
        Assert.Equal(ProcessState.Alive, Find(other)->State);
        _machine.Processes.Life.Reap(child);
        Reboot();
        Assert.True(Find(detached) == null);
    }

    [Fact]
    public void It_has_begun_to_end_before_any_of_its_threads_can_run()
    {
        Process* child = Fork(Init);
        child->FirstThread->Context->Rip = 0x1000;
        int id = child->Id;
        _machine.Processes.Life.SetDetached(child, true);
        _machine.Settle();
        MemoryBlockDevice device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
        Assert.True(Find(id)->IsEnding && Find(id)->State == ProcessState.Alive);
    }

    [Fact]
    public void Attached_again_it_is_kept()
    {
        Process* child = Fork(Init);
        int id = child->Id;
        _machine.Processes.Life.SetDetached(child, true);
        _machine.Settle();
        _machine.Processes.Life.SetDetached(child, false);
        _machine.Session.Store64(child->AddressSpace, GroupMachine.Arena, 5);
        Reboot();
        _machine.Settle();
        Assert.Equal(ProcessState.Alive, Find(id)->State);
        Assert.Equal(5UL, _machine.Session.Load(Find(id)->AddressSpace, GroupMachine.Arena));
    }

    [Fact]
    public void Children_made_meanwhile_are_detached_and_those_from_before_become_inits()
    {
        Process* child = Fork(Init);
        Process* before = Fork(child);
        _machine.Processes.Life.SetDetached(child, true);
        Process* meanwhile = Fork(child);
        Assert.True(meanwhile->IsDetached && !before->IsDetached);
        (int one, int two, int three) = (child->Id, before->Id, meanwhile->Id);
        Reboot();
        _machine.Settle();
        Assert.Equal(ProcessState.Zombie, Find(one)->State);
        Assert.True(Find(two)->State == ProcessState.Alive && Find(two)->Parent == Init);
        Assert.Equal(ProcessState.Zombie, Find(three)->State);
    }

    [Fact]
    public void Its_ends_of_pipes_are_closed()
    {
        Process* child = Fork(Init);
        FileServices files = _machine.Session.Group.Files;
        var caller = new FileCaller { Context = (FileContext*)child->FileSystem, Credentials = &child->Credentials };
        Assert.Equal(Errno.Ok, files.OpenFiles.CreatePipe(in caller, 0, out OpenFile* reader, out OpenFile* writer));
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt((DescriptorTable*)child->Descriptors, writer, 3, closeOnExec: false));
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt((DescriptorTable*)Init->Descriptors, reader, 4, closeOnExec: false));
        Pipe* pipe = reader->Inode->Pipe;
        ObjectId id = pipe->Header.Id;
        _machine.Processes.Life.SetDetached(child, true);
        Reboot();
        pipe = (Pipe*)Group.Find(id, ObjectKind.Pipe);
        Assert.Equal((1, 1), ((int)pipe->Readers, (int)pipe->Writers));
        _machine.Settle();
        pipe = (Pipe*)Group.Find(id, ObjectKind.Pipe);
        Assert.Equal((1, 0), ((int)pipe->Readers, (int)pipe->Writers));
    }

    /// <summary>In a copy and after a rewind it is not, and in the source it goes on.</summary>
    [Fact]
    public void Copies_and_what_goes_back_are_without_it()
    {
        Process* child = Fork(Init);
        int id = child->Id;
        _machine.Processes.Life.SetDetached(child, true);
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(Group, "then"u8, out _));
        _machine.Settle();
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "b") > 0);
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "e", flags: GroupRequest.IsEphemeral) > 0);
        _machine.Settle();
        Assert.True(Find(id) == child && child->State == ProcessState.Alive && !child->IsEnding);
        Assert.Equal(ProcessState.Zombie, _machine.Processes.Table.Of(_machine.Find("b")).FindProcess(id)->State);
        Assert.Equal(ProcessState.Zombie, _machine.Processes.Table.Of(_machine.Find("e")).FindProcess(id)->State);
        Assert.True(_machine.Do(GroupVerb.Rewind, "a", checkpoint: "then") > 0);
        _machine.Settle();
        Assert.Equal(ProcessState.Zombie, Find(id)->State);
    }

    [Fact]
    public void A_stopped_one_ends_too_and_one_that_has_ended_stays_what_it_was()
    {
        Process* stopped = Fork(Init);
        Process* ended = Fork(Init);
        (int one, int two) = (stopped->Id, ended->Id);
        stopped->IsStopped = true;
        _machine.Session.Group.Scheduler.Suspend(stopped->FirstThread, ThreadState.Stopped);
        _machine.Processes.Life.SetDetached(stopped, true);
        _machine.Processes.Life.SetDetached(ended, true);
        _machine.Processes.Life.EndProcess(ended, WaitStatus.Exited(7));
        Assert.Equal(Errno.ESRCH, _machine.Processes.Life.SetDetached(ended, false));
        Reboot();
        _machine.Settle();
        Assert.Equal((ProcessState.Zombie, 9), (Find(one)->State, Find(one)->ExitStatus));
        Assert.Equal((ProcessState.Zombie, WaitStatus.Exited(7)), (Find(two)->State, Find(two)->ExitStatus));
    }

    /// <summary>The copy that a core file is made of never goes on.</summary>
    [Fact]
    public void A_core_file_shows_it_as_it_is()
    {
        Process* child = Fork(Init);
        child->IsStopped = true;
        _machine.Session.Group.Scheduler.Suspend(child->FirstThread, ThreadState.Stopped);
        _machine.Processes.Life.SetDetached(child, true);
        _machine.Settle();
        var programs = new StreamPrograms(_machine);
        (long error, byte[] stream) = programs.Read(_machine.Do(GroupVerb.Dump, "a", child->Id.ToString(CultureInfo.InvariantCulture)));
        Assert.Equal(0, error);
        byte[] core = StreamPrograms.FileOf(stream);
        // Of the note NT_PRPSINFO: length of its name, of its contents, type, name; then pr_state, pr_sname.
        ReadOnlySpan<byte> header = [5, 0, 0, 0, 136, 0, 0, 0, 3, 0, 0, 0, .. "CORE"u8];
        Assert.Equal((byte)'T', core[core.AsSpan().IndexOf(header) + 21]);
    }

    [Fact]
    public void Init_cannot_be_detached() => Assert.Equal(Errno.EINVAL, _machine.Processes.Life.SetDetached(Init, true));

    private Process* Find(int id) => _machine.Processes.Table.Of(Group).FindProcess(id);

    private Process* Fork(Process* parent)
    {
        Assert.Equal(Errno.Ok, _machine.Processes.Life.Clone(
            parent->FirstThread, new CloneRequest { ExitSignal = (int)Signal.SIGCHLD }, out Thread* child));
        _machine.Processes.Life.Start(child);
        return child->Process;
    }

    private void Reboot()
    {
        _machine.Settle();
        MemoryBlockDevice device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
    }
}
