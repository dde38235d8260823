using System.Collections.Generic;
using Aurora.Base;
using Aurora.Checkpoint.Tests;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Crash.Tests;

/// <summary>A persist for which the disk has no room, and one of another thread behind it that would fit.</summary>
internal static unsafe class RefusedPersists
{
    private const ulong Blocks = 600;
    private const int TooMany = 560;

    /// <summary>Neither is durable, both are dirty again, and the region goes on when there is room.</summary>
    public static void Run(BankFaults faults)
    {
        var device = new TraceDevice(Blocks, []);
        CrashStore.Format(device);
        var fibers = new SteppedFibers();
        using var machine = new RegionMachine(device, fibers, fibers.OfStore, threads: 2, faults, isLive: false);
        machine.Wait = () => SteppedFibers.Run(machine.Regions.RunOrderFiber);
        CrashStore.Require(machine.Session.Create(), "no group");
        CrashStore.Require(machine.Session.Engine.CheckpointAndWait() == StoreStatus.Ok, "no checkpoint");
        AddressSpace* space = machine.NewSpace();
        Region* region = machine.Open("full", 4 * TooMany);
        ulong at = machine.Map(space, region);
        for (int page = 0; page < TooMany; page++)
            *machine.Touch(0, space, at + ((ulong)page * PageSize.Bytes), FaultAccess.Write) = (ulong)page + 1;
        ulong last = at + (TooMany * PageSize.Bytes);
        *machine.Touch(1, space, last, FaultAccess.Write) = 7;
        ulong refused = Take(machine, region, 0);
        ulong behind = Take(machine, region, 1);
        SteppedFibers.Run(machine.Regions.RunPersistFiber);
        foreach (ulong number in new List<ulong> { refused, behind })
        {
            Errno state = machine.Regions.StateOf(region, number);
            CrashStore.Require(state == Errno.ENOSPC, $"persist {number}: {state}");
        }
        CrashStore.Require(region->DirtyPages == TooMany + 1, $"{region->DirtyPages} pages are dirty again");
        ulong again = Take(machine, region, 1);
        SteppedFibers.Run(machine.Regions.RunPersistFiber);
        CrashStore.Require(machine.Regions.StateOf(region, again) == Errno.Ok, "nothing is persisted any more");
        CrashStore.Require(*machine.Touch(1, space, last, FaultAccess.Read) == 7, "what was refused is gone");
    }

    private static ulong Take(RegionMachine machine, Region* region, int thread)
    {
        ulong number;
        while (machine.Regions.Persist(region, &machine.Thread(thread)->Regions, true, out number) == Errno.EAGAIN)
            SteppedFibers.Run(machine.Regions.RunPersistFiber);
        return number;
    }
}
