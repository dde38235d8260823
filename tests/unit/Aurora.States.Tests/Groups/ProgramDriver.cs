// Programs of groups in the hands of a test: it says which thread makes which call, as the main loop would have it run. Between calls
// nobody runs, and all threads are in user mode, asleep, stopped or gone.
using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Checkpoint.Tests;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>Makes system calls for threads of any group.</summary>
internal sealed unsafe class ProgramDriver(TestSession session, GroupProcesses processes, SystemCallExecutive executive)
{
    public const ulong Code = 0x40_0000;
    public const ulong Arena = 0x1000_0000;
    public const ulong ArenaPages = 24;

    /// <summary>Where a call's arguments in memory are.</summary>
    public const ulong Slot = Arena;

    private const ulong InterruptVector = 48;
    private const int MaxTurns = 200;

    // Who was let into user mode last.
    private Thread* _inUserMode;

    /// <summary>Process 1 of a group, with a code page, memory, a stack, and no descriptors.</summary>
    public Thread* StartInit(ObjectTracker group)
    {
        Thread* thread = processes.Life.CreateInit(group);
        Assert.True(thread != null);
        AddressSpace* space = session.Memory.Spaces.Create(group, SpaceLimits.Default);
        thread->Process->AddressSpace = space;
        thread->Context->PageTableRoot = space->Root.Address.Value;
        Map(space, Code, PageSize.Bytes, Protection.Read | Protection.Execute);
        Map(space, Arena, ArenaPages * PageSize.Bytes, Protection.Read | Protection.Write);
        thread->Context->Rip = Code + 0x100;
        thread->Context->Rsp = Arena + (ArenaPages * PageSize.Bytes);
        thread->Context->Cs = 0x33;
        thread->Context->Ss = 0x2B;
        Assert.Equal(Errno.Ok, processes.Files.Start(thread->Process, session.Group.Files.NamespaceOf(&thread->Header), 0x12));
        processes.Life.Start(thread);
        return thread;
    }

    public Thread* Init(ObjectTracker group) => processes.Table.Of(group).Init->FirstThread;

    public Thread* Thread(ObjectTracker group, long id)
    {
        Thread* thread = processes.Table.Of(group).FindThread((int)id);
        Assert.True(thread != null, $"thread {id} does not exist");
        return thread;
    }

    /// <summary>A call that returns at once, and succeeds.</summary>
    public long Do(Thread* thread, int number, params ulong[] arguments)
    {
        long? result = Call(thread, number, arguments);
        Assert.True(result >= 0, $"call {number}: {(result == null ? "it waits" : result)}");
        return result!.Value;
    }

    /// <summary>A call: its result, or null when the thread sleeps, stopped or ended.</summary>
    public long? Call(Thread* thread, int number, params ulong[] arguments)
    {
        Assert.True(thread->State == ThreadState.Runnable && !thread->Call.Active, $"thread {thread->Id} is not in user mode");
        Run(thread);
        UserContext* context = thread->Context;
        ulong* words = stackalloc ulong[6];
        for (int i = 0; i < 6; i++)
            words[i] = i < arguments.Length ? arguments[i] : 0;
        (context->Rax, context->Rdi, context->Rsi, context->Rdx) = ((ulong)number, words[0], words[1], words[2]);
        (context->R10, context->R8, context->R9) = (words[3], words[4], words[5]);
        context->Trap = UserContext.SystemCallTrap;
        context->Rip += 2;
        Trap(thread);
        long? result = Resume(thread);
        Stop();
        return result;
    }

    /// <summary>Lets those threads of a group go on that have something to do in the kernel, unless it is held.</summary>
    public void GoOn(ObjectTracker group)
    {
        for (int turn = 0; ; turn++)
        {
            Assert.True(turn < MaxTurns, "programs wake each other for ever");
            bool isSettled = true;
            foreach (nint each in Threads(group))
            {
                var thread = (Thread*)each;
                if (session.Group.Scheduler.IsHeld(group) || !IsAlive(group, thread) || !HasToGoOn(thread))
                    continue;
                isSettled = false;
                Run(thread);
                Resume(thread);
                Stop();
            }
            if (isSettled)
                return;
        }
    }

