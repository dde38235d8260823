using System.Collections.Generic;
using Aurora.Posix.Ipc;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Semaphores: single and several operations, those who wait for zeros and for more, what is to be undone, sets that go.</summary>
internal static unsafe class SemaphoreOperations
{
    private const int MaxSets = 5;
    private const uint Semaphores = 68;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("semget", 3, Get), ("semop", 9, Operate), ("semctl", 5, Control), ("unshare what is to be undone", 1, Unshare),
    ];

    private static ulong IdOf(World world, uint choice)
    {
        IpcSpace* space = world.Kernel.Ipc.State.Of(world.Kernel.Tracker);
        if (space == null || space->Sets.Count == 0 || choice % 13 == 12)
            return choice % 70_000;
        IpcObject* found = IpcIds.Next(&space->Sets, (int)(choice % MaxSets));
        return (ulong)(found == null ? IpcIds.Next(&space->Sets, 0) : found)->Ipc.Id;
    }

    // Few of them, in two blocks.
    private static ulong Semaphore(uint choice) => choice % 4 == 0 ? 66UL : choice % 3;

    private static void Get(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        IpcSpace* space = world.Kernel.Ipc.State.Of(world.Kernel.Tracker);
        if (thread != null && (space == null || space->Sets.Count < MaxSets))
            world.Call(thread, "semget", 64, operation.B % 3, Semaphores, (operation.D % 5 == 0 ? 0UL : 0x200) | 0x1B6);
    }

    private static void Operate(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        uint count = operation.D % 9 == 0 ? 6 : 1 + (operation.D % 3);
        ulong packed = 0;
        int bytes = 0;
        for (uint i = 0; i < count * 6; i++)
        {
            uint draw = operation.C >> (int)(i / 6 * 5);
            ulong value = (i % 6) switch
            {
                0 => Semaphore(draw),
                2 => (ulong)(((int)(draw % 5) - 2) & 0xFF),
                3 => (int)(draw % 5) < 2 ? 0xFFUL : 0,
                4 => 0,
                5 => (draw % 7) switch { 0 => 0x08UL, 1 or 2 or 3 => 0x10, _ => 0 },
                _ => 0,
            };
            packed |= value << (bytes * 8);
            if (++bytes < 8 && i + 1 < count * 6)
                continue;
            world.Put(thread, slot + (i / 8 * 8), packed);
            packed = 0;
            bytes = 0;
        }
        if (operation.B % 3 != 0)
        {
            world.Call(thread, "semop", 65, IdOf(world, operation.B), slot, count);
            return;
        }
        world.Put(thread, slot + 0x80, 0);
        world.Put(thread, slot + 0x88, 1_000_000 + (operation.C % 1_000_003 * 983));
        world.Call(thread, "semtimedop", 220, IdOf(world, operation.B), slot, count, slot + 0x80);
    }

    private static void Control(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong id = IdOf(world, operation.B);
        switch (operation.C % 12)
        {
            case 0:
                world.Call(thread, "semctl", 66, id, 0, 0, 0);
                break;
            case 1 or 2:
                world.Call(thread, "semctl", 66, id, Semaphore(operation.D), 16, operation.D % 4);
                break;
            case 3:
                for (ulong word = 0; word < 17; word++)
                    world.Put(thread, slot + (word * 8), (operation.D % 3) * 0x0001_0001_0001_0001UL);
                world.Call(thread, "semctl", 66, id, 0, 17, slot);
                break;
            case 4 or 5:
                if (world.Call(thread, "semctl", 66, id, 0, 2, slot) == 0)
                    world.NoteWords(thread, slot, 13);
                break;
            default:
                world.Call(
                    thread, "semctl", 66, id, Semaphore(operation.D), 11 + (operation.D % 5) switch { 2 => 0UL, var other => other });
                break;
        }
    }

    private static void Unshare(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "unshare", 272, 0x40000);
    }
}
