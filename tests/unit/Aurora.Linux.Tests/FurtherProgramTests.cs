using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Programs that are run in a group from outside: how they begin, and the calls of who asked.</summary>
public sealed unsafe class FurtherProgramTests : IDisposable
{
    private const int Input = 0x5A00F;
    private const int Output = 0x5A010;
    private const int Generation = 0x5A011;
    private const int Start = 0x5A0FF;
    private const ulong Bytes = TestKernel.Scratch;
    private const ulong About = TestKernel.Scratch + 0x400;

    private TestKernel _kernel = new();
    private Thread* _init;

    public FurtherProgramTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    [Fact]
    public void A_program_begins_with_its_arguments_and_without_a_parent()
    {
        _kernel.WriteFile("/prog", ElfBuilder.Build(false));
        Thread* thread = Make(["/prog", "one"], ["A=1"]);
        Assert.NotNull(_kernel.Resume(thread));
        Assert.True(_kernel.Execs.HasBegun);
        Assert.Equal(2UL, _kernel.Peek<ulong>(thread, thread->Context->Rsp));
        Assert.Equal("one", _kernel.PeekText(thread, _kernel.Peek<ulong>(thread, thread->Context->Rsp + 16)));
        Assert.Equal(0, _kernel.Do(thread, 110));
        Assert.Equal(thread->Process->Id, _kernel.Do(thread, 124, 0));
        // Once it runs the call is not for it.
        Assert.Equal(-(long)Errno.ENOSYS, _kernel.Call(thread, Start));
        Assert.Equal(-(long)Errno.ENOSYS, _kernel.Call(_init, Start));
    }

    [Theory]
    [InlineData("PATH=/one:/two", "found", Errno.Ok)]
    [InlineData("PATH=/one", "found", Errno.ENOENT)]
    [InlineData("PATH=/two:/dev/null:/one", "plain", Errno.EACCES)]
    [InlineData("PATH=", "top", Errno.Ok)]
    [InlineData("X=1", "found", Errno.ENOENT)]
    [InlineData("PATH=/two", "/found", Errno.ENOENT)]
    [InlineData("PATH=/two", "text", Errno.ENOEXEC)]
    [InlineData("PATH=/two", "", Errno.ENOENT)]
    public void A_name_is_looked_for_in_the_directories_it_is_given(string path, string name, Errno expected)
    {
        foreach (string directory in (string[])["/one", "/two"])
            Assert.Equal(0, _kernel.Do(_init, 83, _kernel.PokeText(_init, Bytes, directory), 0x1FF));
        _kernel.WriteFile("/two/found", ElfBuilder.Build(false));
        _kernel.WriteFile("/top", ElfBuilder.Build(false));
        _kernel.WriteFile("/two/plain", ElfBuilder.Build(false), 0x81A4);
        _kernel.WriteFile("/two/text", "no program"u8);
        Thread* thread = Make([name], [path]);
        Process* process = thread->Process;
        int id = process->Id;
        Assert.Equal(expected == Errno.Ok, _kernel.Resume(thread) != null);
        Assert.Equal(expected, _kernel.Execs.Failure);
        Assert.Equal(expected == Errno.Ok, _kernel.Pids.FindProcess(id) != null);
    }

    /// <summary>What it was to run is not saved, and nobody waits for it any more.</summary>
    [Fact]
    public void A_process_that_a_restore_finds_before_it_has_begun_ends()
    {
        _kernel.WriteFile("/prog", ElfBuilder.Build(false));
        int id = Make(["/prog"], [])->Id;
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        _kernel.Dispose();
        _kernel = TestKernel.Restore(image);
        Assert.Null(_kernel.Resume(_kernel.ThreadOf(id)));
        Assert.True(_kernel.Pids.FindProcess(id) == null);
        Assert.True(_kernel.Pids.Init != null);
    }

    /// <summary>Init waits for all others before it ends, and is told of those that are nobody's children too.</summary>
    [Fact]
    public void Init_ends_after_a_process_without_a_parent()
    {
        _kernel.WriteFile("/prog", ElfBuilder.Build(false));
        Thread* thread = Make(["/prog"], []);
        Assert.NotNull(_kernel.Resume(thread));
        Assert.Null(_kernel.Call(_init, 231, 5));
        _kernel.RunToTheEnd();
        Assert.Equal(WaitStatus.Exited(5), _kernel.Machine.SessionStatus);
    }

    [Fact]
    public void A_child_of_it_becomes_inits_and_it_leaves_no_zombie()
    {
        _kernel.WriteFile("/prog", ElfBuilder.Build(false));
        Thread* thread = Make(["/prog"], []);
        Assert.NotNull(_kernel.Resume(thread));
        Thread* child = _kernel.ThreadOf(_kernel.Do(thread, 57));
        int id = thread->Id;
        Assert.Null(_kernel.Call(thread, 231, 1));
        Assert.True(_kernel.Pids.FindProcess(id) == null && child->Process->Parent == _init->Process);
    }

    [Fact]
    public void Output_and_the_end_are_told_once_they_may_be()
    {
        Assert.Equal(-(long)Errno.EAGAIN, Ask(wait: false));
        Assert.Null(Ask(wait: true));
        _kernel.Execs.Written = "hello";
        _kernel.Execs.Stream = 2;
        _kernel.Scheduler.WakeAll(_kernel.Execs.Changed);
        Assert.Equal(3, _kernel.Resume(_init));
        Assert.Equal((2, 9), (_kernel.Peek<int>(_init, About), _kernel.Peek<int>(_init, About + 4)));
        Assert.Equal((byte)'l', _kernel.Peek<byte>(_init, Bytes + 2));
        Assert.Equal(2, Ask(wait: true));
        _kernel.Execs.End = new SlsOutput { ProcessId = 9, WaitStatus = 0x300, Error = 2 };
        Assert.Equal(0, Ask(wait: false));
        Assert.Equal((0, 0x300, 2),
            (_kernel.Peek<int>(_init, About), _kernel.Peek<int>(_init, About + 8), _kernel.Peek<int>(_init, About + 12)));
        Assert.True(_kernel.Execs.IsForgotten);
    }