    /// <summary>All threads of a group.</summary>
    public List<nint> Threads(ObjectTracker group)
    {
        var threads = new List<nint>();
        PidNamespace space = processes.Table.Of(group);
        for (Process* process = space.NextProcess(1); process != null; process = space.NextProcess(process->Id + 1))
            for (Thread* each = process->FirstThread; each != null; each = each->NextOfProcess)
                threads.Add((nint)each);
        return threads;
    }

    public void Put(Thread* thread, ulong address, ReadOnlySpan<byte> bytes)
    {
        AccessResult access;
        while ((access = session.Group.User.Write(thread->Process->AddressSpace, new VirtualAddress(address),
            bytes)).Status == MemoryStatus.WouldBlock)
            session.ServePager();
        Assert.True(access.IsOk);
    }

    public void Put(Thread* thread, ulong address, ulong value) => Put(thread, address, new ReadOnlySpan<byte>(&value, sizeof(ulong)));

    public ulong PutText(Thread* thread, ulong address, string text)
    {
        Put(thread, address, Encoding.UTF8.GetBytes(text + "\0"));
        return address;
    }

    public void Get(Thread* thread, ulong address, Span<byte> bytes)
    {
        AccessResult access;
        while ((access = session.Group.User.Read(thread->Process->AddressSpace, new VirtualAddress(address),
            bytes)).Status == MemoryStatus.WouldBlock)
            session.ServePager();
        Assert.True(access.IsOk);
    }

    public ulong Get(Thread* thread, ulong address)
    {
        ulong value;
        Get(thread, address, new Span<byte>(&value, sizeof(ulong)));
        return value;
    }

    public string GetText(Thread* thread, ulong address, int bytes)
    {
        byte[] text = new byte[bytes];
        Get(thread, address, text);
        return Encoding.Latin1.GetString(text);
    }

    private void Map(AddressSpace* space, ulong address, ulong bytes, Protection protection)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = bytes, Protection = protection, Placement = MapPlacement.FixedNoReplace,
        };
        Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Map(space, in request, out _));
    }

    private static bool HasToGoOn(Thread* thread)
        => thread->State == ThreadState.Runnable
            && (thread->Call.Active || thread->Process->IsEnding || SignalService.HasDeliverable(thread));

    private bool IsAlive(ObjectTracker group, Thread* thread) => Threads(group).Contains((nint)thread);

    private void Run(Thread* thread)
    {
        processes.Signals.CatchUp(thread->Process);
        SchedulerDoor.Run(session.Group.Scheduler, thread);
    }

    // An interrupt: whoever ran is charged for it, and nobody runs now.
    private void Stop()
    {
        Thread* thread = SchedulerDoor.Stop(session.Group.Scheduler);
        if (thread == null)
            return;
        thread->Context->Trap = InterruptVector;
        Trap(thread);
    }

    // The thread comes into the kernel, for the reason in its context.
    private void Trap(Thread* thread)
    {
        ulong now = session.Clock.Ticks;
        thread->Context->TrappedTicks = now;
        if (_inUserMode != thread)
            thread->Context->EnteredTicks = now;
        _inUserMode = null;
        executive.HandleTrap(thread);
    }

    private long? Resume(Thread* thread)
    {
        ObjectTracker group = session.Group.Tracked.Of(&thread->Header);
        for (int turns = 0; turns < MaxTurns; turns++)
        {
            session.ServePager();
            if (!IsAlive(group, thread) || thread->State != ThreadState.Runnable)
                return null;
            if (executive.PrepareToRun(thread))
            {
                _inUserMode = thread;
                thread->Context->EnteredTicks = session.Clock.Ticks;
                return (long)thread->Context->Rax;
            }
        }
        throw new InvalidOperationException("a thread neither runs nor sleeps");
    }
}
