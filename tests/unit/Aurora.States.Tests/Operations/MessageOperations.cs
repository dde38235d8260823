using System.Collections.Generic;
using Aurora.Posix.Ipc;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Message queues: short and long messages, those who wait at both ends, queues that shrink and go while they do.</summary>
internal static unsafe class MessageOperations
{
    private const int MaxQueues = 6;
    private const uint MostTypes = 4;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("msgget", 3, Get), ("msgsnd", 7, Send), ("msgrcv", 7, Receive), ("msgctl", 3, Control),
    ];

    private static ulong IdOf(World world, uint choice)
    {
        IpcSpace* space = world.Kernel.Ipc.State.Of(world.Kernel.Tracker);
        if (space == null || space->Queues.Count == 0 || choice % 13 == 12)
            return choice % 70_000;
        IpcObject* found = IpcIds.Next(&space->Queues, (int)(choice % MaxQueues));
        return (ulong)(found == null ? IpcIds.Next(&space->Queues, 0) : found)->Ipc.Id;
    }

    private static void Get(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        IpcSpace* space = world.Kernel.Ipc.State.Of(world.Kernel.Tracker);
        if (thread != null && (space == null || space->Queues.Count < MaxQueues))
            world.Call(thread, "msgget", 68, operation.B % 3, (operation.D % 5 == 0 ? 0UL : 0x200) | 0x1B6);
    }

    private static void Send(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, operation.C % MostTypes);
        world.Put(thread, slot + 8, operation.D);
        ulong bytes = (operation.C % 5) switch { 0 => 0UL, 1 => 3000 + (operation.D % 2000), _ => operation.D % 200 };
        world.Call(thread, "msgsnd", 69, IdOf(world, operation.B), slot, bytes, operation.D % 3 == 0 ? 0x800UL : 0);
    }

    private static void Receive(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x100;
        ulong type = (operation.C % 3) switch { 0 => 0UL, 1 => operation.C / 3 % MostTypes, _ => 0UL - (operation.C / 3 % MostTypes) };
        ulong flags = (operation.D % 4) switch { 0 => 0x800UL, 1 => 0x2000, 2 => 0x1000, _ => 0 };
        flags |= operation.D % 11 == 10 ? 0x4800UL : 0;
        long got = world.Call(thread, "msgrcv", 70, IdOf(world, operation.B), slot, operation.D % 7 == 0 ? 100UL : 300, type, flags);
        if (got >= 0)
            world.NoteWords(thread, slot, got >= 8 ? 2 : 1);
    }

    private static void Control(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong id = IdOf(world, operation.B);
        if (operation.C % 5 == 0)
        {
            world.Call(thread, "msgctl", 71, id, 0, 0);
            return;
        }
        if (world.Call(thread, "msgctl", 71, id, 2, slot) != 0)
            return;
        world.NoteWords(thread, slot, 15);
        if (operation.C % 3 != 0)
            return;
        world.Put(thread, slot + 88, operation.D % 20_000);
        world.Call(thread, "msgctl", 71, id, 1, slot);
    }
}
