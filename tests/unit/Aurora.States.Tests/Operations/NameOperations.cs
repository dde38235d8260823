using System.Collections.Generic;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>The few names that everything happens to: short and long ones, in three folders.</summary>
internal static class Paths
{
    private static readonly string _long = new('n', 255);
    private static readonly string[] _all =
    [
        "/tmp/a", "/tmp/b", "/tmp/c", "/tmp/f0", "/tmp/fifo", "/tmp/d", "/tmp/d/a", "/tmp/d/e", "/tmp/d/e/f", $"/tmp/{_long}", "a",
            "d/b", "/tmp/fifo", "/tmp/a", "/tmp/l",
        "/tmp/d/fifo",
    ];

    public static string Of(uint choice) => _all[choice % (uint)_all.Length];

    /// <summary>A target for a symbolic link: short, too long for the inode, or the longest.</summary>
    public static string Target(uint choice) => (choice % 4) switch
    {
        0 => "/tmp/a",
        1 => "/tmp/" + new string('.', 3) + "/" + new string('t', (int)(choice % 150)),
        2 => new string('y', 3000) + choice,
        _ => Of(choice >> 3),
    };
}

/// <summary>Names: made, linked, renamed and removed while somebody has them open or stands in them.</summary>
internal static unsafe class NameOperations
{
    private const ulong Second = 0x400;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("mkdir", 4, (world, operation) => One(world, operation, "mkdir", 83, 0x1ED)),
        ("rmdir", 2, (world, operation) => One(world, operation, "rmdir", 84)),
        ("unlink", 6, (world, operation) => One(world, operation, "unlink", 87)),
        ("mknod", 4, (world, operation) => One(world, operation, "mknod", 133, operation.C % 5 == 0 ? 0x81A4UL : 0x11B6, 0)),
        ("chmod", 2, (world, operation) => One(world, operation, "chmod", 90, operation.C % 4096)),
        ("lchown", 1, (world, operation) => One(world, operation, "lchown", 94, operation.C % 3, operation.D % 3)),
        ("truncate", 1, (world, operation) => One(world, operation, "truncate", 76, operation.C % 7000)),
        ("chdir", 4, (world, operation) => One(world, operation, "chdir", 80)),
        ("chroot", 1, (world, operation) => { if (operation.C % 4 == 0) One(world, operation, "chroot", 161); }),
        ("lstat", 2, Status), ("rename", 5, (world, operation) => Two(world, operation, "rename", 82)),
        ("renameat2", 2, Exchange), ("link", 4, (world, operation) => Two(world, operation, "link", 86)), ("symlink", 4, Symlink),
            ("readlink", 1, ReadLink), ("readlink of /proc", 3, ReadProcLink),
        ("utimensat", 1, SetTimes), ("getcwd", 1, CurrentDirectory),
        ("setxattr", 3, SetAttribute), ("removexattr", 1, (world, operation) => OfAttribute(world, operation, "removexattr", 197)),
        ("getxattr", 1, (world, operation) => OfAttribute(world, operation, "getxattr", 191, World.Buffer, 4000)),
        ("listxattr", 1, (world, operation) => One(world, operation, "listxattr", 194, World.Buffer, 4000)),
    ];

    private static string Path(Operation operation) => (operation.B % 5) switch { 0 => "/tmp/d", 1 => "/tmp/d/e", _
        => Paths.Of(operation.B >> 3) };

    private static void SetAttribute(World world, Operation operation)
        => OfAttribute(world, operation, "setxattr", 188, World.Buffer, operation.D % 3 == 0 ? operation.D % 3000 : operation.D % 100,
            operation.C % 7 == 0 ? operation.C % 3 : 0UL);

    // Three attributes, of which one has a name that is as long as can be.
    private static void OfAttribute(World world, Operation operation, string name, int number, params ulong[] more)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Path(operation));
        world.PutText(thread, slot + Second,
            (operation.C % 3) switch { 0 => "user.a", 1 => "security.b", _ => "trusted." + new string('x', 240) });
        world.Call(thread, name, number, [slot, slot + Second, .. more]);
    }

    private static void One(World world, Operation operation, string name, int number, params ulong[] more)
    {
        Thread* thread = world.Actor(operation.A, maySleep: number is 80 or 161);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Path(operation));
        world.Trace?.AppendLine($"  # {Path(operation)}");
        world.Call(thread, name, number, [slot, .. more]);
    }

    private static void Two(World world, Operation operation, string name, int number)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Path(operation));
        world.PutText(thread, slot + Second, Paths.Of(operation.C));
        world.Trace?.AppendLine($"  # {Path(operation)}, {Paths.Of(operation.C)}");
        world.Call(thread, name, number, slot, slot + Second);
    }

    private static void Exchange(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong here = unchecked((ulong)-100L);
        world.PutText(thread, slot, Path(operation));
        world.PutText(thread, slot + Second, Paths.Of(operation.C));
        world.Trace?.AppendLine($"  # {Path(operation)}, {Paths.Of(operation.C)}");
        world.Call(thread, "renameat2", 316, here, slot, here, slot + Second, 1 + (operation.D % 2));
    }

    private static void Symlink(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        // A long target needs more room than a thread's place has.
        world.PutText(thread, World.Buffer, Paths.Target(operation.C));
        world.PutText(thread, slot, Paths.Of(operation.B));
        world.Trace?.AppendLine($"  # a target of {Paths.Target(operation.C).Length} bytes, {Paths.Of(operation.B)}");
        world.Call(thread, "symlink", 88, World.Buffer, slot);
    }

    private static void ReadLink(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Paths.Of(operation.B));
        if (world.Call(thread, "readlink", 89, slot, World.Buffer, 4000) > 0)
            world.NoteWords(thread, World.Buffer, 8);
    }

    // Where one stands, what one runs and has open, which all may have lost their names.
    private static void ReadProcLink(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        string link = (operation.B % 5) switch { 0 => "cwd", 1 => "exe", 2 => "root", _ => $"fd/{World.Descriptor(thread, operation.C)}" };
        world.PutText(thread, slot, "/proc/self/" + link);
        world.Trace?.AppendLine($"  # {link}");
        // Into the page just written: a call that waits for a page walks again, and makes what /proc makes on demand again.
        if (world.Call(thread, "readlink", 89, slot, slot + Second, 1000) is long length and > 0)
            world.NoteWords(thread, slot + Second, (int)(length / 8));
    }

    private static void Status(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Path(operation));
        if (world.Call(thread, "lstat", 6, slot, slot + Second) == 0)
            FileOperations.NoteStatus(world, thread, slot + Second);
    }

    private static void SetTimes(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, Path(operation));
        world.Put(thread, slot + Second, (ulong)operation.C);
        world.Put(thread, slot + Second + 8, operation.D % 3 == 0 ? 0x3FFF_FFFFUL : operation.D % 1_000_000_000);
        world.Put(thread, slot + Second + 16, (ulong)operation.D);
        world.Put(thread, slot + Second + 24, 7UL);
        world.Call(thread, "utimensat", 280, unchecked((ulong)-100L), slot, slot + Second, operation.C % 2 == 0 ? 0x100UL : 0);
    }

    private static void CurrentDirectory(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        if (world.Call(thread, "getcwd", 79, World.SlotOf(thread), 1000) > 0)
            world.NoteWords(thread, World.SlotOf(thread), 2);
    }
}
