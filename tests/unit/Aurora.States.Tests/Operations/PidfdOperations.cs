using System;
using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>pidfds: of who lives, of who has ended and of who has been waited for, with those who poll and wait through them.</summary>
internal static unsafe class PidfdOperations
{
    private const int MaxDescriptors = 16;
    private const int MaxThreads = 10;
    private const ulong NonBlocking = 0x800;

    // The same place for the child's pidfd and its number.
    private const ulong WantsPidfd = 0x1000;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("pidfd_open", 4, Open), ("fork with a pidfd", 3, Clone), ("poll a pidfd", 3, Poll), ("waitid of a pidfd", 3, Wait),
        ("pidfd_send_signal", 3, SendSignal), ("pidfd_getfd", 3, GetDescriptor),
    ];

    private static bool IsPidfd(nint file) => ((OpenFile*)file)->Kind == FileKind.ProcessHandle;

    private static ulong Pidfd(Thread* thread, uint choice) => (ulong)World.Descriptor(thread, choice, IsPidfd);

    // Zombies too.
    private static void Open(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        var ids = new List<int>();
        for (Process* process = world.Kernel.Pids.NextProcess(1); process != null;
            process = world.Kernel.Pids.NextProcess(process->Id + 1))
            ids.Add(process->Id);
        int id = operation.B % 9 == 0 ? (int)(operation.B % 40) : ids[(int)(operation.B % (uint)ids.Count)];
        world.Call(thread, "pidfd_open", 434, (ulong)id, operation.C % 3 == 0 ? NonBlocking : 0);
    }

    private static void Clone(World world, Operation operation)
    {
        Thread* thread = world.Threads().Count >= MaxThreads ? null : world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        if (world.Call(thread, "clone", 56, WantsPidfd | 17, 0, slot, 0, 0) > 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void Poll(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (uint)Pidfd(thread, operation.B) | (1UL << 32));
        if (world.Call(thread, "poll", 7, slot, 1, operation.D % 3 == 0 ? ulong.MaxValue : operation.D % 500) >= 0)
            world.NoteWords(thread, slot, 1);
    }

    // Ended, with stops and continuations, of all kinds of children, and sometimes only looked at.
    private static void Wait(World world, Operation operation)
    {
        bool maySleep = operation.C % 3 == 0;
        Thread* thread = world.Actor(operation.A, maySleep);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong options = 4UL | (operation.D & 0x4100_000A) | (maySleep ? 0UL : 1);
        if (world.Call(thread, "waitid", 247, 3, Pidfd(thread, operation.B), slot, options, 0) >= 0)
            world.NoteWords(thread, slot, 4);
    }

    private static void SendSignal(World world, Operation operation)
    {
        ReadOnlySpan<byte> signals = [10, 12, 34, 18, 19, 17, 0, 64];
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong signal = operation.D % 31 == 30 ? 9UL : signals[(int)(operation.C % (uint)signals.Length)];
        world.Call(thread, "pidfd_send_signal", 424, Pidfd(thread, operation.B), signal, 0, 0);
    }

    private static void GetDescriptor(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "pidfd_getfd", 438, Pidfd(thread, operation.B), operation.C % 10, 0);
    }
}
