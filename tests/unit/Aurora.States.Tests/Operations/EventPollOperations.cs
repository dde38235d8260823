using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Epolls over everything that can be polled, epolls among it, with watches of every way and threads that wait.</summary>
internal static unsafe class EventPollOperations
{
    private const int MaxDescriptors = 16;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("epoll_create1", 3, Make), ("epoll_ctl add", 8, Add), ("epoll_ctl mod", 3, Modify), ("epoll_ctl del", 1, Remove),
            ("epoll_wait", 5, Wait), ("epoll_pwait", 2, WaitWithMask), ("epoll_pwait2", 2, WaitWithTime), ("poll an epoll", 2, Poll),
    ];

    private static bool IsEventPoll(nint file) => ((OpenFile*)file)->Kind == FileKind.EventPoll;

    private static ulong PollOf(Thread* thread, Operation operation) => (ulong)World.Descriptor(thread, operation.B, IsEventPoll);

    private static void Make(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "epoll_create1", 291, operation.B & 0x80000);
    }

    private static void Add(World world, Operation operation) => Control(world, operation, 1, "epoll_ctl add");

    private static void Modify(World world, Operation operation) => Control(world, operation, 3, "epoll_ctl mod");

    private static void Remove(World world, Operation operation) => Control(world, operation, 2, "epoll_ctl del");

    private static void Control(World world, Operation operation, ulong kind, string name)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, EventsIn(operation) | ((ulong)operation.D << 32));
        world.Put(thread, slot + 8, (ulong)operation.C);
        int file = operation.D % 5 == 0 ? World.Descriptor(thread, operation.C, IsEventPoll)
            : World.Descriptor(thread, operation.C, IsPipeOrDevice);
        world.Call(thread, name, 233, PollOf(thread, operation), kind, (ulong)file, slot);
    }

    private static bool IsPipeOrDevice(nint file) => ((OpenFile*)file)->Kind is FileKind.Pipe or FileKind.Device or FileKind.Socket;

    // EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, and one time in three each edge-triggered and one-shot; exclusive now and then.
    private static ulong EventsIn(Operation operation)
    {
        ulong events = operation.D & 0x2007;
        if (operation.D / 64 % 3 == 0)
            events |= 1UL << 31;
        if (operation.D / 256 % 3 == 0)
            events |= 1UL << 30;
        return operation.D / 1024 % 6 == 0 ? (events & 5) | (1UL << 28) | (operation.D & 0x40) << 25 : events;
    }

    private static ulong CountIn(Operation operation) => 1 + (operation.C % 3);

    private static void NoteEvents(World world, Thread* thread, ulong slot, long count)
    {
        if (count > 0)
            world.NoteWords(thread, slot, (int)((count * 12) + 7) / 8);
    }

    private static void Clear(World world, Thread* thread, ulong slot)
    {
        for (uint i = 0; i < 5; i++)
            world.Put(thread, slot + (i * 8), 0UL);
    }

    private static void Wait(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        Clear(world, thread, slot);
        ulong time = (operation.D % 3) switch { 0 => ulong.MaxValue, 1 => 0, _ => operation.D % 700 };
        NoteEvents(world, thread, slot, world.Call(thread, "epoll_wait", 232, PollOf(thread, operation), slot,
            CountIn(operation), time));
    }

    private static void WaitWithMask(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        Clear(world, thread, slot);
        world.Put(thread, slot + 0x110, ((ulong)operation.C << 32) | operation.B);
        NoteEvents(world, thread, slot, world.Call(thread, "epoll_pwait", 281, PollOf(thread, operation), slot,
            CountIn(operation), operation.D % 3 == 0 ? ulong.MaxValue : operation.D % 700, slot + 0x110, 8));
    }

    private static void WaitWithTime(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        Clear(world, thread, slot);
        world.Put(thread, slot + 0x100, 0UL);
        world.Put(thread, slot + 0x108, (ulong)operation.D % 700_000_000);
        NoteEvents(world, thread, slot, world.Call(thread, "epoll_pwait2", 441, PollOf(thread, operation), slot,
            CountIn(operation), operation.D % 3 == 0 ? 0 : slot + 0x100, 0, 8));
    }

    private static void Poll(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (uint)World.Descriptor(thread, operation.B, IsEventPoll) | (1UL << 32));
        if (world.Call(thread, "poll", 7, slot, 1, operation.D % 3 == 0 ? ulong.MaxValue : operation.D % 700) >= 0)
            world.NoteWords(thread, slot, 1);
    }
}
