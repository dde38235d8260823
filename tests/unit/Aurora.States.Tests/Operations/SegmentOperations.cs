using System.Collections.Generic;
using Aurora.Posix.Ipc;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Shared segments: made, attached anywhere and in pieces, removed while attached, owned by others.</summary>
internal static unsafe class SegmentOperations
{
    private const int MaxSegments = 12;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("shmget", 4, Get), ("shmat", 6, Attach), ("shmdt", 4, Detach), ("shmctl", 4, Control),
    ];

    // Now and then one that is not there.
    private static ulong IdOf(World world, uint choice)
    {
        IpcSpace* space = world.Kernel.Ipc.State.Of(world.Kernel.Tracker);
        if (space == null || space->Segments.Count == 0 || choice % 13 == 12)
            return choice % 70_000;
        IpcObject* found = IpcIds.Next(&space->Segments, (int)(choice % MaxSegments));
        return (ulong)(found == null ? IpcIds.Next(&space->Segments, 0) : found)->Ipc.Id;
    }

    private static void Get(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        IpcSpace* space = world.Kernel.Ipc.State.Of(world.Kernel.Tracker);
        if (thread != null && (space == null || space->Segments.Count < MaxSegments))
            world.Call(thread, "shmget", 29, operation.B % 4, 1 + (operation.C % 20_000),
                (operation.D % 5 == 0 ? 0UL : 0x200) | (operation.D % 7 == 0 ? 0x180UL : 0x1B6));
    }

    private static void Attach(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong address = World.Region + (operation.C % World.RegionPages * 4096);
        ulong flags = (operation.D % 3 == 0 ? 0x4000UL : 0) | (operation.D % 7 == 0 ? 0x1000UL : 0);
        world.Call(thread, "shmat", 30, IdOf(world, operation.B), address, flags);
    }

    private static void Detach(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "shmdt", 67, World.Region + (operation.C % World.RegionPages * 4096));
    }

    private static void Control(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong id = IdOf(world, operation.B);
        switch (operation.C % 6)
        {
            case 0:
                world.Call(thread, "shmctl", 31, id, 0, 0);
                break;
            case 1:
                world.Put(thread, slot, (operation.D % 3) << 5 << 27);
                world.Put(thread, slot + 8, 0);
                world.Put(thread, slot + 16, (ulong)(operation.D % 512) << 32);
                world.Call(thread, "shmctl", 31, id, 1, slot);
                break;
            case 2:
                world.Call(thread, "shmctl", 31, id, 11 + (operation.D % 2), 0);
                break;
            default:
                if (world.Call(thread, "shmctl", 31, id, 2, slot) == 0)
                    world.NoteWords(thread, slot, 14);
                break;
        }
    }
}