    [Fact]
    public void What_is_asked_for_in_vain_or_by_others_is_refused()
    {
        _kernel.Execs.Written = "x";
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Output, TestExecs.Number, Bytes, 3, About, 2));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Output, TestExecs.Number, Bytes, 0, About, 0));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, Output, TestExecs.Number, Bytes, 3, 8, 0));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, Output, TestExecs.Number, 8, 3, About, 0));
        Assert.Equal("x", _kernel.Execs.Written);
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Call(_init, Output, 8, Bytes, 3, About, 0));
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Call(_init, Input, 8, Bytes, 1));
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Output, TestExecs.Number, Bytes, 3, About, 0));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Input, TestExecs.Number, Bytes, 1));
        _kernel.Groups.IsInHost = false;
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, Output, TestExecs.Number, Bytes, 3, About, 0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_waits_is_told_that_there_is_nothing_to_wait_for(bool isCopy)
    {
        Assert.Null(Ask(wait: true));
        _kernel.Execs.IsGone = !isCopy;
        _kernel.Groups.IsInHost = !isCopy;
        _kernel.Scheduler.WakeAll(_kernel.Execs.Changed);
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Resume(_init));
    }

    [Fact]
    public void Input_goes_as_far_as_there_is_room_and_ends_when_there_is_none()
    {
        _kernel.PokeText(_init, Bytes, "abcdef");
        _kernel.Execs.InputRoom = 4;
        Assert.Equal(4, _kernel.Call(_init, Input, TestExecs.Number, Bytes, 6));
        _kernel.Execs.InputRoom = 0;
        Assert.Equal(-(long)Errno.EAGAIN, _kernel.Call(_init, Input, TestExecs.Number, Bytes + 4, 2));
        Assert.Equal(0, _kernel.Call(_init, Input, TestExecs.Number, 0, 0));
        Assert.Equal(("abcd", true), (_kernel.Execs.Given, _kernel.Execs.InputEnded));
    }

    [Fact]
    public void The_strings_of_a_further_program_arrive_and_flags_are_its_own()
    {
        const int manage = 0x5A00B;
        const ulong request = TestKernel.Scratch + 0x800;
        const ulong vector = TestKernel.Scratch + 0x600;
        _kernel.PokeText(_init, Bytes, "sh");
        _kernel.Poke(_init, vector, Bytes);
        _kernel.Poke(_init, vector + 8, 0UL);
        _kernel.Groups.Result = 5;
        _kernel.Poke(_init, request, new GroupRequest { Verb = GroupVerb.Exec, Flags = GroupRequest.IsDetached, Arguments = vector });
        Assert.Equal(5, _kernel.Call(_init, manage, request, GroupRequest.Size));
        Assert.Equal("sh\0", Encoding.UTF8.GetString(_kernel.Groups.Program));
        foreach (uint flags in (uint[])[GroupRequest.HasTerminal, 4])
        {
            _kernel.Poke(_init, request, new GroupRequest { Verb = GroupVerb.Exec, Flags = flags, Arguments = vector });
            Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, manage, request, GroupRequest.Size));
        }
    }

    [Fact]
    public void A_generation_is_told_and_another_one_waited_for()
    {
        _kernel.Groups.Generation = 3;
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        Assert.Equal(3, _kernel.Call(user, Generation, 0, 0));
        Assert.Equal(3, _kernel.Call(user, Generation, 2, 1));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(user, Generation, 2, 2));
        Assert.Null(_kernel.Call(user, Generation, 3, 1));
        int id = user->Id;
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        _kernel.Dispose();
        _kernel = TestKernel.Restore(image);
        _kernel.Groups.Generation = 4;
        Assert.Equal(4, _kernel.Resume(_kernel.ThreadOf(id)));
    }

    [Fact]
    public void The_wait_for_another_generation_is_interrupted()
    {
        Thread* user = _kernel.Fork(_init);
        Assert.Null(_kernel.Call(user, Generation, 0, 1));
        _kernel.Signals.Send(user->Process, SignalInfo.FromKernel(Signal.SIGTERM, SignalCode.User));
        int id = user->Id;
        Assert.Null(_kernel.Resume(user));
        Assert.Equal(ProcessState.Zombie, _kernel.Pids.FindProcess(id)->State);
    }

    private long? Ask(bool wait) => _kernel.Call(_init, Output, TestExecs.Number, Bytes, 3, About, wait ? 1UL : 0);

    // A process as the fiber makes it that manages groups.
    private Thread* Make(string[] arguments, string[] environment)
    {
        Thread* thread = _kernel.Life.CreateAlone(_kernel.Tracker);
        Process* process = thread->Process;
        process->AddressSpace = _kernel.Memory.Spaces.Create(_kernel.Tracker, Aurora.Memory.SpaceLimits.Default);
        thread->Context->PageTableRoot = process->AddressSpace->Root.Address.Value;
        Assert.Equal(Errno.Ok, _kernel.FileTables.Start(process, _kernel.Names, 0x12));
        _kernel.Execs.Expect(process, arguments, environment);
        thread->Call = new CallContinuation { Active = true, Number = CallContinuation.FirstProgram };
        _kernel.Life.Start(thread);
        return thread;
    }
}
