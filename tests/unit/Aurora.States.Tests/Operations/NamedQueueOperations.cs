using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>
/// POSIX message queues: made, opened by name and in /dev/mqueue, with those who wait at both ends and those who want to be told, removed
/// while they are open.
/// </summary>
internal static unsafe class NamedQueueOperations
{
    private const int MaxQueues = 6;
    private const int MaxDescriptors = 16;
    private const uint MostPriorities = 4;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("mq_open", 5, Open), ("mq_unlink", 2, Unlink), ("mq_timedsend", 8, Send), ("mq_timedreceive", 8, Receive),
        ("mq_notify", 4, Notify), ("mq_getsetattr", 2, SetAttributes), ("read a queue", 1, Read), ("limits of queues", 1, SetLimit),
    ];

    private static bool IsQueue(nint file) => ((OpenFile*)file)->Kind == FileKind.NamedQueue;

    private static ulong Queue(World world, Thread* thread, uint choice) => (ulong)World.Descriptor(thread, choice, IsQueue);

    private static void Open(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        bool isPath = operation.D % 7 == 6;
        IpcSpace* space = world.Kernel.Ipc.State.Of(world.Kernel.Tracker);
        bool mayMake = space == null || space->NamedCount < MaxQueues;
        ulong flags = (operation.C % 8 == 7 ? 0 : 2UL) | (mayMake ? 0x40UL : 0) | (operation.C & 0x800);
        world.PutText(thread, slot + 0x40, $"{(isPath ? "/dev/mqueue/" : "")}q{operation.B % MaxQueues}");
        world.Put(thread, slot, 0);
        world.Put(thread, slot + 8, 1 + (operation.D % 4));
        world.Put(thread, slot + 16, operation.D % 5 == 0 ? 4000UL : 100);
        if (isPath)
            world.Call(thread, "open", 2, slot + 0x40, flags, 0x1B6);
        else
            world.Call(thread, "mq_open", 240, slot + 0x40, flags, 0x1B6, slot);
    }

    private static void Unlink(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        bool isPath = operation.C % 3 == 0;
        world.PutText(thread, slot, $"{(isPath ? "/dev/mqueue/" : "")}q{operation.B % MaxQueues}");
        world.Call(thread, isPath ? "unlink" : "mq_unlink", isPath ? 87 : 241, slot);
    }

    // A moment of real time, past or to come; none as a rule.
    private static ulong Until(World world, Thread* thread, uint choice)
    {
        if (choice % 3 != 0)
            return 0;
        ulong slot = World.SlotOf(thread) + 0xE0;
        ulong now = world.Kernel.GroupClock.RealtimeNanoseconds / 1_000_000_000;
        world.Put(thread, slot, choice % 2 == 0 ? now + (choice % 5) : choice % 100);
        world.Put(thread, slot + 8, choice % 1_000_000);
        return slot;
    }

    private static void Send(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, operation.D);
        ulong bytes = operation.C % 9 == 0 ? 3000 + (operation.D % 1000) : operation.D % 100;
        world.Call(thread, "mq_timedsend", 242, Queue(world, thread, operation.B), slot, bytes, operation.C % MostPriorities,
            Until(world, thread, operation.C));
    }

    private static void Receive(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x100;
        long got = world.Call(thread, "mq_timedreceive", 243, Queue(world, thread, operation.B), slot, 4000, slot - 8,
            Until(world, thread, operation.C));
        if (got >= 0)
            world.NoteWords(thread, slot - 8, got >= 8 ? 2 : 1);
    }

    private static void Notify(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, operation.C);
        world.Put(thread, slot + 8, (operation.D % 2 == 0 ? 1UL << 32 : 0) | (34 + (operation.C % 4)));
        world.Call(thread, "mq_notify", 244, Queue(world, thread, operation.B), operation.D % 5 == 4 ? 0 : slot);
    }

    private static void SetAttributes(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, operation.C % 2 == 0 ? 0x800UL : 0);
        if (world.Call(thread, "mq_getsetattr", 245, Queue(world, thread, operation.B), operation.C % 3 == 0 ? slot : 0, slot + 0x40) == 0)
            world.NoteWords(thread, slot + 0x40, 4);
    }

    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        if (world.Call(thread, "pread64", 17, Queue(world, thread, operation.B), slot, 60, 0) == 60)
            world.NoteWords(thread, slot, 7);
    }

    private static void SetLimit(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, "/proc/sys/fs/mqueue/msg_max");
        long file = world.Call(thread, "open", 2, slot, 1);
        if (file < 0)
            return;
        world.PutText(thread, slot, $"{10 + (operation.B % 5)}");
        world.Call(thread, "write", 1, (ulong)file, slot, 2);
        world.Call(thread, "close", 3, (ulong)file);
    }
}
