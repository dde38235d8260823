using System.Collections.Generic;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>What a process is: who it runs as, its limits, its name, where it stands.</summary>
internal static unsafe class CredentialOperations
{
    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("setresuid", 1, (world, operation) => Simple(world, operation, true, "setresuid", 117, operation.B % 3, operation.C % 3,
            operation.D % 3)),
        ("setresgid", 1, (world, operation) => Simple(world, operation, true, "setresgid", 119, operation.B % 3, operation.C % 3,
            operation.D % 3)),
        ("setfsuid", 1, (world, operation) => Simple(world, operation, true, "setfsuid", 122, operation.B % 3)),
        ("setgroups", 1, SetGroups),
        ("capset", 2, SetCapabilities), ("sched_setscheduler", 1, SetScheduler), ("oom_score_adj", 1, SetBias),
        ("ioprio_set", 1, (world, operation) => Simple(world, operation, false, "ioprio_set", 251, 1, 0, (2 << 13) | (operation.B % 8))),
        ("sethostname", 1, SetHostName), ("clock_settime", 1, SetClock),
        ("umask", 1, (world, operation) => Simple(world, operation, false, "umask", 95, operation.B % 512)),
        ("setpriority", 1, (world, operation) => Simple(world, operation, false, "setpriority", 141, 0, 0, operation.B % 20)),
        ("personality", 1, (world, operation) => Simple(world, operation, false, "personality", 135, operation.B % 2 == 0 ? 0x40000UL : 0)),
        ("prlimit", 2, SetLimit), ("prctl", 3, Control), ("set_robust_list", 1, SetRobustList), ("rseq", 2, RegisterSequences),
        ("set_tid_address", 1, (world, operation) => Simple(world, operation, false, "set_tid_address", 218,
            World.Futexes + 0x300 + (operation.B % 8 * 4))),
        ("arch_prctl", 1, (world, operation) => Simple(world, operation, false, "arch_prctl", 158, 0x1001 + operation.B % 2,
            World.Shared + (operation.C % 64 * 8))),
        ("registers", 2, SetRegisters),
        ("getrusage", 1, GetUsage),
    ];

    private static void Simple(World world, Operation operation, bool isNotInit, string name, int number, params ulong[] arguments)
    {
        Thread* thread = world.Actor(operation.A, isNotInit);
        if (thread != null)
            world.Call(thread, name, number, arguments);
    }

    private static void SetGroups(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, ((ulong)operation.C << 32) | operation.B);
        world.Put(thread, slot + 8, ((ulong)operation.A << 32) | operation.D);
        world.Call(thread, "setgroups", 116, operation.D % 5, slot);
    }

    private static void SetCapabilities(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null || thread->Process->Id == 1)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, 0x20080522UL);
        world.Put(thread, slot + 8, ((ulong)(operation.B | operation.C | 0xFF) << 32) | (operation.B & operation.C));
        world.Put(thread, slot + 16, (0x1FFUL << 32) | operation.D);
        world.Put(thread, slot + 24, 0x1FFUL << 32);
        world.Call(thread, "capset", 126, slot, slot + 8);
    }

    private static void SetScheduler(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong policy = operation.B % 6;
        world.Put(thread, slot, policy is 1 or 2 ? 1 + (operation.C % 99) : 0);
        world.Call(thread, "sched_setscheduler", 144, 0, policy | (operation.D % 3 == 0 ? 0x40000000UL : 0), slot);
    }

    private static void SetBias(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, "/proc/self/oom_score_adj");
        long? descriptor = world.Call(thread, "open", 2, slot, 1);
        if (descriptor is not >= 0)
            return;
        string value = $"{(operation.B % 2001) - 1000L}";
        world.PutText(thread, slot, value);
        world.Call(thread, "write", 1, (ulong)descriptor, slot, (ulong)value.Length);
        world.Call(thread, "close", 3, (ulong)descriptor);
    }

    private static void SetHostName(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, $"host {operation.C % 1000}");
        world.Call(thread, "sethostname", operation.D % 3 == 0 ? 171 : 170, slot, operation.B % 9);
    }

    // By up to twenty seconds, forward and back.
    private static void SetClock(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong time = world.Kernel.GroupClock.RealtimeNanoseconds + (operation.B % 40 * 500_000_003UL) - 10_000_000_000;
        world.Put(thread, slot, time / 1_000_000_000);
        world.Put(thread, slot + 8, time % 1_000_000_000);
        world.Call(thread, "clock_settime", 227, 0, slot);
    }

    private static void SetLimit(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        // Not the ones that would end the program: the time and the memory it may use.
        ulong which = (operation.B % 6) switch { 0 => 1UL, 1 => 4, 2 => 7, 3 => 11, 4 => 13, _ => 8 };
        world.Put(thread, slot, 64UL + (operation.C % 1000));
        world.Put(thread, slot + 8, 4096UL + (operation.D % 1000));
        if (world.Call(thread, "prlimit64", 302, 0, which, slot, slot + 0x10) == 0)
            world.NoteWords(thread, slot + 0x10, 2);
    }

    private static void Control(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, $"name {operation.C % 1000}");
        (ulong Option, ulong Value) change = (operation.B % 11) switch
        {
            0 => (15UL, slot), 1 => (1, operation.C % 65), 2 => (4, (ulong)(operation.C % 2)), 3 => (38, 1), 4
                => (36, (ulong)(operation.C % 2)), 5 => (16, slot),
            6 => (8, operation.C % 2), 7 => (24, operation.C % 50), 8 => (28, 0x10 + (operation.C % 4 * 0x40)), 9 => (29, operation.C % 7),
            _ => (47, 1 + (operation.C % 4)),
        };
        world.Call(thread, "prctl", 157, change.Option, change.Value, change.Option == 47 && change.Value < 4 ? operation.D % 41 : 0, 0, 0);
    }

    private static void SetRobustList(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        // An empty list, or one with a lock that this thread holds; it is walked when the thread ends.
        ulong head = World.SlotOf(thread) + 0x700;
        ulong element = head + 0x40;
        world.Put(thread, head, operation.B % 2 == 0 ? head : element);
        world.Put(thread, head + 8, 8UL);
        world.Put(thread, head + 16, 0UL);
        world.Put(thread, element, head);
        world.Put(thread, element + 8, (uint)thread->Id);
        world.Call(thread, "set_robust_list", 273, head, 24);
    }

    private static void RegisterSequences(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        // Twice at the same place is refused, and so is giving up what is not there or with another signature: that is how it shows.
        ulong area = World.SlotOf(thread) + 0x7C0;
        world.Put(thread, area + 8, 0UL);
        world.Call(thread, "rseq", 334, area, 32, (ulong)(operation.B % 4 == 0 ? 1 : 0), (ulong)(operation.C % 8 == 0 ? 2 : 1));
    }

    private static void SetRegisters(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        world.Trace?.AppendLine($"  thread {thread->Id} computes in its registers");
        SchedulerDoor.Run(world.Kernel.Scheduler, thread);
        ulong* registers = &thread->Context->R15;
        // R15 to R8: Rax and what a call takes its arguments from change with the next call anyway.
        for (uint i = 0; i < 10; i++)
            registers[i] = ((ulong)operation.B << (int)i) | operation.C;
        thread->Context->Rcx = operation.D;
        thread->Context->Xmm[operation.D % 256] = (byte)operation.C;
        world.Stop();
    }

    private static void GetUsage(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        if (world.Call(thread, "getrusage", 98, operation.B % 2 == 0 ? 0 : ulong.MaxValue, slot) != 0)
            return;
        world.NoteWords(thread, slot, 4);
        // A restored program has touched its pages again and slept again: the counts of that are not compared.
        world.Put(thread, slot, new byte[144]);
    }
}
