using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>inotify over the names that everything happens to, with limits that are met, and readers that wait.</summary>
internal static unsafe class InotifyOperations
{
    private const int MaxDescriptors = 16;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("inotify_init1", 2, Make), ("inotify_add_watch", 5, Add), ("inotify_rm_watch", 1, Remove), ("read inotify", 3, Read),
            ("inotify limit", 1, SetLimit), ("move in a watched folder", 3, MoveWatched),
    ];

    private static bool IsInstance(nint file) => ((OpenFile*)file)->Kind == FileKind.Inotify;

    private static ulong InstanceOf(Thread* thread, Operation operation) => (ulong)World.Descriptor(thread, operation.B, IsInstance);

    private static void Make(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        int events = operation.C % 4 == 0 ? 1000 : (int)(operation.C % 6);
        world.Kernel.Settings.SetInotifyLimit(world.Kernel.Tracker, InotifyLimit.QueuedEvents, events);
        world.Call(thread, "inotify_init1", 294, operation.B & 0x80800);
    }

    // Everything, or some; now and then once only, or more than before, or only what has a name.
    private static void Add(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong mask = operation.D % 3 == 0 ? 0xFFFUL : operation.D & 0xFFF;
        mask |= (operation.D >> 12) % 6 == 0 ? 1UL << 31 : 0;
        mask |= (operation.D >> 15) % 4 == 0 ? 1UL << 29 : 0;
        mask |= (operation.D >> 18) % 4 == 0 ? 1UL << 26 : 0;
        string path = operation.C % 3 == 0 ? "/tmp" : operation.C % 3 == 1 ? "/tmp/d" : Paths.Of(operation.C >> 3);
        world.Call(thread, "inotify_add_watch", 254, InstanceOf(thread, operation),
            world.PutText(thread, World.SlotOf(thread), path), mask);
    }

    private static void Remove(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "inotify_rm_watch", 255, InstanceOf(thread, operation), 1 + (operation.C % 4));
    }

    private static void Read(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        long length = world.Call(thread, "read inotify", 0, InstanceOf(thread, operation), slot, 16 + (operation.C % 300));
        if (length > 0)
            world.NoteWords(thread, slot, (int)length / 8);
    }

    // Mostly of events; of instances and watches, so that some can be had.
    private static void SetLimit(World world, Operation operation)
    {
        InotifyLimit limit = operation.C % 5 == 0 ? InotifyLimit.Instances : operation.C % 5 == 1 ? InotifyLimit.Watches
            : InotifyLimit.QueuedEvents;
        int least = limit == InotifyLimit.QueuedEvents ? 0 : 3;
        world.Kernel.Settings.SetInotifyLimit(world.Kernel.Tracker, limit, least + (int)(operation.D % 7));
    }

    // A name that goes there and, now and then, back.
    private static void MoveWatched(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong one = world.PutText(thread, slot, "/tmp/moved"), other = world.PutText(thread, slot + 0x80, "/tmp/there");
        ulong folder = world.PutText(thread, slot + 0x100, "/tmp");
        world.Call(thread, "inotify_add_watch", 254, InstanceOf(thread, operation), folder, 0xFC0);
        world.Call(thread, "mknod", 133, one, 0x81A4, 0);
        world.Call(thread, "rename", 82, one, other);
        if (operation.C % 3 == 0)
            world.Call(thread, "rename", 82, other, one);
    }
}
