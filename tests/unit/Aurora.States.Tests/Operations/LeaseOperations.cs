using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>
/// Leases: taken with what tells their holders, changed, given up, asked for, and left to run out while others open the files.
/// </summary>
internal static unsafe class LeaseOperations
{
    private const int MaxDescriptors = 16;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("lease", 8, Take), ("open a leased file", 6, OpenLeased), ("change a lease", 4, Change), ("look at a lease", 3, (world, operation)
            => OfLease(world, operation, 1025, 0)), ("lease-break-time", 2, SetTime),
    ];

    private static bool HasLease(nint file) => ((OpenFile*)file)->Lease.Kind != LeaseKind.None;

    // Few names, so that others open them too.
    private static string Path(uint choice) => $"/tmp/{"abc"[(int)(choice % 3)]}";

    private static void Take(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Path(operation.B));
        ulong access = operation.C % 3 == 0 ? 2UL : 0;
        long file = world.Call(thread, "open", 2, slot, access | (operation.C % 2 == 0 ? 0x40UL : 0) | (operation.D % 2 == 0 ? 0x800UL : 0),
            0x1B6);
        if (file < 0)
            return;
        // Signals that are ignored, have codes of their own, are queued; and SIGIO.
        ulong signal = (operation.D % 5) switch { 0 => 17UL, 1 or 2 => 28, 3 => 40, _ => 0 };
        world.Call(thread, "fcntl", 72, (ulong)file, 10, signal);
        world.Call(thread, "fcntl", 72, (ulong)file, 1024, access == 0 ? operation.D % 2 : 1);
    }

    private static void OpenLeased(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Path(operation.B));
        if (operation.C % 4 == 0)
            world.Call(thread, "truncate", 76, slot, operation.D % 3000);
        else
            world.Call(thread, "open", 2, slot, (operation.C % 3) | (operation.D % 4 == 0 ? 0x800UL : 0) | (operation.D % 3 == 0
                ? 0x200UL : 0), 0);
    }

    private static void Change(World world, Operation operation) => OfLease(world, operation, 1024, operation.D % 3);

    private static void OfLease(World world, Operation operation, ulong command, ulong argument)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "fcntl", 72, (ulong)World.Descriptor(thread, operation.B, HasLease), command, argument);
    }

    private static void SetTime(World world, Operation operation)
    {
        world.Trace?.AppendLine($"  # {operation.D % 3} s");
        world.Kernel.Settings.SetLeaseBreakSeconds(world.Kernel.Tracker, (int)(operation.D % 3));
        world.Kernel.Settings.SetMostPipeBytes(world.Kernel.Tracker, 4096U << (int)(operation.C % 10));
    }
}
