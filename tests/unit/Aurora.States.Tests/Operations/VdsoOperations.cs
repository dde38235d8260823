using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>Programs that read the clock in their vDSO, and unmap, protect, move, discard and lock its pages.</summary>
internal static unsafe class VdsoOperations
{
    public static IEnumerable<(string, int, OperationBody)> All { get; } =
        [("read the vDSO", 3, Read), ("change the vDSO", 2, Change)];

    private const ulong Apart = 0x3800_0000;

    // DONTNEED, DONTFORK, DOFORK, WIPEONFORK, FREE, PAGEOUT, POPULATE_READ.
    private static readonly ulong[] _advice = [4, 10, 11, 18, 8, 21, 22];

    // What the code would make of the page is what the system call says, whatever has happened to the group.
    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        Mapping* mapping = thread == null ? null : Find(thread, operation.B);
        if (mapping == null || !ClockObjects.IsData(mapping))
            return;
        AccessResult access = world.Kernel.User.Read(thread->Process->AddressSpace, mapping->Start, out ClockPage page);
        if (!access.IsOk)
            return;
        GroupClock clock = world.Kernel.Clocks.Of(&thread->Header);
        ulong time = unchecked(world.Kernel.Clock.Ticks + page.MonotonicOffsetNanoseconds);
        Assert.NotEqual(0UL, page.Generation);
        Assert.Equal(clock.MonotonicNanoseconds, time);
        Assert.Equal(clock.RealtimeNanoseconds, unchecked(time + page.RealtimeLeadNanoseconds));
    }

    private static void Change(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        Mapping* mapping = thread == null ? null : Find(thread, operation.B);
        if (mapping == null)
            return;
        ulong start = mapping->Start.Value;
        switch (operation.C % 8)
        {
            case 0: world.Call(thread, "munmap", 11, start, 4096); break;
            case 1: world.Call(thread, "mprotect", 10, start, 4096, operation.D % 8); break;
            case 2:
                // The data go where nobody loads from: they are not the same after a restore.
                ulong to = (ClockObjects.IsData(mapping) ? Apart : World.Region) + (operation.D % World.RegionPages * 4096);
                world.Call(thread, "mremap", 25, start, 4096, 4096 * (1UL + ((operation.D >> 8) % 2)), 3, to);
                break;
            case 3: world.Call(thread, "madvise", 28, start, 4096, _advice[operation.D % _advice.Length]); break;
            case 4: world.Call(thread, "mlock", 149, start, 4096); break;
            case 5: world.Call(thread, "munlock", 150, start, 4096); break;
            case 6: world.Call(thread, "mremap", 25, start, 4096, 4096, 5, 0); break;
            default: world.Call(thread, "read", 0, 0, start, 8); break;
        }
    }

    private static Mapping* Find(Thread* thread, uint choice)
    {
        AddressSpace* space = thread->Process->AddressSpace;
        Mapping* found = null;
        for (int i = 0; space != null && i < space->MappingCount; i++)
        {
            Mapping* mapping = MappingTable.At(space, i);
            if (mapping->Object->IsClock && (found == null || choice % 2 == 0))
                found = mapping;
        }
        return found;
    }
}
