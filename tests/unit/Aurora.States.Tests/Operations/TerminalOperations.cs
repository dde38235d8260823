using System.Collections.Generic;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>The terminal: typed at, read, written, controlled; foreground and background.</summary>
internal static unsafe class TerminalOperations
{
    private static readonly string[] _typed = ["ls\n", "half a li", "\x7f", "\x03", "\x1a", "\x04", "\x16\x03",
        "more\nlines\nthan one\n", "\x13", "\x11", "é"];

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("type", 3, Type), ("read a line", 3, Read), ("print", 2, Print), ("tcsetpgrp", 2, SetForeground), ("tcsetattr", 2, SetAttributes),
        ("set window size", 1, SetWindow), ("open a terminal", 1, Open), ("take a terminal", 1, Take),
        ("signals reach their groups", 3, Arrive),
    ];

    private static bool IsTerminal(nint file) => ((OpenFile*)file)->Kind == FileKind.Device && ((OpenFile*)file)->Attachment != null;

    private static void Type(World world, Operation operation)
    {
        string text = _typed[operation.B % (uint)_typed.Length];
        world.Trace?.AppendLine($"  the user types {text.Length} characters");
        world.Note(world.Kernel.Terminals.Input.Receive(world.Kernel.Terminals.ConsoleOf(world.Kernel.Tracker),
            System.Text.Encoding.Latin1.GetBytes(text)));
        // As the main loop does at once: a restore looks at waiting calls again, which would do it there alone.
        while (world.Kernel.Scheduler.HasPosted)
            OwnerSignals.Deliver(world.Kernel.Linux);
    }

    private static void Arrive(World world, Operation operation) => ReachGroups(world);

    /// <summary>What was sent to process groups reaches all their members.</summary>
    public static void ReachGroups(World world)
    {
        while (world.Kernel.Signals.IsSendingToGroups)
            world.Kernel.Signals.SendToGroupsStep();
    }

    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        if (world.Call(thread, "read", 0, (ulong)World.Descriptor(thread, operation.B, IsTerminal), slot, 1 + (operation.C % 40)) > 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void Print(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        world.PutText(thread, slot, $"line {operation.C}\n\tand half");
        world.Call(thread, "write", 1, (ulong)World.Descriptor(thread, operation.B, IsTerminal), slot, 1 + (operation.D % 20));
    }

    private static void Control(World world, Operation operation, ulong request, ulong value, bool maySleep, params ulong[] words)
    {
        Thread* thread = world.Actor(operation.A, maySleep);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        for (int i = 0; i < words.Length; i++)
            world.Put(thread, slot + ((ulong)i * 8), words[i]);
        world.Call(thread, "ioctl", 16, (ulong)World.Descriptor(thread, operation.B, IsTerminal), request, words.Length > 0 ? slot : value);
    }

    private static void SetForeground(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            Control(world, operation, 0x5410, 0, true, (ulong)thread->Process->ProcessGroup->Id);
    }

    // ICRNL and IXON, OPOST and ONLCR, ISIG, ICANON, ECHO, TOSTOP; the usual control characters.
    private static void SetAttributes(World world, Operation operation)
        => Control(world, operation, 0x5402, 0, true, (0x5UL << 32) | (operation.C & 0x500), ((0x3BUL | (operation.D & 0x100)) << 32)
            | 0xBF, 0x0100_0415_7F1C_0300, 0x16_0F17_1200_1A13_11, 0);

    private static void SetWindow(World world, Operation operation) => Control(world, operation, 0x5414, 0, false,
        20 + (operation.C % 20) | ((70UL + (operation.D % 20)) << 16));

    private static void Open(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null || World.DescriptorCount(thread) >= 16)
            return;
        world.PutText(thread, World.SlotOf(thread), operation.B % 2 == 0 ? "/dev/tty" : "/dev/console");
        world.Call(thread, "open", 2, World.SlotOf(thread), 2 | (operation.C & 0x900));
    }

    private static void Take(World world, Operation operation)
        => Control(world, operation, operation.C % 2 == 0 ? 0x540EUL : 0x5422, 0, true);
}
