using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Record locks of processes and of open files, and locks of whole files: held, awaited, given up, asked for.</summary>
internal static unsafe class LockOperations
{
    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("lock", 8, (world, operation) => Record(world, operation, operation.D % 2 == 0 ? 6UL : 37, maySleep: false)),
        ("lock and wait", 5, (world, operation) => Record(world, operation, operation.D % 2 == 0 ? 7UL : 38, maySleep: true)),
        ("look at locks", 4, (world, operation) => Record(world, operation, operation.D % 2 == 0 ? 5UL : 36, maySleep: false)),
        ("flock", 5, (world, operation) => Whole(world, operation, maySleep: false)), ("flock and wait", 3, (world, operation)
            => Whole(world, operation, maySleep: true)),
    ];

    private static void Record(World world, Operation operation, ulong command, bool maySleep)
    {
        Thread* thread = world.Actor(operation.A, maySleep);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong type = command is 5 or 36 ? 1 : operation.C % 3;
        world.Put(thread, slot, type);
        world.Put(thread, slot + 8, (ulong)(operation.C >> 4) % 8 * 10);
        world.Put(thread, slot + 16, (ulong)(operation.C >> 8) % 5 * 10);
        world.Put(thread, slot + 24, 0UL);
        if (world.Call(thread, "fcntl", 72, (ulong)World.Descriptor(thread, operation.B, FileOperations.IsFile), command, slot) == 0)
            world.NoteWords(thread, slot, 4);
    }

    private static void Whole(World world, Operation operation, bool maySleep)
    {
        Thread* thread = world.Actor(operation.A, maySleep);
        if (thread == null)
            return;
        ulong kind = (operation.C % 4) switch { 0 => 8UL, 1 => 1, _ => 2 };
        world.Call(thread, "flock", 73, (ulong)World.Descriptor(thread, operation.B, FileOperations.IsFile), kind | (maySleep ? 0UL : 4));
    }
}
