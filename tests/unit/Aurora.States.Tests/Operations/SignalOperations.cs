using System.Collections.Generic;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Signals: handled, ignored, blocked, pending, queued with values, awaited; stops and continuations.</summary>
internal static unsafe class SignalOperations
{
    // Fatal ones are rare, or nobody would be left.
    private static readonly ulong[] _signals = [10, 12, 34, 35, 40, 64, 14, 17, 18, 19, 20, 21, 23, 28, 10, 12, 33, 15];

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("rt_sigaction", 6, SetAction), ("rt_sigprocmask", 6, SetMask), ("kill", 5, Kill), ("tgkill", 4, KillThread), ("rt_sigqueueinfo",
            4, Queue),
        ("rt_tgsigqueueinfo", 2, QueueToThread), ("many rt_tgsigqueueinfo", 2, QueueManyToItself), ("rt_sigpending", 2, Pending),
            ("sigaltstack", 2, AlternateStack),
        ("rt_sigsuspend", 3, Suspend), ("pause", 2, Pause),
        ("rt_sigtimedwait", 3, TimedWait), ("rt_sigreturn", 8, Return),
    ];

    private static ulong Signal(uint choice) => _signals[choice % (uint)_signals.Length];

    private static ulong Mask(uint choice, uint other) => (1UL << (int)(Signal(choice) - 1)) | (1UL << (int)(Signal(other) - 1));

    private static void SetAction(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong handler = (operation.C % 6) switch { 0 => 0UL, 1 => 1, _ => World.Handler };
        world.Put(thread, slot, handler);
        // SA_SIGINFO, SA_NOCLDSTOP, SA_NOCLDWAIT, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND; always with a restorer.
        world.Put(thread, slot + 8, 0x0400_0000UL | (operation.D & 0xD800_0007));
        world.Put(thread, slot + 16, World.Restorer);
        world.Put(thread, slot + 24, operation.D % 3 == 0 ? Mask(operation.C, operation.D >> 8) : 0);
        if (world.Call(thread, "rt_sigaction", 13, Signal(operation.B), slot, slot + 0x40, 8) == 0)
            world.NoteWords(thread, slot + 0x40, 4);
    }

    private static void SetMask(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, operation.C % 3 == 0 ? 0xFFFF_FFFE_FFFE_BEFFUL & ((ulong)operation.D * 0x1_0000_0001) : Mask(operation.C,
            operation.D));
        if (world.Call(thread, "rt_sigprocmask", 14, operation.B % 3, slot, slot + 8, 8) == 0)
            world.NoteWords(thread, slot + 8, 1);
    }

    private static ulong Victim(World world, Thread* thread, uint choice)
    {
        List<nint> threads = world.Threads();
        var victim = (Thread*)threads[(int)(choice % (uint)threads.Count)];
        return (ulong)victim->Process->Id;
    }

    private static void Kill(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong target = (operation.D % 8) switch { 0 => 0UL, 1 => 0UL - (ulong)thread->Process->ProcessGroup->Id, _
            => Victim(world, thread, operation.C) };
        world.Call(thread, "kill", 62, target, operation.D % 31 == 30 ? 9UL : Signal(operation.B));
    }

    private static void KillThread(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        List<nint> threads = world.Threads();
        var victim = (Thread*)threads[(int)(operation.C % (uint)threads.Count)];
        world.Call(thread, "tgkill", 234, (ulong)victim->Process->Id, (ulong)victim->Id, Blocked(victim, operation));
    }

    // Mostly one that stays pending.
    private static ulong Blocked(Thread* victim, Operation operation)
    {
        foreach (ulong signal in _signals)
            if (operation.D % 4 != 0 && (victim->BlockedSignals.Bits >> (int)(signal - 1) & 1) != 0 && operation.B % signal != 0)
                return signal;
        return Signal(operation.B);
    }

    private static void QueueToThread(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        List<nint> threads = world.Threads();
        var victim = (Thread*)threads[(int)(operation.C % (uint)threads.Count)];
        ulong signal = Blocked(victim, operation);
        PutInfo(world, thread, signal, operation.D);
        world.Call(thread, "rt_tgsigqueueinfo", 297, (ulong)victim->Process->Id, (ulong)victim->Id, signal, World.SlotOf(thread));
    }

    // More than a queue takes, and now and then more than a piece behind it: it blocks real-time signals and sends them to itself.
    private static void QueueManyToItself(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (1UL << 33) | (1UL << 34) | (1UL << 39));
        world.Call(thread, "rt_sigprocmask", 14, 0, slot, 0, 8);
        uint count = operation.D % 3 == 0 ? 150u : 40;
        for (uint i = 0; i < count; i++)
        {
            // What was pending may have ended it on the way out of the call before.
            if (!world.Kernel.IsAlive(thread) || !World.IsInUserMode(thread))
                return;
            ulong signal = _signals[2 + ((operation.B + i) % 3)];
            PutInfo(world, thread, signal, operation.C + i);
            if (operation.D % 2 == 0)
                world.Call(thread, "rt_tgsigqueueinfo", 297, (ulong)thread->Process->Id, (ulong)thread->Id, signal, slot);
            else
                world.Call(thread, "rt_sigqueueinfo", 129, (ulong)thread->Process->Id, signal, slot);
        }
    }

    private static void Queue(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong signal = Signal(operation.B);
        PutInfo(world, thread, signal, operation.D);
        world.Call(thread, "rt_sigqueueinfo", 129, Victim(world, thread, operation.C), signal, World.SlotOf(thread));
    }

    private static void PutInfo(World world, Thread* thread, ulong signal, ulong value)
    {
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, signal);
        world.Put(thread, slot + 8, 0xFFFF_FFFFUL);
        world.Put(thread, slot + 16, (uint)thread->Process->Id | ((ulong)thread->Process->Credentials.RealUid << 32));
        world.Put(thread, slot + 24, value);
        world.Put(thread, slot + 32, ~value);
        world.Put(thread, slot + 40, value * 0x1_0001);
    }

    private static void Pending(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        if (world.Call(thread, "rt_sigpending", 127, World.SlotOf(thread), 8) == 0)
            world.NoteWords(thread, World.SlotOf(thread), 1);
    }

    private static void AlternateStack(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, World.Buffer + ((ulong)(operation.B % 2) * 0x2000));
        world.Put(thread, slot + 8, operation.C % 3 == 0 ? 2UL : 0);
        world.Put(thread, slot + 16, 0x2000UL);
        world.Call(thread, "sigaltstack", 131, slot, slot + 0x20);
    }

    private static void Suspend(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        world.Put(thread, World.SlotOf(thread), Mask(operation.B, operation.C));
        world.Call(thread, "rt_sigsuspend", 130, World.SlotOf(thread), 8);
    }

    private static void Pause(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "pause", 34);
    }

    private static void TimedWait(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, Mask(operation.B, operation.C));
        world.Put(thread, slot + 8, (ulong)(operation.D % 3));
        world.Put(thread, slot + 16, (ulong)(operation.D % 1_000_000));
        if (world.Call(thread, "rt_sigtimedwait", 128, slot, slot + 0x40, operation.D % 4 == 0 ? 0 : slot + 8, 8) > 0)
            world.NoteWords(thread, slot + 0x40, 4);
    }

    private static void Return(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || !World.IsInHandler(thread))
            return;
        thread->Context->Rsp += 8;
        world.Call(thread, "rt_sigreturn", 15);
    }
}
