using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>
/// Init shows a region that has gone on without it: whatever it and the others were in the middle of, its program begins again, alone.
/// </summary>
public sealed unsafe class StartAgainTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const uint Restart = CallContinuation.RestartProgram;
    private const ulong ThreadFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
    private const ulong Handler = 0x40_0000;

    // struct sembuf: semaphore 0, one less, SEM_UNDO.
    private const ulong TakeWithUndo = 0x1000_FFFF_0000;

    private TestKernel _kernel = new();
    private Thread* _init;

    public StartAgainTests()
    {
        _init = _kernel.Boot();
        _kernel.OpenTerminal(_init);
        _kernel.WriteFile("/prog", ElfBuilder.Build());
        Assert.NotNull(ExecTests.Execute(_kernel, _init, "/prog", ["prog", "one", ""], ["A=1", "B=2"]));
        GiveScratch();
    }

    public void Dispose() => _kernel.Dispose();

    public static TheoryData<string> Waits
        => ["none", "futex", "futex with time", "epoll_wait", "poll", "pipe", "msgrcv", "semop", "wait4", "sigsuspend", "pause",
            "nanosleep", "vfork"];

    [Theory]
    [MemberData(nameof(Waits))]
    public void The_program_begins_again_whatever_it_waited_for(string wait)
    {
        Block(_init, wait);
        Again();
        ExpectBegun();
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public void It_does_after_a_restore_too_and_from_the_middle(string wait)
    {
        Block(_init, wait);
        Reopen();
        Decide();
        Reopen();
        RunOthers();
        ExpectBegun();
    }

    [Fact]
    public void Threads_end_and_do_not_run_before()
    {
        Thread* second = StartThread();
        Thread* third = StartThread();
        Block(third, "futex");
        int id = second->Id;
        ulong rip = second->Context->Rip;
        Decide();
        Assert.Null(_kernel.Resume(second));
        Assert.Equal(rip, second->Context->Rip);
        RunOthers();
        ExpectBegun();
        Assert.True(_kernel.Pids.FindThread(id) == null);
    }

    /// <summary>Also when the oldest of them is not the one with the number of the process.</summary>
    [Fact]
    public void The_first_thread_may_have_ended()
    {
        StartThread();
        StartThread();
        Assert.Null(_kernel.Call(_init, 60, 0));
        Reopen();
        Again();
        ExpectBegun();
    }

    [Fact]
    public void Many_threads_and_descriptors_take_many_steps()
    {
        for (int i = 0; i < 300; i++)
            StartThread();
        for (int i = 3; i < 800; i++)
            _kernel.Do(_init, 33, 0, (ulong)i);
        _init->Process->AddressSpace->HasOtherRegion = true;
        int id = 1;
        Assert.False(_kernel.Life.EndDetached(_kernel.Tracker, ref id));
        Assert.True(_kernel.Life.EndDetached(_kernel.Tracker, ref id));
        RunOthers();
        ExpectBegun();
    }

    [Fact]
    public void All_other_processes_end_and_are_reaped()
    {
        Thread* child = _kernel.Fork(_init);
        Thread* grandchild = _kernel.Fork(child);
        Thread* zombie = _kernel.Fork(_init);
        Assert.Null(_kernel.Call(zombie, 231, 0));
        Thread* detached = _kernel.Fork(_init);
        detached->Process->IsDetached = true;
        Block(grandchild, "pipe");
        Reopen();
        Again();
        Assert.Equal(1, _kernel.Pids.ProcessCount);
        ExpectBegun();
    }

    /// <summary>One that shares memory, files and actions with init is no part of the new program.</summary>
    [Fact]
    public void Who_shares_everything_with_init_ends_too()
    {
        Thread* sharer = _kernel.ThreadOf(_kernel.Do(_init, 56, 0x100 | 0x200 | 0x400 | 0x800 | 17, Scratch + 0x9000));
        _kernel.Resume(sharer);
        Assert.Equal(3, _kernel.Do(_init, 32, 0));
        Reopen();
        Again();
        ExpectBegun();
    }

    [Fact]
    public void Handlers_masks_signals_and_timers_of_the_old_program_are_gone()
    {
        Act(Signal.SIGUSR1, Handler);
        Act(Signal.SIGTERM, SignalAction.Ignore);
        _init->BlockedSignals = SignalSet.Of(Signal.SIGUSR1).With(Signal.SIGTERM).With(Signal.SIGCHLD);
        _kernel.Signals.Send(_init->Process, SignalInfo.FromKernel(Signal.SIGUSR1));
        _kernel.Signals.Send(_init, SignalInfo.FromKernel(Signal.SIGTERM));
        _kernel.Signals.Send(_init->Process, SignalInfo.FromKernel(Signal.SIGCHLD));
        _kernel.Do(_init, 37, 5);
        Assert.Equal(0, _kernel.Do(_init, 222, 1, 0, Scratch + 0x100));
        _kernel.Fork(_init);
        Block(_init, "pause");
        Reopen();
        Again();
        ExpectBegun();
        Assert.True(_init->BlockedSignals.IsEmpty && _init->Pending.Set.IsEmpty && _init->Process->Pending.Set.IsEmpty);
        Assert.Equal(SignalAction.Default, SignalActions.Of(_init->Process->Actions, Signal.SIGUSR1)->Handler);
        Assert.Equal(SignalAction.Default, SignalActions.Of(_init->Process->Actions, Signal.SIGTERM)->Handler);
        Assert.Equal(0, _kernel.Do(_init, 37, 0));
        Assert.True(_init->Process->FirstTimer == null);
    }

    /// <summary>A mask that a call had put in place for its duration is not put back.</summary>
    [Fact]
    public void The_mask_that_a_call_had_replaced_is_gone()
    {
        _init->BlockedSignals = SignalSet.Of(Signal.SIGUSR1);
        Block(_init, "sigsuspend");
        Assert.True(_init->HasSavedBlockedSignals);
        Again();
        ExpectBegun();
        Assert.True(_init->BlockedSignals.IsEmpty && !_init->HasSavedBlockedSignals);
    }

    [Fact]
    public void One_that_was_stopped_runs()
    {
        _kernel.Signals.Stop(_init->Process, Signal.SIGTSTP);
        Reopen();
        Again();
        ExpectBegun();
        Assert.False(_init->Process->IsStopped);
    }

    [Fact]
    public void Only_the_first_three_descriptors_stay_and_so_do_directory_and_user()
    {
        for (ulong i = 3; i < 100; i += 7)
            _kernel.Do(_init, 33, 0, i);
        ulong path = _kernel.PokeText(_init, Scratch, "/tmp");
        Assert.Equal(0, _kernel.Do(_init, 80, path));
        _kernel.Do(_init, 95, 0x3F);
        _kernel.Do(_init, 105, 1000);
        Reopen();
        Again();
        ExpectBegun();
        Assert.Equal(1000u, _init->Process->Credentials.RealUid);
        Assert.Equal(0x3F, _kernel.Do(_init, 95, 0));
        GiveScratch();
        Assert.Equal(5, _kernel.Do(_init, 79, Scratch, 64));
        Assert.Equal("/tmp", _kernel.PeekText(_init, Scratch));
    }

    /// <summary>What the old program held with SEM_UNDO would never be given back to the new one.</summary>
    [Fact]
    public void What_it_has_done_to_semaphores_is_undone()
    {
        int set = (int)_kernel.Do(_init, 64, 0, 1, 0x200 | 0x180);
        _kernel.Do(_init, 66, (ulong)set, 0, 16, 1);
        _kernel.Poke(_init, Scratch, TakeWithUndo);
        Assert.Equal(0, _kernel.Do(_init, 65, (ulong)set, Scratch, 1));
        Reopen();
        Again();
        ExpectBegun();
        Assert.Equal(1, _kernel.Do(_init, 66, (ulong)set, 0, 12));
    }

    [Fact]
    public void A_program_whose_name_was_deleted_begins_again()
    {
        Assert.Equal(0, _kernel.Do(_init, 87, _kernel.PokeText(_init, Scratch, "/prog")));
        Reopen();
        Again();
        ExpectBegun();
    }

    [Fact]
    public void A_script_runs_its_interpreter_as_before()
    {
        _kernel.WriteFile("/script", "#! /prog -x\n"u8);
        Assert.NotNull(ExecTests.Execute(_kernel, _init, "/script", ["ignored", "arg"], []));
        GiveScratch();
        Again();
        Assert.NotNull(_kernel.Resume(_init));
        Assert.Equal(["/prog", "-x", "/script", "arg"], Arguments());
        Assert.Equal("script", Name());
    }

    /// <summary>As /proc/1/cmdline shows them.</summary>
    [Fact]
    public void Arguments_that_the_program_has_written_over_are_those_it_begins_with()
    {
        Process* process = _init->Process;
        byte[] text = new byte[process->ArgumentsEnd - process->ArgumentsStart];
        Array.Fill(text, (byte)'x');
        for (int i = 0; i < text.Length; i++)
            _kernel.Poke(_init, process->ArgumentsStart + (ulong)i, text[i]);
        Again();
        Assert.NotNull(_kernel.Resume(_init));
        Assert.Equal([new string('x', text.Length)], Arguments());
    }

    public static TheoryData<string> Hindrances => ["no program", "not executable", "damaged", "strings unmapped", "strings too long"];

    [Theory]
    [MemberData(nameof(Hindrances))]
    public void What_cannot_be_begun_again_ends_as_if_killed(string hindrance)
    {
        Hinder(hindrance);
        _kernel.Fork(_init);
        Decide();
        RunOthers();
        Assert.Null(_kernel.IsAlive(_init) ? _kernel.Resume(_init) : null);
        Assert.Equal(WaitStatus.Killed((int)Signal.SIGKILL), _kernel.Machine.SessionStatus);
    }

    [Fact]
    public void A_program_cannot_make_the_call()
    {
        Assert.Equal(-(long)Errno.ENOSYS, _kernel.Call(_init, (int)Restart, 3, 3, 3));
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(-(long)Errno.ENOSYS, _kernel.Call(child, (int)Restart));
        Assert.Equal(2, _kernel.Pids.ProcessCount);
    }

    [Fact]
    public void Who_is_told_by_a_signal_goes_on()
    {
        Act(Signal.SIGUSR1, Handler);
        _init->Process->AddressSpace->RegionSignal = (byte)Signal.SIGUSR1;
        ulong space = _init->Context->PageTableRoot;
        Thread* child = _kernel.Fork(_init);
        Decide();
        Assert.False(_init->Call.Active || child->Process->IsEnding);
        Assert.NotNull(_kernel.Resume(_init));
        Assert.Equal((space, Handler), (_init->Context->PageTableRoot, _init->Context->Rip));
    }

    [Fact]
    public void Another_process_that_shows_such_a_region_ends_and_init_goes_on()
    {
        Thread* child = _kernel.Fork(_init);
        int id = child->Id;
        child->Process->AddressSpace->HasOtherRegion = true;
        Decide();
        Assert.Null(_kernel.Resume(child));
        Assert.False(_init->Call.Active);
        Assert.Equal(ProcessState.Zombie, _kernel.Pids.FindProcess(id)->State);
    }

    [Theory]
    [InlineData(1, CallContinuation.AwaitingOthers, true)]
    [InlineData(1, ExitCalls.LeavingPhase, true)]
    [InlineData(2, CallContinuation.AwaitingOthers, false)]
    [InlineData(2, ExitCalls.ClosingPhase, false)]
    public void Only_init_can_be_restored_in_the_call(int id, byte phase, bool isTaken)
    {
        _kernel.Fork(_init);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        foreach ((ObjectKind kind, byte[] payload) in image.Records.Values)
        {
            fixed (byte* start = payload)
            {
                var record = (ThreadRecord*)start;
                if (kind == ObjectKind.Thread && record->Id == id)
                    record->Call = new CallContinuation { Active = true, Number = Restart, Phase = phase };
            }
        }
        Assert.Equal(isTaken ? RestoreStatus.Ok : RestoreStatus.BadRecord, TestKernel.TryRestore(image));
        Thread* thread = _kernel.ThreadOf(id);
        thread->Call = new CallContinuation { Active = true, Number = Restart, Phase = phase };
        Assert.Equal(isTaken, _kernel.Codecs[ObjectKind.Thread].IsSound(&thread->Header));
    }

    /// <summary>Wherever the power goes, the program begins again once, and nothing else of the group is left.</summary>
    [Fact]
    public void A_capture_after_any_step_goes_on_from_there()
    {
        for (int i = 3; i < 600; i++)
            _kernel.Do(_init, 33, 0, (ulong)i);
        Thread* child = _kernel.Fork(_init);
        Block(child, "pipe");
        StartThread();
        var captured = new TestKernel.Image();
        _kernel.Capture(captured);
        bool isThere = false;
        int steps = 0;
        for (; !isThere && steps < 100; steps++)
        {
            Restore(captured.Copy());
            Decide();
            for (int i = 0; i < steps; i++)
                Step();
            isThere = !_init->Call.Active;
            Reopen();
            RunOthers();
            ExpectBegun();
        }
        Assert.InRange(steps, 5, 99);
    }

    private void Step()
    {
        _kernel.ServePager();
        Thread* next = _kernel.Scheduler.PickNext();
        if (next != null)
            _kernel.Executive.PrepareToRun(next);
    }

    private void Hinder(string hindrance)
    {
        Process* process = _init->Process;
        Inode* program = _kernel.Files.Proc.ExecutableOf(process);
        switch (hindrance)
        {
            case "no program":
                process->ExecutableInode = default;
                break;
            case "not executable":
                Assert.Equal(0, _kernel.Do(_init, 90, _kernel.PokeText(_init, Scratch, "/prog"), 0x1A4));
                break;
            case "damaged":
                Assert.Equal(Errno.Ok, new TreeBuilder(_kernel.Files, _kernel.Names).Write(program, 0, "#no"u8));
                break;
            case "strings unmapped":
                Assert.Equal(0, _kernel.Do(_init, 11, process->ArgumentsStart & ~0xFFFUL, 0x2000));
                break;
            default:
                _kernel.Map(process->AddressSpace, 0x2000_0000, 2 << 20, Memory.Protection.Read | Memory.Protection.Write);
                process->ArgumentsStart = 0x2000_0000;
                process->ArgumentsEnd = 0x2000_0000 + (2 << 20);
                break;
        }
    }

    private void Act(Signal signal, ulong handler)
    {
        _kernel.Poke(_init, Scratch, new SignalAction { Handler = handler, Flags = SignalAction.HasRestorer });
        _kernel.Do(_init, 13, (ulong)signal, Scratch, 0, 8);
    }

    private Thread* StartThread()
    {
        Thread* thread = _kernel.ThreadOf(_kernel.Do(_init, 56, ThreadFlags, Scratch + 0x8000));
        _kernel.Resume(thread);
        return thread;
    }

    private void Block(Thread* thread, string wait)
    {
        const ulong at = Scratch + 0x400;
        switch (wait)
        {
            case "futex":
                Assert.Null(_kernel.Call(thread, 202, at, 128, 0, 0));
                break;
            case "futex with time":
                _kernel.Poke(thread, at + 16, 100UL);
                Assert.Null(_kernel.Call(thread, 202, at, 128, 0, at + 16));
                break;
            case "epoll_wait":
                long events = _kernel.Do(thread, 291, 0);
                Assert.Null(_kernel.Call(thread, 232, (ulong)events, at, 4, ulong.MaxValue));
                break;
            case "poll":
                Assert.Null(_kernel.Call(thread, 7, at, 0, ulong.MaxValue));
                break;
            case "pipe":
                _kernel.Do(thread, 22, at);
                Assert.Null(_kernel.Call(thread, 0, _kernel.Peek<uint>(thread, at), at + 64, 10));
                break;
            case "msgrcv":
                long queue = _kernel.Do(thread, 68, 0, 0x380);
                Assert.Null(_kernel.Call(thread, 70, (ulong)queue, at, 10, 0, 0));
                break;
            case "semop":
                long set = _kernel.Do(thread, 64, 0, 1, 0x380);
                _kernel.Poke(thread, at, TakeWithUndo);
                Assert.Null(_kernel.Call(thread, 65, (ulong)set, at, 1));
                break;
            case "wait4":
                _kernel.Fork(thread);
                Assert.Null(_kernel.Call(thread, 61, ulong.MaxValue, 0, 0, 0));
                break;
            case "sigsuspend":
                Assert.Null(_kernel.Call(thread, 130, _kernel.PokeMask(thread, Signal.SIGUSR2), 8));
                break;
            case "pause":
                Assert.Null(_kernel.Call(thread, 34));
                break;
            case "nanosleep":
                _kernel.Poke(thread, at, 100UL);
                Assert.Null(_kernel.Call(thread, 35, at, 0));
                break;
            case "vfork":
                Assert.Null(_kernel.Call(thread, 58));
                break;
        }
    }

    private void Reopen()
    {
        TestKernel.Image image = _kernel.Source ?? new TestKernel.Image();
        _kernel.Capture(image);
        Restore(image);
    }

    private void Restore(TestKernel.Image image)
    {
        _kernel.Dispose();
        _kernel = TestKernel.Restore(image);
        _init = _kernel.Pids.FindProcess(1)->FirstThread;
    }

    // What is done when a group has been restored, of which init shows a region that has gone on without it.
    private void Decide()
    {
        bool isInit = true;
        for (Process* process = _kernel.Pids.NextProcess(2); process != null; process = _kernel.Pids.NextProcess(process->Id + 1))
            isInit &= process->AddressSpace == null || !process->AddressSpace->HasOtherRegion;
        if (isInit)
            _kernel.Pids.Init->AddressSpace->HasOtherRegion = true;
        for (int id = 1; !_kernel.Life.EndDetached(_kernel.Tracker, ref id);)
        {
        }
    }

    private void Again()
    {
        Decide();
        RunOthers();
    }

    // Everybody takes his steps until nobody has any.
    private void RunOthers()
    {
        for (int turns = 0; turns < 5000; turns++)
        {
            _kernel.ServePager();
            Thread* next = _kernel.Scheduler.PickNext();
            if (next == null || (_kernel.Pids.ProcessCount == 1 && !next->Call.Active && !next->Process->IsEnding))
                break;
            if (_kernel.Executive.PrepareToRun(next) && next->Id != 1)
                Assert.Fail($"thread {next->Id} runs on");
        }
        if (_kernel.Pids.Init != null)
            _init = _kernel.Pids.Init->FirstThread;
    }

    private void ExpectBegun()
    {
        Assert.Equal((1, 1), (_init->Id, _init->Process->ThreadCount));
        Assert.NotNull(_kernel.Resume(_init));
        Assert.False(_init->Call.Active || _init->Process->AddressSpace->HasOtherRegion);
        Assert.Equal(ElfBuilder.TextAddress + ElfBuilder.EntryOffset, _init->Context->Rip);
        Assert.Equal(["prog", "one", ""], Arguments());
        Process* process = _init->Process;
        Assert.Equal("A=1", _kernel.PeekText(_init, process->EnvironmentStart));
        Assert.Equal("B=2", _kernel.PeekText(_init, process->EnvironmentStart + 4));
        Assert.Equal("/prog", _kernel.PeekText(_init, process->EnvironmentEnd));
        Assert.Equal("prog", Name());
        Assert.Equal(1, _kernel.Pids.ProcessCount);
        var table = (DescriptorTable*)process->Descriptors;
        Assert.Equal((0, 1, 2, -1), (Descriptors.NextOpen(table, 0), Descriptors.NextOpen(table, 1), Descriptors.NextOpen(table, 2),
            Descriptors.NextOpen(table, 3)));
        Assert.True(_kernel.Files.Proc.ExecutableOf(process) != null);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
    }

    private List<string> Arguments()
    {
        ulong at = _init->Context->Rsp;
        return [.. Enumerable.Range(1, (int)_kernel.Peek<ulong>(_init, at)).Select(Argument)];

        string Argument(int i) => _kernel.PeekText(_init, _kernel.Peek<ulong>(_init, at + ((ulong)i * 8)));
    }

    private string Name()
        => System.Text.Encoding.ASCII.GetString(
            System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(_init->Process->Name));

    private void GiveScratch()
        => _kernel.Map(_init->Process->AddressSpace, Scratch, TestKernel.ScratchBytes,
            Memory.Protection.Read | Memory.Protection.Write);
}
