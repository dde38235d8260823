using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Regions that come and go, are shown in pieces, stored to, persisted, given up, resized, cloned and deleted.</summary>
internal static unsafe class RegionOperations
{
    private const int First = 0x5A020;
    private const int Names = 4;
    private const uint MostActors = 8;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("open a region", 5, Open), ("store to a region", 9, Store), ("load from a region", 3, Load), ("msnap_persist", 5, Persist),
        ("msnap_wait", 2, Wait), ("msnap_abort", 2, Abort), ("msnap_resize", 2, Resize), ("msnap_clone", 1, Clone),
        ("msnap_rollback", 1, GoBack),
        ("msnap_delete", 1, Delete), ("msnap_notify", 2, Notify), ("munmap of a region", 1, Unmap), ("mprotect of a region", 2, Protect),
        ("madvise of a region", 1, Advise), ("mremap of a region", 1, Remap), ("regions are served", 5, Serve),
    ];

    private static ulong PutName(World world, Thread* thread, ulong at, uint choice)
        => world.PutText(thread, World.SlotOf(thread) + at, $"r{choice % Names}");

    // Init must not end, so it and whoever has its memory are told by a signal that nobody minds, or begin again.
    private static bool IsOfInit(World world, Thread* thread) => thread->Process->AddressSpace == world.Kernel.Pids.Init->AddressSpace;

    private static void Open(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong flags = (operation.D % 8) switch { 0 => 0UL, 1 => 3, 2 => 4, _ => 1 };
        ulong slot = World.SlotOf(thread);
        world.Call(
            thread, "msnap_open", First, PutName(world, thread, 0, operation.B), slot + 0x80, (1 + (operation.C % 6)) * 4096UL, flags);
    }

    // A piece of a region that a thread shows; null when there is none.
    private static Mapping* Shown(Thread* thread, uint choice)
    {
        var found = new List<nint>();
        AddressSpace* space = thread->Process->AddressSpace;
        for (int i = 0; MappingTable.At(space, i) is var mapping && mapping != null; i++)
            if (mapping->Object->Region != null)
                found.Add((nint)mapping);
        return found.Count == 0 ? null : (Mapping*)found[(int)(choice % (uint)found.Count)];
    }

    private static Thread* Shower(World world, Operation operation, out Mapping* shown)
    {
        shown = null;
        for (uint next = 0; next < MostActors; next++)
        {
            Thread* thread = world.Actor(operation.A + next, maySleep: true);
            shown = thread == null ? null : Shown(thread, operation.B);
            if (shown != null)
                return thread;
        }
        return null;
    }

    private static ulong Place(Mapping* mapping, uint choice) => mapping->Start.Value + (choice % Math.Min(mapping->Pages, 8) * 4096);

    private static ulong Length(uint choice) => (1 + (choice % 4)) * 4096UL;

    private static void Store(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread == null)
            return;
        ulong address = Place(shown, operation.C) + (operation.D % 500 * 8);
        world.Trace?.AppendLine($"  thread {thread->Id} stores to a region at 0x{address:x}");
        world.Kernel.Memory.Regions.BeWriter(&thread->Regions);
        world.Put(thread, address, operation.D % 7 == 0 ? 0UL : ((ulong)operation.D << 20) | operation.C);
    }

    private static void Load(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread != null)
            world.Note(world.Get<long>(thread, Place(shown, operation.C) + (operation.D % 500 * 8)));
    }

    private static void Persist(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread != null)
            world.Call(
                thread, "msnap_persist", First + 1, operation.C % 5 == 0 ? ulong.MaxValue : shown->Object->Region->Number, operation.D % 4);
    }

    private static void Wait(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        Region* region = thread == null ? null : shown->Object->Region;
        if (thread != null)
            world.Call(thread, "msnap_wait", First + 2, region->Number, region->Taken + 1 - (operation.C % 4));
    }

    private static void Abort(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread != null)
            world.Call(thread, "msnap_abort", First + 3, shown->Object->Region->Number, operation.C % 3 == 0 ? 2UL : 0);
    }

    private static void Resize(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread != null)
            world.Call(thread, "msnap_resize", First + 4, shown->Object->Region->Number, (1 + (operation.C % 9)) * 4096UL);
    }

    private static void Clone(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        Mapping* shown = Shown(thread, operation.B);
        ulong epoch = shown == null || operation.C % 2 == 0 ? 0 : shown->Object->Region->Taken - (operation.C / 2 % 3);
        ulong name = PutName(world, thread, 0, operation.B);
        world.Call(thread, "msnap_clone", First + 6, name, epoch, PutName(world, thread, 0x20, operation.D));
    }

    private static void Delete(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "msnap_delete", First + 5, PutName(world, thread, 0, operation.B));
    }

    private static void GoBack(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong name = PutName(world, thread, 0, operation.B);
        world.Call(thread, "msnap_rollback", First + 9, name, (ulong)(operation.C % 8));
        world.Call(thread, "msnap_history", First + 10, name, (ulong)(operation.C % 8), name + 0x40, 4UL);
    }

    private static void Notify(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong signal = (operation.B % 4) switch
        {
            0 => (ulong)Posix.Signals.Signal.SIGUSR1, 1 => (ulong)Posix.Signals.Signal.SIGWINCH, _ => 0,
        };
        if (IsOfInit(world, thread) && signal != 0)
            signal = (ulong)Posix.Signals.Signal.SIGWINCH;
        world.Call(thread, "msnap_notify", First + 8, signal);
    }

    private static void Unmap(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        ulong length = operation.D % 3 == 0 ? 64UL << 20 : Length(operation.D);
        if (thread != null)
            world.Call(thread, "munmap", 11, Place(shown, operation.C), length);
    }

    private static void Protect(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread != null)
            world.Call(thread, "mprotect", 10, Place(shown, operation.C), Length(operation.D), operation.D % 5 < 2 ? 1UL : 3);
    }

    private static void Advise(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread != null)
            world.Call(thread, "madvise", 28, Place(shown, operation.C), Length(operation.D), (operation.D % 4) switch
            {
                0 => 10UL, 1 => 11, _ => 4,
            });
    }

    private static void Remap(World world, Operation operation)
    {
        Thread* thread = Shower(world, operation, out Mapping* shown);
        if (thread != null)
            world.Call(thread, "mremap", 25, Place(shown, operation.C), Length(operation.D), Length(operation.D / 4), 1);
    }

    private static void Serve(World world, Operation operation)
    {
        world.Trace?.AppendLine("  what is asked for is done, and persists become durable");
        world.Regions.Serve();
    }
}
