using System.Collections.Generic;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Futexes, private and shared: waited for, woken, requeued.</summary>
internal static unsafe class FutexOperations
{
    private const ulong Private = 128;

    public static IEnumerable<(string, int, OperationBody)> All { get; } = [("futex wait", 6, Wait), ("futex wake", 4, Wake),
        ("futex requeue", 4, Requeue)];

    private static ulong Word(uint choice) => (choice % 3 == 0 ? World.Shared : World.Futexes) + (choice % 4 * 4);

    private static void Wait(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong word = Word(operation.B);
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (ulong)(operation.D % 3));
        world.Put(thread, slot + 8, (ulong)(operation.D % 999_983));
        ulong kind = word < World.Shared ? operation.C % 2 * Private : 0;
        bool hasBits = operation.C % 5 == 0;
        // With bits the time is absolute.
        if (hasBits)
            world.Put(thread, slot, (world.Kernel.GroupClock.MonotonicNanoseconds / 1_000_000_000) + 1 + (operation.D % 3));
        world.Call(thread, "futex", 202, word, kind + (hasBits ? 9UL : 0), world.Get<uint>(thread, word), operation.D % 2 == 0
            ? 0 : slot, 0, hasBits ? 1 + (operation.D % 3) : 0);
    }

    private static void Wake(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong word = Word(operation.B);
        ulong kind = word < World.Shared ? operation.C % 2 * Private : 0;
        bool hasBits = operation.D % 5 == 0;
        world.Call(thread, "futex", 202, word, kind + (hasBits ? 10UL : 1), 1 + (operation.D % 3), 0, 0, hasBits
            ? 1 + (operation.C % 3) : 0);
    }

    private static void Requeue(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        Dictionary<int, (ulong Owner, ulong Offset)> before = Waiters(world);
        ulong word = Word(operation.B);
        ulong kind = word < World.Shared && Word(operation.C) < World.Shared ? operation.D % 2 * Private : 0;
        world.Call(thread, "futex", 202, word, kind + (operation.D % 3 == 0 ? 3UL : 4), operation.D % 2, 2, Word(operation.C),
            world.Get<uint>(thread, word));
        var moved = new List<int>();
        foreach ((int id, (ulong Owner, ulong Offset) key) in Waiters(world))
            if (before.TryGetValue(id, out (ulong Owner, ulong Offset) old) && old != key)
                moved.Add(id);
        world.NoteRequeued(moved);
    }

    private static Dictionary<int, (ulong Owner, ulong Offset)> Waiters(World world)
    {
        var waiters = new Dictionary<int, (ulong, ulong)>();
        foreach (nint each in world.Threads())
            if (((Thread*)each)->State == ThreadState.Blocked && ((Thread*)each)->Call.Number == CallContinuation.Futex)
                waiters[((Thread*)each)->Id] = (((Thread*)each)->Call.Extra0, ((Thread*)each)->Call.Extra1);
        return waiters;
    }
}
