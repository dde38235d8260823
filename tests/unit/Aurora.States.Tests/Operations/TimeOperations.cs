using System.Collections.Generic;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.States.Tests;

/// <summary>Timers of all notifications, alarms, sleeps, and time itself.</summary>
internal static unsafe class TimeOperations
{
    private const ulong Second = 1_000_000_000;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("timer_create", 6, Create), ("timer_settime", 6, Set), ("timer_gettime", 3, Get), ("timer_delete", 2, Delete), ("setitimer", 3,
            SetInterval),
        ("getitimer", 1, GetInterval), ("alarm", 2, Alarm), ("nanosleep", 3, Sleep),
        ("clock_nanosleep of processor time", 2, SleepOnUse), ("clock_nanosleep", 3, SleepUntil), ("time", 10,
            Pass), ("compute", 4, Compute),
    ];

    // No two are the same, so that nothing is due at the same instant as something else.
    private static ulong Duration(uint choice) => (choice % 4 == 0 ? 1000UL : Second / 4) + (choice % 1_000_003 * 977);

    private static void Create(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong notify = (operation.B % 4) switch { 0 => 0UL, 1 => 1, 2 => 4, _ => 0 };
        ulong signal = notify == 1 && operation.D % 2 == 0 ? operation.D : new ulong[] { 10, 12, 34, 40, 64 }[operation.C % 5];
        world.Put(thread, slot, (ulong)operation.D << 8);
        world.Put(thread, slot + 8, (notify << 32) | (uint)signal);
        world.Put(thread, slot + 16, (ulong)thread->Id);
        ulong clock = (operation.C >> 8) % 6;
        // The caller's processor time, its thread's, and somebody's.
        if (clock >= 4)
            clock = ProcessorClock(world, operation.D, isThread: clock == 5 && operation.B % 2 == 0 ? thread : null);
        world.Call(thread, "timer_create", 222, clock, operation.B % 7 == 6 ? 0 : slot, slot + 0x80);
    }

    private static ulong ProcessorClock(World world, uint choice, Thread* isThread)
    {
        List<nint> threads = world.Threads();
        int id = isThread != null ? isThread->Id : ((Thread*)threads[(int)(choice % (uint)threads.Count)])->Process->Id;
        return unchecked((ulong)((~(long)id << 3) | (isThread != null ? 4L : 0) | (long)(choice % 3)));
    }

    private static void SleepOnUse(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong time = Duration(operation.B);
        world.Put(thread, slot, time / Second);
        world.Put(thread, slot + 8, time % Second);
        ulong clock = ProcessorClock(world, operation.C, null);
        world.Call(thread, "clock_nanosleep", 230, clock, operation.D % 2, slot, slot + 0x40);
    }

    private static ulong TimerOf(Thread* thread, uint choice)
    {
        var ids = new List<int>();
        for (Timer* timer = thread->Process->FirstTimer; timer != null; timer = timer->Next)
            ids.Add(timer->Id);
        ids.Sort();
        return ids.Count == 0 ? 0 : (ulong)ids[(int)(choice % (uint)ids.Count)];
    }

    private static void PutTimes(World world, Thread* thread, ulong address, ulong interval, ulong value)
    {
        world.Put(thread, address, interval / Second);
        world.Put(thread, address + 8, interval % Second);
        world.Put(thread, address + 16, value / Second);
        world.Put(thread, address + 24, value % Second);
    }

    private static void Set(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        bool isAbsolute = operation.D % 5 == 0;
        ulong value = operation.D % 11 == 0 ? 0 : Duration(operation.C) + (isAbsolute ? world.Kernel.GroupClock.MonotonicNanoseconds : 0);
        PutTimes(world, thread, slot, operation.D % 3 == 0 ? Duration(operation.D) : 0, value);
        if (world.Call(thread, "timer_settime", 223, TimerOf(thread, operation.B), isAbsolute ? 1UL : 0, slot, slot + 0x40) == 0)
            world.NoteWords(thread, slot + 0x40, 4);
    }

    private static void Get(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong timer = TimerOf(thread, operation.B);
        ulong slot = World.SlotOf(thread);
        if (world.Call(thread, "timer_gettime", 224, timer, slot) == 0)
            world.NoteWords(thread, slot, 4);
        if (world.Kernel.Pids.FindThread(thread->Id) == thread && thread->State == ThreadState.Runnable)
            world.Call(thread, "timer_getoverrun", 225, timer);
    }

    private static void Delete(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "timer_delete", 226, TimerOf(thread, operation.B));
    }

    private static void SetInterval(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        PutTimes(world, thread, slot, operation.D % 3 == 0 ? Duration(operation.D) : 0, operation.D % 7 == 0 ? 0 : Duration(operation.C));
        world.Put(thread, slot + 8, world.Get<ulong>(thread, slot + 8) / 1000);
        world.Put(thread, slot + 24, world.Get<ulong>(thread, slot + 24) / 1000);
        if (world.Call(thread, "setitimer", 38, operation.B % 3, slot, slot + 0x40) == 0)
            world.NoteWords(thread, slot + 0x40, 4);
    }

    private static void GetInterval(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        if (world.Call(thread, "getitimer", 36, operation.B % 3, World.SlotOf(thread)) == 0)
            world.NoteWords(thread, World.SlotOf(thread), 4);
    }

    private static void Alarm(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "alarm", 37, operation.B % 4);
    }

    private static void Sleep(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong time = Duration(operation.B);
        world.Put(thread, slot, time / Second);
        world.Put(thread, slot + 8, time % Second);
        world.Call(thread, "nanosleep", 35, slot, slot + 0x40);
    }

    private static void SleepUntil(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        bool isRealtime = operation.C % 2 == 0;
        bool isAbsolute = operation.D % 2 == 0;
        ulong start = isRealtime ? world.Kernel.Clock.Realtime : world.Kernel.GroupClock.MonotonicNanoseconds;
        ulong time = Duration(operation.B) + (isAbsolute ? start : 0);
        world.Put(thread, slot, time / Second);
        world.Put(thread, slot + 8, time % Second);
        world.Call(thread, "clock_nanosleep", 230, isRealtime ? 0UL : 1, isAbsolute ? 1UL : 0, slot, slot + 0x40);
    }

    private static void Pass(World world, Operation operation) => world.Advance(operation.B % 3 == 0
        ? 1234567 + (operation.C % 1000) : Duration(operation.C) * 2);

    private static void Compute(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Compute(thread, 1 + (operation.B % 300_000_000));
    }
}
