using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Memory;
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
public sealed unsafe class StartAgainTests : StartAgainFixture
{
    private const uint Restart = CallContinuation.RestartProgram;
    private const ulong Handler = 0x40_0000;

    public static TheoryData<string> Waits
        => ["none", "futex", "futex with time", "epoll_wait", "poll", "pipe", "msgrcv", "semop", "wait4", "sigsuspend", "pause",
            "nanosleep", "vfork"];

    [Theory]
    [MemberData(nameof(Waits))]
    public void The_program_begins_again_whatever_it_waited_for(string wait)
    {
        Block(Init, wait);
        Again();
        ExpectBegun();
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public void It_does_after_a_restore_too_and_from_the_middle(string wait)
    {
        Block(Init, wait);
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
        Assert.Null(Kernel.Resume(second));
        Assert.Equal(rip, second->Context->Rip);
        RunOthers();
        ExpectBegun();
        Assert.True(Kernel.Pids.FindThread(id) == null);
    }

    /// <summary>Also when the oldest of them is not the one with the number of the process.</summary>
    [Fact]
    public void The_first_thread_may_have_ended()
    {
        StartThread();
        StartThread();
        Assert.Null(Kernel.Call(Init, 60, 0));
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
            Kernel.Do(Init, 33, 0, (ulong)i);
        Init->Process->AddressSpace->HasOtherRegion = true;
        int id = 1;
        Assert.False(Kernel.Life.EndDetached(Kernel.Tracker, ref id));
        Assert.True(Kernel.Life.EndDetached(Kernel.Tracker, ref id));
        RunOthers();
        ExpectBegun();
    }

    [Fact]
    public void All_other_processes_end_and_are_reaped()
    {
        Thread* child = Kernel.Fork(Init);
        Thread* grandchild = Kernel.Fork(child);
        Thread* zombie = Kernel.Fork(Init);
        Assert.Null(Kernel.Call(zombie, 231, 0));
        Thread* detached = Kernel.Fork(Init);
        detached->Process->IsDetached = true;
        Block(grandchild, "pipe");
        Reopen();
        Again();
        Assert.Equal(1, Kernel.Pids.ProcessCount);
        ExpectBegun();
    }

    /// <summary>One that shares memory, files and actions with init is no part of the new program.</summary>
    [Fact]
    public void Who_shares_everything_withInit_ends_too()
    {
        Thread* sharer = Kernel.ThreadOf(Kernel.Do(Init, 56, 0x100 | 0x200 | 0x400 | 0x800 | 17, Scratch + 0x9000));
        Kernel.Resume(sharer);
        Assert.Equal(3, Kernel.Do(Init, 32, 0));
        Reopen();
        Again();
        ExpectBegun();
    }

    [Fact]
    public void Handlers_masks_signals_and_timers_of_the_old_program_are_gone()
    {
        Act(Signal.SIGUSR1, Handler);
        Act(Signal.SIGTERM, SignalAction.Ignore);
        Init->BlockedSignals = SignalSet.Of(Signal.SIGUSR1).With(Signal.SIGTERM).With(Signal.SIGCHLD);
        Kernel.Signals.Send(Init->Process, SignalInfo.FromKernel(Signal.SIGUSR1));
        Kernel.Signals.Send(Init, SignalInfo.FromKernel(Signal.SIGTERM));
        Kernel.Signals.Send(Init->Process, SignalInfo.FromKernel(Signal.SIGCHLD));
        Kernel.Do(Init, 37, 5);
        Assert.Equal(0, Kernel.Do(Init, 222, 1, 0, Scratch + 0x100));
        Kernel.Fork(Init);
        Block(Init, "pause");
        Reopen();
        Again();
        ExpectBegun();
        Assert.True(Init->BlockedSignals.IsEmpty && Init->Pending.Set.IsEmpty && Init->Process->Pending.Set.IsEmpty);
        Assert.Equal(SignalAction.Default, SignalActions.Of(Init->Process->Actions, Signal.SIGUSR1)->Handler);
        Assert.Equal(SignalAction.Default, SignalActions.Of(Init->Process->Actions, Signal.SIGTERM)->Handler);
        Assert.Equal(0, Kernel.Do(Init, 37, 0));
        Assert.True(Init->Process->FirstTimer == null);
    }

    /// <summary>A mask that a call had put in place for its duration is not put back.</summary>
    [Fact]
    public void The_mask_that_a_call_had_replaced_is_gone()
    {
        Init->BlockedSignals = SignalSet.Of(Signal.SIGUSR1);
        Block(Init, "sigsuspend");
        Assert.True(Init->HasSavedBlockedSignals);
        Again();
        ExpectBegun();
        Assert.True(Init->BlockedSignals.IsEmpty && !Init->HasSavedBlockedSignals);
    }

    [Fact]
    public void One_that_was_stopped_runs()
    {
        Kernel.Signals.Stop(Init->Process, Signal.SIGTSTP);
        Reopen();
        Again();
        ExpectBegun();
        Assert.False(Init->Process->IsStopped);
    }

    [Fact]
    public void Only_the_first_three_descriptors_stay_and_so_do_directory_and_user()
    {
        for (ulong i = 3; i < 100; i += 7)
            Kernel.Do(Init, 33, 0, i);
        ulong path = Kernel.PokeText(Init, Scratch, "/tmp");
        Assert.Equal(0, Kernel.Do(Init, 80, path));
        Kernel.Do(Init, 95, 0x3F);
        Kernel.Do(Init, 105, 1000);
        // F_SETFD: FD_CLOEXEC.
        Kernel.Do(Init, 72, 1, 2, 1);
        Reopen();
        Again();
        ExpectBegun();
        Assert.Equal(1000u, Init->Process->Credentials.RealUid);
        Assert.Equal(0x3F, Kernel.Do(Init, 95, 0));
        GiveScratch();
        Assert.Equal(5, Kernel.Do(Init, 79, Scratch, 64));
        Assert.Equal("/tmp", Kernel.PeekText(Init, Scratch));
    }

    /// <summary>What the old program held with SEM_UNDO would never be given back to the new one.</summary>
    [Fact]
    public void What_it_has_done_to_semaphores_is_undone()
    {
        int set = (int)Kernel.Do(Init, 64, 0, 1, 0x200 | 0x180);
        Kernel.Do(Init, 66, (ulong)set, 0, 16, 1);
        Kernel.Poke(Init, Scratch, TakeWithUndo);
        Assert.Equal(0, Kernel.Do(Init, 65, (ulong)set, Scratch, 1));
        Reopen();
        Again();
        ExpectBegun();
        Assert.Equal(1, Kernel.Do(Init, 66, (ulong)set, 0, 12));
    }

    [Fact]
    public void A_program_whose_name_was_deleted_begins_again()
    {
        Assert.Equal(0, Kernel.Do(Init, 87, Kernel.PokeText(Init, Scratch, "/prog")));
        Reopen();
        Again();
        ExpectBegun();
    }

    [Fact]
    public void A_script_runs_its_interpreter_as_before()
    {
        Kernel.WriteFile("/script", "#! /prog -x\n"u8);
        Assert.NotNull(ExecTests.Execute(Kernel, Init, "/script", ["ignored", "arg"], []));
        GiveScratch();
        Again();
        Assert.NotNull(Kernel.Resume(Init));
        Assert.Equal(["/prog", "-x", "/script", "arg"], Arguments());
        Assert.Equal("script", Name());
    }

    /// <summary>As /proc/1/cmdline shows them.</summary>
    [Fact]
    public void Arguments_that_the_program_has_written_over_are_those_it_begins_with()
    {
        Process* process = Init->Process;
        byte[] text = new byte[process->ArgumentsEnd - process->ArgumentsStart];
        Array.Fill(text, (byte)'x');
        for (int i = 0; i < text.Length; i++)
            Kernel.Poke(Init, process->ArgumentsStart + (ulong)i, text[i]);
        Again();
        Assert.NotNull(Kernel.Resume(Init));
        Assert.Equal([new string('x', text.Length)], Arguments());
    }

    public static TheoryData<string> Hindrances => ["no program", "not executable", "damaged", "strings unmapped", "strings too long"];

    [Theory]
    [MemberData(nameof(Hindrances))]
    public void What_cannot_be_begun_again_ends_as_if_killed(string hindrance)
    {
        Hinder(hindrance);
        Kernel.Fork(Init);
        Decide();
        RunOthers();
        Assert.Null(Kernel.IsAlive(Init) ? Kernel.Resume(Init) : null);
        Assert.Equal(WaitStatus.Killed((int)Signal.SIGKILL), Kernel.Machine.SessionStatus);
    }

    [Fact]
    public void A_program_cannot_make_the_call()
    {
        Assert.Equal(-(long)Errno.ENOSYS, Kernel.Call(Init, (int)Restart, 3, 3, 3));
        Thread* child = Kernel.Fork(Init);
        Assert.Equal(-(long)Errno.ENOSYS, Kernel.Call(child, (int)Restart));
        Assert.Equal(2, Kernel.Pids.ProcessCount);
    }

    [Fact]
    public void Who_is_told_by_a_signal_goes_on()
    {
        Act(Signal.SIGUSR1, Handler);
        Init->Process->AddressSpace->RegionSignal = (byte)Signal.SIGUSR1;
        ulong space = Init->Context->PageTableRoot;
        Thread* child = Kernel.Fork(Init);
        Decide();
        Assert.False(Init->Call.Active || child->Process->IsEnding);
        Assert.NotNull(Kernel.Resume(Init));
        Assert.Equal((space, Handler), (Init->Context->PageTableRoot, Init->Context->Rip));
    }

    /// <summary>In a copy a lock in the region is the source's, whose thread has the same number.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_its_threads_held_in_the_region_is_left_alone(bool isRestoredInTheMiddle)
    {
        Thread* child = Kernel.Fork(Init);
        uint id = (uint)child->Id;
        Kernel.PokeText(child, Scratch, "db");
        Assert.Equal(1, Kernel.Call(child, 0x5A020, Scratch, Scratch + 64, 4096, 1));
        ulong at = Kernel.Peek<ulong>(child, Scratch + 64);
        VmObject* region = MappingTable.Find(child->Process->AddressSpace, new VirtualAddress(at))->Object;
        Kernel.Poke(child, at, new RobustHead { Next = at + 64, Offset = 16 });
        Kernel.Poke(child, at + 64, at);
        Kernel.Poke(child, at + 80, id);
        Kernel.Poke(child, at + 96, id);
        Kernel.Do(child, 273, at, 24);
        // Somebody else shares the memory: a thread's number is cleared for others only.
        Kernel.Do(child, 56, 0x100 | 17, Scratch + 0x4000, 0, 0, 0);
        child->ClearChildTid = at + 96;
        child->Process->AddressSpace->HasOtherRegion = true;
        Decide();
        // The region is what it was at the first restore.
        if (isRestoredInTheMiddle)
            child->Process->AddressSpace->HasOtherRegion = false;
        Assert.Null(Kernel.Resume(child));
        PageAccess page = Kernel.Memory.Pages.GetForRead(region, 0);
        Assert.Equal((id, id), (*(uint*)(page.Address + 80), *(uint*)(page.Address + 96)));
    }

    [Fact]
    public void That_it_leaves_nothing_there_is_captured()
    {
        Thread* child = Kernel.Fork(Init);
        int id = child->Id;
        Assert.Equal(Errno.Ok, Kernel.Life.SetDetached(child->Process, true));
        Decide();
        Reopen();
        Process* again = Kernel.Pids.FindProcess(id);
        Assert.True(again->IsEnding && again->IsOvertaken);
    }

    [Fact]
    public void Another_process_that_shows_such_a_region_ends_and_init_goes_on()
    {
        Thread* child = Kernel.Fork(Init);
        int id = child->Id;
        child->Process->AddressSpace->HasOtherRegion = true;
        Decide();
        Assert.Null(Kernel.Resume(child));
        Assert.False(Init->Call.Active);
        Assert.Equal(ProcessState.Zombie, Kernel.Pids.FindProcess(id)->State);
    }

    [Theory]
    [InlineData(1, CallContinuation.AwaitingOthers, true)]
    [InlineData(1, ExitCalls.LeavingPhase, true)]
    [InlineData(2, CallContinuation.AwaitingOthers, false)]
    [InlineData(2, ExitCalls.ClosingPhase, false)]
    public void Only_init_can_be_restored_in_the_call(int id, byte phase, bool isTaken)
    {
        Kernel.Fork(Init);
        var image = new TestKernel.Image();
        Kernel.Capture(image);
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
        Thread* thread = Kernel.ThreadOf(id);
        thread->Call = new CallContinuation { Active = true, Number = Restart, Phase = phase };
        Assert.Equal(isTaken, Kernel.Codecs[ObjectKind.Thread].IsSound(&thread->Header));
    }

    /// <summary>Wherever the power goes, the program begins again once, and nothing else of the group is left.</summary>
    [Fact]
    public void A_capture_after_any_step_goes_on_from_there()
    {
        for (int i = 3; i < 600; i++)
            Kernel.Do(Init, 33, 0, (ulong)i);
        Thread* child = Kernel.Fork(Init);
        Block(child, "pipe");
        StartThread();
        var captured = new TestKernel.Image();
        Kernel.Capture(captured);
        bool isThere = false;
        int steps = 0;
        for (; !isThere && steps < 100; steps++)
        {
            Restore(captured.Copy());
            Decide();
            for (int i = 0; i < steps; i++)
                Step();
            isThere = !Init->Call.Active;
            Reopen();
            RunOthers();
            ExpectBegun();
        }
        Assert.InRange(steps, 5, 99);
    }
}
