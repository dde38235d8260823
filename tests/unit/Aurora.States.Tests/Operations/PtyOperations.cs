using System.Collections.Generic;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>
/// Pseudo-terminals: made, unlocked and opened, typed at and read by their masters, in packet mode, stopped and flushed, somebody's
/// controlling terminal, left and hung up. What programs do with any terminal is in <see cref="TerminalOperations"/>.
/// </summary>
internal static unsafe class PtyOperations
{
    private const int MaxDescriptors = 16;

    private static readonly string[] _typed = ["ls\n", "half", "\x7f\x15", "\x03", "\x1c", "\x04", "\x13", "\x11", "a\n\x04" + "b\n"];

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("open ptmx", 4, Make), ("unlock a pty", 4, Unlock), ("open a pty", 6, Open), ("open the peer", 3, OpenPeer),
        ("type at a master", 5, Type), ("read a master", 5, Read), ("type much at a master", 1, TypeMuch), ("print much", 2, PrintMuch),
        ("packet mode", 4, SetPackets), ("ioctl of a pty", 5, Control), ("poll a pty", 2, Poll), ("close a pty", 2, Close),
        ("chmod a pty", 1, ChangeMode), ("a session of its own", 2, BeginSession),
    ];

    private static bool IsPseudo(nint file)
        => ((OpenFile*)file)->Kind == FileKind.Device && ((OpenFile*)file)->Attachment != null
            && ((Terminal*)((OpenFile*)file)->Attachment)->IsPseudo;

    private static bool IsMaster(nint file) => IsPseudo(file) && ((OpenFile*)file)->Inode->Device == DeviceNumber.Multiplexer;

    private static bool IsSlave(nint file) => IsPseudo(file) && !IsMaster(file);

    private static void Make(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        world.PutText(thread, World.SlotOf(thread), operation.B % 4 == 0 ? "/dev/pts/ptmx" : "/dev/ptmx");
        world.Call(thread, "open", 2, World.SlotOf(thread), 2 | (operation.C & 0x80900));
    }

    private static void Command(World world, Thread* thread, ulong file, ulong request, uint value)
    {
        world.Put(thread, World.SlotOf(thread), value);
        world.Call(thread, "ioctl", 16, file, request, World.SlotOf(thread));
    }

    private static void Unlock(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            Command(world, thread, (ulong)World.Descriptor(thread, operation.B, IsMaster), 0x4004_5431, operation.C % 5 == 0 ? 1u : 0);
    }

    // Often something happens at once that the master is to be told.
    private static void SetPackets(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong master = (ulong)World.Descriptor(thread, operation.B, IsMaster);
        Command(world, thread, master, 0x5420, operation.C % 4 == 0 ? 0u : 1);
        world.PutText(thread, World.SlotOf(thread), operation.D % 3 == 0 ? "\x11" : "\x13");
        if (operation.D % 2 == 0)
            world.Call(thread, "write", 1, master, World.SlotOf(thread), 1);
    }

    private static void Open(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        world.PutText(thread, World.SlotOf(thread), $"/dev/pts/{operation.B % 3}");
        world.Call(thread, "open", 2, World.SlotOf(thread), 2 | (operation.C & 0x80900));
    }

    private static void OpenPeer(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "ioctl", 16, (ulong)World.Descriptor(thread, operation.B, IsMaster), 0x5441, 2 | (operation.C & 0x80900));
    }

    private static void Type(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        string text = _typed[operation.C % (uint)_typed.Length];
        world.PutText(thread, World.SlotOf(thread), text);
        world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B, IsMaster), World.SlotOf(thread), (ulong)text.Length);
        while (world.Kernel.Scheduler.HasPosted)
            OwnerSignals.Deliver(world.Kernel.Linux);
    }

    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        if (world.Call(thread, "read", 0, (ulong)World.Descriptor(thread, operation.B, IsMaster), slot, 1 + (operation.C % 60)) > 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void TypeMuch(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B, IsMaster), World.SlotOf(thread),
                500 + (operation.C % 1500));
    }

    private static void PrintMuch(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B, IsSlave), World.SlotOf(thread),
                1000 + (operation.C % 1000));
    }

    // Counts and flags of both ends, exclusiveness, flushing and flow control, a signal to the foreground.
    private static void Control(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong file = (ulong)World.Descriptor(thread, operation.B, IsPseudo);
        ulong slot = World.SlotOf(thread) + 0x200;
        (ulong request, ulong argument) = (operation.C % 10) switch
        {
            0 => (0x540BUL, (ulong)(operation.D % 3)),
            1 => (0x540AUL, (ulong)(operation.D % 4)),
            2 => (0x540CUL + (operation.D % 2), 0UL),
            3 => (0x4004_5436UL, operation.D % 2 == 0 ? 2UL : 20),
            4 => (0x8004_5430UL, slot),
            5 => (0x8004_5439UL, slot),
            6 => (0x541BUL, slot),
            7 => (0x540FUL, slot),
            8 => (0x8004_5440UL, slot),
            _ => (0x540EUL, 0UL),
        };
        if (world.Call(thread, "ioctl", 16, file, request, argument) == 0 && argument == slot)
            world.NoteWords(thread, slot, 1);
    }

    private static void Poll(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (0x7UL << 32) | (uint)World.Descriptor(thread, operation.B, IsPseudo));
        if (world.Call(thread, "poll", 7, slot, 1, operation.C % 2 == 0 ? 0UL : 1000) > 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void Close(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "close", 3, (ulong)World.Descriptor(thread, operation.B, IsPseudo));
    }

    private static void ChangeMode(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "fchmod", 91, (ulong)World.Descriptor(thread, operation.B, IsSlave), operation.C & 0x1FF);
    }

    // Of which the terminal that it opens next becomes the controlling one.
    private static void BeginSession(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "setsid", 112);
    }
}
