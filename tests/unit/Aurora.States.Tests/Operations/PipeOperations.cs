using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Pipes and FIFOs, empty, full and half closed, with readers, writers and openers that wait.</summary>
internal static unsafe class PipeOperations
{
    private const int MaxDescriptors = 16;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("pipe", 6, Make), ("read from a pipe", 6, Read), ("write to a pipe", 6, Write), ("fill a pipe", 2, Fill), ("pipe size", 2,
            Resize), ("open a fifo", 5, OpenFifo),
        ("poll", 4, Poll), ("select", 2, Select), ("ppoll", 3, PollWithMask), ("pselect6", 2, SelectWithMask), ("readv", 2, ReadVectors),
            ("writev", 2, WriteVectors), ("splice", 5, Splice), ("tee", 2, Tee), ("vmsplice", 2, SpliceMemory),
    ];

    private static bool IsPipe(nint file) => ((OpenFile*)file)->Kind == FileKind.Pipe;

    private static bool IsReadable(nint file) => IsPipe(file) && ((OpenFile*)file)->IsReadable;

    private static bool IsWritable(nint file) => IsPipe(file) && ((OpenFile*)file)->IsWritable;

    private static void Make(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        // O_NONBLOCK, O_CLOEXEC and O_DIRECT (packets, which are refused or are not).
        world.Call(thread, "pipe2", 293, World.SlotOf(thread), operation.B & 0x80800);
    }

    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        if (world.Call(thread, "read", 0, (ulong)World.Descriptor(thread, operation.B, IsReadable), slot, 1 + (operation.C % 500)) > 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void Write(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        world.Put(thread, slot, (ulong)operation.D);
        world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B, IsWritable), slot, 1 + (operation.C % 500));
    }

    private static void Fill(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B, IsWritable), World.Buffer,
            World.BufferBytes - (operation.C % 5000));
    }

    private static void Resize(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "fcntl", 72, (ulong)World.Descriptor(thread, operation.B, IsPipe), 1031, (operation.C % 4) switch
            {
                0 => 16384UL, 1 => 8192, 2 => 2 << 20, _ => 4096,
            });
    }

    private static void OpenFifo(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, operation.B % 4 == 0 ? "/tmp/d/fifo" : "/tmp/fifo");
        world.Call(thread, "open", 2, slot, (operation.C % 5) switch { 0 or 1 => 0UL, 2 or 3 => 1, _ => 2 } | (operation.D % 6 == 0
            ? 0x800UL : 0));
    }

    private static void Poll(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        for (uint i = 0; i < 2; i++)
            world.Put(thread, slot + (i * 8), (uint)World.Descriptor(thread, operation.B >> (int)(i * 8))
                | ((ulong)((operation.C >> (int)i) % 2 == 0 ? 1 : 4) << 32));
        ulong time = operation.D % 3 == 0 ? ulong.MaxValue : operation.D % 700;
        if (world.Call(thread, "poll", 7, slot, 2, time) >= 0)
            world.NoteWords(thread, slot, 2);
    }

    private static void Select(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, 1UL << (World.Descriptor(thread, operation.B) & 63));
        world.Put(thread, slot + 0x80, 1UL << (World.Descriptor(thread, operation.C) & 63));
        world.Put(thread, slot + 0x100, 0UL);
        world.Put(thread, slot + 0x108, (ulong)(operation.D % 600_000));
        if (world.Call(thread, "select", 23, 64, slot, slot + 0x80, 0, operation.D % 3 == 0 ? 0 : slot + 0x100) >= 0)
            world.NoteWords(thread, slot, 1);
    }

    // The mask lasts as long as the call: a signal that it lets through ends the call, and then the old mask is back.
    private static void PollWithMask(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (uint)World.Descriptor(thread, operation.B) | ((operation.C % 2 == 0 ? 1UL : 4) << 32));
        PutTimeAndMask(world, thread, slot, operation);
        if (world.Call(thread, "ppoll", 271, slot, 1, operation.D % 3 == 0 ? 0 : slot + 0x100, slot + 0x110, 8) >= 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void SelectWithMask(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, 1UL << (World.Descriptor(thread, operation.B) & 63));
        PutTimeAndMask(world, thread, slot, operation);
        world.Put(thread, slot + 0x120, slot + 0x110);
        world.Put(thread, slot + 0x128, 8UL);
        if (world.Call(thread, "pselect6", 270, 64, slot, 0, 0, operation.D % 3 == 0 ? 0 : slot + 0x100, slot + 0x120) >= 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void PutTimeAndMask(World world, Thread* thread, ulong slot, Operation operation)
    {
        world.Put(thread, slot + 0x100, 0UL);
        world.Put(thread, slot + 0x108, (ulong)operation.D % 700_000_000);
        world.Put(thread, slot + 0x110, ((ulong)operation.C << 32) | operation.B);
    }

    private static void PutVectors(World world, Thread* thread, ulong slot, Operation operation)
    {
        world.Put(thread, slot, slot + 0x400);
        world.Put(thread, slot + 8, (ulong)(operation.C % 100));
        world.Put(thread, slot + 16, World.Buffer);
        world.Put(thread, slot + 24, (ulong)(1 + (operation.D % 9000)));
    }

    private static void ReadVectors(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        PutVectors(world, thread, slot, operation);
        if (world.Call(thread, "readv", 19, (ulong)World.Descriptor(thread, operation.B, IsReadable), slot, 2) > 0)
            world.NoteWords(thread, slot + 0x400, 1);
    }

    private static void WriteVectors(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        PutVectors(world, thread, slot, operation);
        world.Call(thread, "writev", 20, (ulong)World.Descriptor(thread, operation.B, IsWritable), slot, 2);
    }

    // Between pipes, and between pipes and files, with the file's own position or one that is given.
    private static void Splice(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (ulong)(operation.D % 5000));
        bool fromFile = operation.C % 3 == 0;
        bool toFile = operation.C % 3 == 1;
        int source = fromFile ? World.Descriptor(thread, operation.B, FileOperations.IsFile)
            : World.Descriptor(thread, operation.B, IsReadable);
        int target = toFile ? World.Descriptor(thread, operation.D, FileOperations.IsFile)
            : World.Descriptor(thread, operation.D, IsWritable);
        bool isPlaced = operation.D % 2 == 0;
        world.Call(thread, "splice", 275, (ulong)source, fromFile && isPlaced ? slot : 0, (ulong)target, toFile && isPlaced ? slot : 0,
            1 + (operation.C % 9000), operation.C % 4 == 0 ? 2UL : 0);
    }

    private static void Tee(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "tee", 276, (ulong)World.Descriptor(thread, operation.B, IsReadable),
                (ulong)World.Descriptor(thread, operation.D, IsWritable), 1 + (operation.C % 9000), operation.C % 4 == 0 ? 2UL : 0);
    }

    private static void SpliceMemory(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        PutVectors(world, thread, slot, operation);
        world.Call(thread, "vmsplice", 278, (ulong)World.Descriptor(thread, operation.B, IsPipe), slot, 2, operation.C % 4 == 0 ? 2UL : 0);
    }
}
