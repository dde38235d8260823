using System.Collections.Generic;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Mappings of all kinds in one region, in pieces, moved, protected and discarded; the break; stores.</summary>
internal static unsafe class MemoryOperations
{
    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("mmap", 10, Map), ("munmap", 4, Unmap), ("mprotect", 5, Protect), ("mremap", 3, Remap), ("brk", 2, Break), ("madvise", 4,
            Advise), ("mlock", 2, Lock), ("remap_file_pages", 1, RemapPages), ("store", 8, Store), ("load", 3, Load), ("clear", 2, Clear),
            ("map a stack", 2, MapStack),
        ("store on a stack", 3, StoreOnStack),
    ];

    private static ulong Page(uint choice) => World.Region + (choice % World.RegionPages * 4096);

    private static ulong Length(uint choice) => (1 + (choice % 5)) * 4096UL;

    private static void Map(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        int fd = World.Descriptor(thread, operation.C, FileOperations.IsFile);
        bool isFile = operation.C % 3 != 0 && fd >= 0;
        ulong flags = 0x10 | (isFile ? 0 : 0x20UL) | (operation.D % 2 == 0 ? 1UL : 2) | (!isFile && operation.D % 9 == 1 ? 0x100UL : 0);
        ulong protection = (operation.D % 5) switch { 0 => 1UL, 1 => 0, _ => 3 };
        world.Call(thread, "mmap", 9, Page(operation.B), Length(operation.B >> 8), protection, flags, isFile
            ? (ulong)fd : ulong.MaxValue, isFile ? (operation.D >> 8) % 2 * 4096UL : 0);
    }

    private static void Unmap(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "munmap", 11, Page(operation.B), Length(operation.C));
    }

    private static void Protect(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "mprotect", 10, Page(operation.B), Length(operation.C), (operation.D % 4) switch { 0 => 0UL, 1 => 1, 2
                => 5, _ => 3 });
    }

    private static void Remap(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong flags = operation.D % 4;
        ulong length = Length(operation.C);
        world.Call(thread, "mremap", 25, Page(operation.B), length, flags == 3 ? length : Length(operation.C >> 8),
            flags switch { 2 => 3UL, 3 => 7,
            _ => flags }, Page(operation.D >> 4));
    }

    private static void Break(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "brk", 12, operation.B % 4 == 0
                ? 0 : thread->Process->AddressSpace->BreakStart.Value + (operation.C % 6 * 3000));
    }

    private static void Advise(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "madvise", 28, Page(operation.B), Length(operation.C), (operation.D % 7) switch
            {
                0 => 10UL, 1 => 11, 2 => 18, 3 => 19, _ => 4,
            });
    }

    // As root: nothing is refused, but what is locked is part of the state.
    private static void Lock(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        switch (operation.D % 5)
        {
            case 0: world.Call(thread, "mlockall", 151, 1 + (operation.C % 3)); break;
            case 1: world.Call(thread, "munlockall", 152); break;
            case 2: world.Call(thread, "munlock", 150, Page(operation.B), Length(operation.C)); break;
            default: world.Call(thread, "mlock", 149, Page(operation.B), Length(operation.C)); break;
        }
    }

    private static void RemapPages(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "remap_file_pages", 216, Page(operation.B), Length(operation.C), 0, operation.D % 4, 0);
    }

    // Where nothing is mapped or may be written nothing is stored; a program would have got a signal.
    private static void Store(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong address = (operation.C % 4) switch { 0 => World.Shared, 1 => World.Buffer + (operation.B % 4 * 4096), _
            => Page(operation.B) } + (operation.D % 500 * 8);
        world.Trace?.AppendLine($"  thread {thread->Id} stores at 0x{address:x}");
        world.Put(thread, address, ((ulong)operation.D << 20) | operation.C);
    }

    // A whole page of zeroes is not what a page is that nobody has written, where a file is behind it.
    private static void Clear(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        world.Trace?.AppendLine($"  thread {thread->Id} clears the page at 0x{Page(operation.B):x}");
        world.Put(thread, Page(operation.B), new byte[4096]);
    }

    private static ulong StackAt(uint choice) => World.GrowingStacks + (choice % 3 * 0x80_0000UL);

    private static void MapStack(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(
                thread, "mmap", 9, StackAt(operation.B) + (operation.C % 4 * 4096UL), Length(operation.C >> 8),
                3, 0x132, ulong.MaxValue, 0);
    }

    // In it, or a few pages below: then it grows.
    private static void StoreOnStack(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong address = StackAt(operation.B) - 0x4000 + (operation.C % 10 * 4096UL);
        world.Trace?.AppendLine($"  thread {thread->Id} stores at 0x{address:x}");
        world.Put(thread, address, (ulong)operation.D);
        world.Note(world.Get<long>(thread, address));
    }

    private static void Load(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Note(world.Get<long>(thread, Page(operation.B) + (operation.D % 500 * 8)));
    }
}
