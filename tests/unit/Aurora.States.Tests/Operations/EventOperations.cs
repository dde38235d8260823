using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>eventfds, timerfds and signalfds: empty and full, running and standing still, with those who wait for them.</summary>
internal static unsafe class EventOperations
{
    private const int MaxDescriptors = 16;
    private const ulong Second = 1_000_000_000;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("eventfd2", 3, MakeCounter), ("write to an eventfd", 4, Write), ("read from an event file", 6, Read),
        ("timerfd_create", 3, MakeTimer), ("timerfd_settime", 5, SetTimer), ("timerfd_gettime", 3, GetTimer),
        ("signalfd4", 3, MakeSignals), ("poll an event file", 2, Poll), ("clock_settime", 1, SetRealtime),
    ];

    private static bool IsCounter(nint file) => ((OpenFile*)file)->Kind == FileKind.EventCounter;

    private static bool IsTimer(nint file) => ((OpenFile*)file)->Kind == FileKind.Timer;

    private static bool IsSignals(nint file) => ((OpenFile*)file)->Kind == FileKind.Signals;

    private static bool IsEvent(nint file) => IsCounter(file) || IsTimer(file) || IsSignals(file);

    private static ulong FlagsOf(uint choice) => (choice & 3) == 0 ? choice & 0x80000UL : choice & 0x80800UL;

    private static void MakeCounter(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "eventfd2", 290, operation.B % 3, FlagsOf(operation.C) | (operation.D % 2));
    }

    // Small values, and one that leaves hardly any room.
    private static void Write(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, operation.C % 5 == 0 ? ulong.MaxValue - (operation.D % 3) : operation.D % 4);
        world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B, IsCounter), slot, 8);
    }

    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x200;
        long got = world.Call(thread, "read", 0, (ulong)World.Descriptor(thread, operation.B, IsEvent), slot, 8 + (operation.C % 300));
        if (got > 0)
            world.NoteWords(thread, slot, (int)(got / 8));
    }

    private static void MakeTimer(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "timerfd_create", 283, (operation.B % 5) switch
            {
                0 or 1 => 0UL, 2 => 1, 3 => 7, _ => 8,
            }, FlagsOf(operation.C));
    }

    private static void SetTimer(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        uint flags = operation.D % 4;
        GroupClock clock = world.Kernel.GroupClock;
        ulong now = (operation.D >> 4) % 2 == 0 ? clock.MonotonicNanoseconds : clock.RealtimeNanoseconds;
        ulong value = operation.D % 11 == 0 ? 0 : Duration(operation.C) + ((flags & 1) != 0 ? now : 0);
        ulong interval = operation.D % 3 == 0 ? Duration(operation.B) : 0;
        world.Put(thread, slot, interval / Second);
        world.Put(thread, slot + 8, interval % Second);
        world.Put(thread, slot + 16, value / Second);
        world.Put(thread, slot + 24, value % Second);
        ulong file = (ulong)World.Descriptor(thread, operation.B, IsTimer);
        if (world.Call(thread, "timerfd_settime", 286, file, flags, slot, slot + 0x40) == 0)
            world.NoteWords(thread, slot + 0x40, 4);
    }

    // No two are the same, so that nothing is due at the same instant as something else.
    private static ulong Duration(uint choice) => (choice % 4 == 0 ? 1013UL : Second / 4) + (choice % 1_000_003 * 983);

    private static void GetTimer(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        if (world.Call(thread, "timerfd_gettime", 287, (ulong)World.Descriptor(thread, operation.B, IsTimer), slot) == 0)
            world.NoteWords(thread, slot, 4);
    }

    private static void MakeSignals(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        bool isNew = operation.B % 3 != 0 && World.DescriptorCount(thread) < MaxDescriptors;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, ((ulong)operation.C << 32) | operation.D);
        ulong file = isNew ? ulong.MaxValue : (ulong)World.Descriptor(thread, operation.B, IsSignals);
        world.Call(thread, "signalfd4", 289, file, slot, 8, isNew ? FlagsOf(operation.C) : 0);
    }

    private static void Poll(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (uint)World.Descriptor(thread, operation.B, IsEvent) | ((operation.C % 3 == 0 ? 5UL : 1) << 32));
        if (world.Call(thread, "poll", 7, slot, 1, operation.D % 3 == 0 ? ulong.MaxValue : operation.D % 500) >= 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void SetRealtime(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong step = operation.B % (4 * Second);
        ulong now = world.Kernel.GroupClock.RealtimeNanoseconds;
        now = operation.C % 2 == 0 ? now + step : now - step;
        world.Put(thread, slot, now / Second);
        world.Put(thread, slot + 8, now % Second);
        world.Call(thread, "clock_settime", 227, 0, slot);
    }
}
