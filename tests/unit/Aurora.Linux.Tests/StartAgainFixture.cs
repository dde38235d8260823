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

/// <summary>A machine whose init runs a program that can be begun again, and what brings that about.</summary>
public abstract unsafe class StartAgainFixture : IDisposable
{
    private protected const ulong Scratch = TestKernel.Scratch;

    // struct sembuf: semaphore 0, one less, SEM_UNDO.
    private protected const ulong TakeWithUndo = 0x1000_FFFF_0000;
    private const ulong ThreadFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;

    private TestKernel _kernel = new();
    private Thread* _init;

    protected StartAgainFixture()
    {
        _init = _kernel.Boot();
        _kernel.OpenTerminal(_init);
        _kernel.WriteFile("/prog", ElfBuilder.Build());
        Assert.NotNull(ExecTests.Execute(_kernel, _init, "/prog", ["prog", "one", ""], ["A=1", "B=2"]));
        GiveScratch();
    }

    private protected TestKernel Kernel => _kernel;
    private protected Thread* Init => _init;

    public void Dispose()
    {
        _kernel.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected void Step()
    {
        _kernel.ServePager();
        Thread* next = _kernel.Scheduler.PickNext();
        if (next != null)
            _kernel.Executive.PrepareToRun(next);
    }

    private protected void Hinder(string hindrance)
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

    private protected void Act(Signal signal, ulong handler)
    {
        _kernel.Poke(_init, Scratch, new SignalAction { Handler = handler, Flags = SignalAction.HasRestorer });
        _kernel.Do(_init, 13, (ulong)signal, Scratch, 0, 8);
    }

    private protected Thread* StartThread()
    {
        Thread* thread = _kernel.ThreadOf(_kernel.Do(_init, 56, ThreadFlags, Scratch + 0x8000));
        _kernel.Resume(thread);
        return thread;
    }

    private protected void Block(Thread* thread, string wait)
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
            default:
                BlockOnOthers(thread, wait);
                break;
        }
    }

    private void BlockOnOthers(Thread* thread, string wait)
    {
        const ulong at = Scratch + 0x400;
        switch (wait)
        {
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
        }
    }

    private protected void Reopen()
    {
        TestKernel.Image image = _kernel.Source ?? new TestKernel.Image();
        _kernel.Capture(image);
        Restore(image);
    }

    private protected void Restore(TestKernel.Image image)
    {
        _kernel.Dispose();
        _kernel = TestKernel.Restore(image);
        _init = _kernel.Pids.FindProcess(1)->FirstThread;
    }

    // What is done when a group has been restored, of which init shows a region that has gone on without it.
    private protected void Decide()
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

    private protected void Again()
    {
        Decide();
        RunOthers();
    }

    // Everybody takes his steps until nobody has any.
    private protected void RunOthers()
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

    private protected void ExpectBegun()
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

    private protected List<string> Arguments()
    {
        ulong at = _init->Context->Rsp;
        return [.. Enumerable.Range(1, (int)_kernel.Peek<ulong>(_init, at)).Select(Argument)];

        string Argument(int i) => _kernel.PeekText(_init, _kernel.Peek<ulong>(_init, at + ((ulong)i * 8)));
    }

    private protected string Name()
        => System.Text.Encoding.ASCII.GetString(
            System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(_init->Process->Name));

    private protected void GiveScratch()
        => _kernel.Map(_init->Process->AddressSpace, Scratch, TestKernel.ScratchBytes,
            Memory.Protection.Read | Memory.Protection.Write);
}
