using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Processes and threads through a checkpoint, a power cut and a restore.</summary>
public sealed unsafe class ProcessTests
{
    [Fact]
    public void FamiliesGroupsAndSessionsComeBack()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        Thread* shell = machine.Fork(init);
        Assert.Equal(Errno.Ok, machine.Processes.StartSession(shell->Process));
        Thread* job = machine.Fork(shell);
        Assert.Equal(Errno.Ok, machine.Processes.SetGroup(job->Process, job->Process->Id));
        Thread* zombie = machine.Fork(shell);
        int zombieId = zombie->Process->Id;
        machine.Life.EndProcess(zombie->Process, 7 << 8);
        (int shellId, int jobId) = (shell->Process->Id, job->Process->Id);
        machine.Session.Checkpoint();

        using ProcessMachine restored = machine.Reboot();
        Process* first = restored.Pids.FindProcess(1);
        Process* second = restored.Pids.FindProcess(shellId);
        Process* third = restored.Pids.FindProcess(jobId);
        Process* ended = restored.Pids.FindProcess(zombieId);
        Assert.True(restored.Pids.Init == first && second->Parent == first && third->Parent == second && ended->Parent == second);
        Assert.Equal(shellId, second->ProcessGroup->Session->Id);
        Assert.True(second->ProcessGroup->Session->Leader == second);
        Assert.True(third->ProcessGroup->Id == jobId && third->ProcessGroup->Session == second->ProcessGroup->Session);
        Assert.Equal((ProcessState.Zombie, 7 << 8), (ended->State, ended->ExitStatus));
        Assert.Equal((int)Signal.SIGCHLD, third->ExitSignal);
        Assert.Equal(4, restored.Pids.ProcessCount);
        Assert.Equal(3, restored.Scheduler.RunnableCount);
        Thread* next = restored.Fork(restored.Pids.FindThread(1));
        Assert.True(next->Id > zombieId, "a process id was used again at once");
    }

    [Fact]
    public void TheIdOfAProcessThatEndedIsNotUsedAgainAtOnce()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        Thread* brief = machine.Fork(init);
        int briefId = brief->Id;
        machine.Life.EndProcess(brief->Process, 0);
        machine.Life.Reap(machine.Pids.FindProcess(briefId));
        machine.Session.Checkpoint();

        using ProcessMachine restored = machine.Reboot();
        Assert.Equal(briefId + 1, restored.Fork(restored.Pids.FindThread(1))->Id);
    }

    [Fact]
    public void AGroupWhoseSessionHasEndedBeginsWithProcessOne()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        machine.Fork(init);
        machine.Life.EndProcess(init->Process, 0);
        machine.Session.Checkpoint();

        using ProcessMachine restored = machine.Reboot();
        Assert.Equal(0, restored.Pids.ProcessCount);
        Assert.Equal(1, restored.StartInit()->Process->Id);
    }

    [Fact]
    public void ARestoredGroupGoesOnAndComesBackAgain()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        machine.Store(init->Process, 0, 1);
        Thread* child = machine.Fork(init);
        int childId = child->Id;
        machine.Store(child->Process, 0, 2);
        machine.Session.Checkpoint();
        machine = machine.Reboot();

        Process* process = machine.Pids.FindProcess(childId);
        Assert.Equal((1UL, 2UL), (machine.Load(machine.Pids.Init, 0), machine.Load(process, 0)));
        Thread* grandchild = machine.Fork(process->FirstThread);
        machine.Store(process, 0x1000, 3);
        int grandchildId = grandchild->Id;
        Assert.Equal(0UL, machine.Load(grandchild->Process, 0x1000));
        machine.Life.EndProcess(process, 0);
        machine.Life.Reap(process);
        machine.Session.Checkpoint();

        using ProcessMachine last = machine.Reboot();
        Assert.True(last.Pids.FindProcess(childId) == null);
        process = last.Pids.FindProcess(grandchildId);
        Assert.True(process->Parent == last.Pids.Init);
        Assert.Equal((2UL, 0UL), (last.Load(process, 0), last.Load(process, 0x1000)));
    }

    [Fact]
    public void ThreadsComeBackWithRegistersAndTheCallTheyAreIn()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        Thread* other = machine.StartThread(init);
        UserContext* context = other->Context;
        context->Rax = 0x1122334455667788;
        context->Rip = 0x400123;
        context->Rsp = 0x7FF0_0000_1000;
        context->R15 = 15;
        context->FsBase = 0x5000;
        context->Mxcsr = 0x1FA0;
        context->Xmm[17] = 0xAB;
        context->ExtendedState[600] = 0xCD;
        other->Call = new CallContinuation { Active = true, Number = 35, Phase = 2, Progress = 77, DeadlineNanoseconds = 99, Extra1 = 5 };
        WaitQueue* queue = (WaitQueue*)machine.Session.Pages.Allocate(1);
        machine.Scheduler.BlockOn(other, queue);
        machine.Scheduler.Sleep(other, isInterruptible: true);
        machine.Tracker.MarkChanged(&other->Header);
        int id = other->Id;
        machine.Session.Checkpoint();

        using ProcessMachine restored = machine.Reboot();
        other = restored.Pids.FindThread(id);
        context = other->Context;
        Assert.True(other->Process == restored.Pids.Init && other->Process->ThreadCount == 2);
        Assert.Equal((0x1122334455667788UL, 0x400123UL, 0x7FF0_0000_1000UL), (context->Rax, context->Rip, context->Rsp));
        Assert.Equal((15UL, 0x5000UL, 0x1FA0u), (context->R15, context->FsBase, context->Mxcsr));
        Assert.Equal((0xAB, 0xCD), (context->Xmm[17], context->ExtendedState[600]));
        Assert.Equal(other->Process->AddressSpace->Root.Address.Value, context->PageTableRoot);
        Assert.Equal((true, 35u, (byte)2, 77UL), (other->Call.Active, other->Call.Number, other->Call.Phase, other->Call.Progress));
        Assert.Equal((99UL, 5UL), (other->Call.DeadlineNanoseconds, other->Call.Extra1));
        Assert.Equal(ThreadState.Runnable, other->State);
        Assert.Equal(2, restored.Scheduler.RunnableCount);
        Thread* picked = restored.Scheduler.PickNext();
        Assert.True(picked != null);
    }

    [Fact]
    public void SignalsComeBack()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        Thread* child = machine.Fork(init);
        machine.Signals.SetMask(child, SignalSet.Of(Signal.SIGUSR1).With((Signal)40));
        machine.Signals.SetAction(child->Process, Signal.SIGUSR1, new SignalAction { Handler = 0x401000, Mask = 3 });
        machine.Signals.SetAction(child->Process, (Signal)40, new SignalAction { Handler = 0x402000 });
        machine.Signals.Send(child->Process, new SignalInfo { Number = (int)Signal.SIGUSR1, Pid = 1 });
        machine.Signals.Send(child, new SignalInfo { Number = 40, Code = SignalCode.Queue, Value = 1 });
        machine.Signals.Send(child, new SignalInfo { Number = 40, Code = SignalCode.Queue, Value = 2 });
        int id = child->Id;
        machine.Session.Checkpoint();

        using ProcessMachine restored = machine.Reboot();
        child = restored.Pids.FindThread(id);
        Assert.Equal(0x401000UL, SignalActions.Of(child->Process->Actions, Signal.SIGUSR1)->Handler);
        Assert.Equal(3UL, SignalActions.Of(child->Process->Actions, Signal.SIGUSR1)->Mask);
        Assert.False(SignalService.HasDeliverable(child));
        restored.Signals.SetMask(child, default);
        // The thread's own come first, in the order in which they were sent.
        Assert.True(SignalService.Peek(child, default, out SignalInfo info));
        Assert.Equal((40, 1UL), (info.Number, info.Value));
        restored.Signals.Take(child, default);
        Assert.True(SignalService.Peek(child, default, out info));
        Assert.Equal((40, 2UL), (info.Number, info.Value));
        restored.Signals.Take(child, default);
        Assert.True(SignalService.Peek(child, default, out info));
        Assert.Equal(((int)Signal.SIGUSR1, 1), (info.Number, info.Pid));
    }

    [Fact]
    public void AStoppedProcessStaysStoppedUntilItIsContinued()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* child = machine.Fork(machine.StartInit());
        machine.Signals.Stop(child->Process, Signal.SIGTSTP);
        int id = child->Id;
        machine.Session.Checkpoint();
        using ProcessMachine restored = machine.Reboot();
        child = restored.Pids.FindThread(id);
        Assert.True(child->Process->IsStopped);
        Assert.Equal((byte)Signal.SIGTSTP, child->Process->StopReport);
        Assert.Equal(1, restored.Scheduler.RunnableCount);
        restored.Signals.Continue(child->Process, isReported: true);
        Assert.Equal(2, restored.Scheduler.RunnableCount);
    }

    [Fact]
    public void DescriptorsShareTheirFilesAsBefore()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        machine.Session.MakeFile("/log", "0123456789"u8);
        OpenFile* file = machine.Session.OpenFile("/log");
        FileServices files = machine.Session.Group.Files;
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt((DescriptorTable*)init->Process->Descriptors, file, 5, closeOnExec: true));
        Thread* child = machine.Fork(init);
        file->Offset = 4;
        files.MarkChanged(&file->Header);
        int id = child->Id;
        machine.Session.Checkpoint();
        using ProcessMachine restored = machine.Reboot();
        OpenFile* parents = Descriptors.Find((DescriptorTable*)restored.Pids.Init->Descriptors, 5);
        OpenFile* childs = Descriptors.Find((DescriptorTable*)restored.Pids.FindProcess(id)->Descriptors, 5);
        Assert.True(parents != null && parents == childs);
        Assert.Equal((4UL, 2), (parents->Offset, parents->Header.References));
        Assert.Equal("0123456789"u8.ToArray(), restored.Session.Contents(parents->Inode));
    }

    [Fact]
    public void TimersGoOnAgainstTheClocksOfTheNewMachine()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        machine.Session.Clock.Advance(60_000_000_000);
        ulong now = machine.Session.Group.Clocks.Of(machine.Session.Group.Tracker).MonotonicNanoseconds;
        Timer* monotonic = machine.Timers.Create(init->Process);
        monotonic->Signal = (int)Signal.SIGALRM;
        machine.Timers.Set(monotonic, now + 5_000_000, 1_000_000);
        Timer* realtime = machine.Timers.Create(init->Process);
        realtime->Signal = (int)Signal.SIGALRM;
        realtime->IsRealtime = true;
        ulong realtimeNow = machine.Session.Clock.RealtimeNanoseconds;
        machine.Timers.Set(realtime, realtimeNow + 9_000_000, 0);
        machine.Timers.SetAlarm(init->Process, now + 7_000_000, 0);
        machine.Session.Checkpoint();

        // The new machine's clocks are a minute behind: its session time goes on, its real time is what it is.
        using ProcessMachine restored = machine.Reboot();
        Assert.Equal(now, restored.Session.Group.Clocks.Of(restored.Session.Group.Tracker).MonotonicNanoseconds);
        Assert.Equal(restored.Session.Group.Clocks.Of(restored.Tracker).ToMachine(now + 5_000_000),
            restored.Scheduler.NextDeadlineNanoseconds);
        Process* process = restored.Pids.Init;
        Assert.Equal(now + 5_000_000, TimerService.Find(process, 0)->Deadline.Nanoseconds);
        Assert.Equal(now + 60_009_000_000, TimerService.Find(process, 1)->Deadline.Nanoseconds);
        Assert.True(process->Alarm.IsArmed);
        Assert.Equal(now + 7_000_000, process->Alarm.Nanoseconds);
        restored.Session.Clock.Advance(6_000_000);
        restored.Deadlines.Expire();
        Assert.True(SignalService.Peek(process->FirstThread, default, out SignalInfo info));
        Assert.Equal((int)Signal.SIGALRM, info.Number);
    }

    [Fact]
    public void TheTerminalComesBackWithItsUnreadInputAndItsScreen()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        Terminal* terminal =
            machine.Terminals.Life.CreateConsole(machine.Session.Tracker, isPlain: false, new WindowSize { Rows = 24, Columns = 80 });
        Assert.Equal(Errno.Ok, machine.Terminals.Jobs.Acquire(init, terminal, steals: false, mayRead: true));
        Assert.Equal(Errno.Ok, machine.Terminals.Jobs.SetForeground(init, terminal, 1));
        machine.Terminals.Output.Write(terminal, "$ "u8);
        machine.Terminals.Input.Receive(terminal, "ls\nhalf a li"u8);
        machine.Session.Checkpoint();

        using ProcessMachine restored = machine.Reboot();
        terminal = restored.Terminals.ConsoleOf(restored.Tracker);
        Assert.True(terminal->Session == restored.Pids.Init->ProcessGroup->Session);
        Assert.True(terminal->Session->Terminal == &terminal->Header);
        Assert.Equal((1, 24, 80), (terminal->ForegroundGroup, terminal->Window.Rows, terminal->Window.Columns));
        Assert.Equal("ls\n", ReadLine(restored, terminal));
        Assert.False(TerminalReads.CanRead(terminal));
        restored.Terminals.Input.Receive(terminal, "ne\n"u8);
        Assert.Equal("half a line\n", ReadLine(restored, terminal));
        byte[] screen = new byte[64];
        int length = TerminalRings.CopyScreen(terminal, screen);
        Assert.StartsWith("$ ls\r\nhalf a line", Encoding.ASCII.GetString(screen, 0, length), StringComparison.Ordinal);
    }

    [Fact]
    public void ARestoredGroupThatHasNotRunHasNoWork()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        machine.Fork(init);
        machine.StartThread(init);
        machine.Terminals.Life.CreateConsole(machine.Session.Tracker, isPlain: false, default);
        machine.Session.Checkpoint();
        machine.Session.BecomeQuiet();
        Assert.Equal(ulong.MaxValue, machine.Session.Engine.NextDueNanoseconds);
        using ProcessMachine restored = machine.Reboot();
        Assert.Equal(ulong.MaxValue, restored.Session.Engine.NextDueNanoseconds);
        restored.Scheduler.PickNext();
        Assert.NotEqual(ulong.MaxValue, restored.Session.Engine.NextDueNanoseconds);
    }

    private static string ReadLine(ProcessMachine machine, Terminal* terminal)
    {
        Assert.Equal(ReadReadiness.Bytes, TerminalReads.Readable(terminal, 100, out int count));
        byte[] bytes = new byte[count];
        TerminalReads.Peek(terminal, 0, bytes);
        machine.Terminals.Reads.Consume(terminal, count);
        return Encoding.ASCII.GetString(bytes);
    }
}
