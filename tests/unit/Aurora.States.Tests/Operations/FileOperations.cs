using System;
using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Open files and descriptors: their flags, positions, contents and sharing.</summary>
internal static unsafe class FileOperations
{
    private const int MaxDescriptors = 16;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("open", 12, Open), ("close", 8, Close), ("dup", 4, Duplicate), ("dup2", 3, DuplicateTo), ("fcntl", 6, Control), ("read", 5,
            Read), ("write", 6, Write),
        ("pread", 1, ReadAt), ("pwrite", 2, WriteAt), ("lseek", 3, Seek), ("ftruncate", 3, Truncate), ("fallocate", 1, Allocate),
            ("fchdir", 1, (world, operation) => OfDescriptor(world, operation, "fchdir", 81, 0)), ("fchmod", 1, (world, operation)
                => OfDescriptor(world, operation, "fchmod", 91, operation.C & 0xFFF)), ("fstat", 2, Status),
        ("getdents64", 2, Entries), ("sendfile", 1, Send), ("memfd_create", 1, MemoryFile), ("close_range", 1, CloseRange),
        ("end of what is put off", 2, EndPutOff),
    ];

    public static bool IsFile(nint file) => ((OpenFile*)file)->Kind == FileKind.Regular;

    // What the main loop does: in whatever order it is on the lists, which a restore does not keep.
    private static void EndPutOff(World world, Operation operation)
    {
        while (world.Kernel.Files.Closing.HasWork)
            world.Kernel.Files.Closing.Step();
    }

    private static void Open(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        ulong access = (operation.C % 4) switch { 0 => 0UL, 1 => 1, _ => 2 };
        // O_CREAT, O_TRUNC, O_APPEND, O_NONBLOCK, O_CLOEXEC and O_NOATIME, as they come; O_PATH, O_DIRECTORY and O_TMPFILE now and then.
        ulong flags = access | (operation.D & 0x80E40) | (operation.C % 3 == 0 ? 0x40UL : 0);
        string path = Paths.Of(operation.B);
        switch (operation.C % 17)
        {
            case 3: flags = 0x200000 | (operation.D & 0x80000); break;
            case 5: flags = 0x10000 | (operation.D & 0x80000); path = "/tmp"; break;
            case 7: flags = 0x410002; path = "/tmp"; break;
            case 9: path = "/dev/null"; break;
            case 11: path = $"/proc/self/fd/{World.Descriptor(thread, operation.B)}"; break;
        }
        world.PutText(thread, slot, path);
        world.Trace?.AppendLine($"  # {path}");
        world.Call(thread, "open", 2, slot, flags, 0x1B6);
    }

    private static void Close(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && !IsPolled(world, thread))
            world.Call(thread, "close", 3, (ulong)World.Descriptor(thread, operation.B));
    }

    // Who sleeps in poll or select and is woken sees which descriptors have been closed, as on Linux, and a restore wakes (docs/limits.md).
    private static bool IsPolled(World world, Thread* thread)
    {
        foreach (nint each in world.Threads())
            if (((Thread*)each)->Call is { Active: true, Number: 7 or 23 or 270 or 271 }
                && ((Thread*)each)->Process->Descriptors == thread->Process->Descriptors)
                return true;
        return false;
    }

    private static void Duplicate(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        // Low numbers, and some in a chunk of their own.
        ulong minimum = operation.C % 5 == 0 ? 64 + (operation.C % 140) : operation.C % 10;
        world.Call(thread, "fcntl", 72, (ulong)World.Descriptor(thread, operation.B), operation.D % 2 == 0 ? 0UL : 1030, minimum);
    }

    private static void DuplicateTo(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && !IsPolled(world, thread))
            world.Call(thread, "dup3", 292, (ulong)World.Descriptor(thread, operation.B), operation.C % 14, operation.D % 2 == 0
                ? 0UL : 0x80000);
    }

    private static void Control(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (operation.D % 3) | ((ulong)thread->Process->Id << 32));
        (ulong Command, ulong Argument) change = (operation.C % 10) switch
        {
            7 => (1033, 1UL << (int)(operation.D % 5)), 8 => (15, slot), 9 => (operation.D % 2 == 0 ? 16UL : 1034, slot),
            0 => (1UL, 0UL), 1 => (2, operation.D % 2), 2 => (3, 0), 3 => (4, NewFlags(world, operation.D)), 4
                => (8, (ulong)thread->Process->Id), 5 => (10, operation.D % 65), _ => (9, 0),
        };
        world.Call(thread, "fcntl", 72, (ulong)World.Descriptor(thread, operation.B), change.Command, change.Argument);
    }

    // Who sleeps in a call sees O_NONBLOCK when it is woken for nothing, as on Linux: it does not change while anybody does.
    private static ulong NewFlags(World world, uint choice)
    {
        foreach (nint each in world.Threads())
            if (((Thread*)each)->Call.Active)
                return choice & 0x2400;
        return choice & 0x2C00;
    }

    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        if (world.Call(thread, "read", 0, (ulong)World.Descriptor(thread, operation.B), slot, operation.C % 200) > 0)
            world.NoteWords(thread, slot, 2);
    }

    private static void Write(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        world.Put(thread, slot, ((ulong)operation.C << 32) | operation.D);
        world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B), slot, operation.C % 300);
    }

    private static void ReadAt(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        if (world.Call(thread, "pread64", 17, (ulong)World.Descriptor(thread, operation.B, IsFile), slot, 64, operation.C % 6000) > 0)
            world.NoteWords(thread, slot, 8);
    }

    private static void WriteAt(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        world.Put(thread, slot, (ulong)operation.D);
        world.Call(thread, "pwrite64", 18, (ulong)World.Descriptor(thread, operation.B, IsFile), slot, 32, operation.C % 3 == 0
            ? operation.C % 100_000 : operation.C % 5000);
    }

    private static void Seek(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "lseek", 8, (ulong)World.Descriptor(thread, operation.B), operation.C % 3000, operation.D % 5);
    }

    private static void Truncate(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "ftruncate", 77, (ulong)World.Descriptor(thread, operation.B, IsFile), operation.C % 9000);
    }

    private static void Allocate(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "fallocate", 285, (ulong)World.Descriptor(thread, operation.B, IsFile), operation.D % 3 == 0
                ? 3UL : operation.D % 2, operation.C % 5000, 4096);
    }

    private static void OfDescriptor(World world, Operation operation, string name, int number, ulong argument)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, name, number, (ulong)World.Descriptor(thread, operation.B), argument);
    }

    private static void Status(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        if (world.Call(thread, "fstat", 5, (ulong)World.Descriptor(thread, operation.B), slot) == 0)
            NoteStatus(world, thread, slot);
    }

    /// <summary>Notes a struct stat, but for st_blocks: what only the store knows counts there (docs/limits.md).</summary>
    public static void NoteStatus(World world, Thread* thread, ulong address)
    {
        world.Put(thread, address + 64, 0UL);
        world.NoteWords(thread, address, 18);
    }

    private static void Entries(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        int fd = World.Descriptor(thread, operation.B, file => ((OpenFile*)file)->Kind == FileKind.Directory);
        ulong slot = World.SlotOf(thread);
        if (world.Call(thread, "getdents64", 217, (ulong)fd, slot, 64 + (operation.C % 400)) > 0)
            world.NoteWords(thread, slot, 6);
    }

    private static void Send(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "sendfile", 40, (ulong)World.Descriptor(thread, operation.B), (ulong)World.Descriptor(thread, operation.C,
                IsFile), 0, operation.D % 3000);
    }

    private static void MemoryFile(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        world.PutText(thread, World.SlotOf(thread), "memory");
        world.Call(thread, "memfd_create", 319, World.SlotOf(thread), operation.B % 4);
    }

    private static void CloseRange(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && !IsPolled(world, thread))
            world.Call(thread, "close_range", 436, 6 + (operation.B % 6), 6 + (operation.B % 6) + (operation.C % 3), operation.D % 4 == 0
                ? 4UL : 0);
    }
}
