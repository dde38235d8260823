using System.Collections.Generic;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>
/// Sockets of every type: pairs and connections, with names and without, full and half closed, with messages, senders and open files in
/// them, and with threads that wait to send, receive, connect and accept.
/// </summary>
internal static unsafe class SocketOperations
{
    private const int MaxDescriptors = 16;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("socketpair", 6, MakePair), ("socket", 4, Make), ("bind a socket", 4, Bind), ("listen", 3, Listen), ("connect", 5, Connect),
            ("accept4", 4, Accept), ("send", 9, Send), ("sendmsg with files", 4, SendFiles), ("recvmsg", 6, Receive),
            ("recv", 8, ReceiveBytes),
            ("shutdown", 2, Shut), ("setsockopt", 6, SetOption), ("poll a socket", 2, Poll), ("send much", 2, SendMuch),
    ];

    private static bool IsSocket(nint file) => ((OpenFile*)file)->Kind == FileKind.Socket;

    private static ulong SocketOf(Thread* thread, uint choice) => (ulong)World.Descriptor(thread, choice, IsSocket);

    private static ulong TypeIn(uint number) => (number % 4) switch { 0 or 1 => 1UL, 2 => 2, _ => 5 };

    private static void MakePair(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "socketpair", 53, 1, TypeIn(operation.B) | (operation.C & 0x80800), 0, World.SlotOf(thread));
    }

    private static void Make(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "socket", 41, 1, TypeIn(operation.B) | (operation.C & 0x80800), 0);
    }

    // One of a few paths and abstract names; its length.
    private static ulong PutName(World world, Thread* thread, ulong slot, uint choice)
    {
        string name = (choice % 5) switch { 0 => "/tmp/socket", 1 => "/tmp/d/socket", 2 => "\0one", 3 => "\0two", _ => "" };
        world.Put(thread, slot, (ushort)1);
        if (name.Length > 0)
            world.PutText(thread, slot + 2, name);
        return (ulong)(2 + name.Length);
    }

    private static void Bind(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Call(thread, "bind", 49, SocketOf(thread, operation.B), slot, PutName(world, thread, slot, operation.C));
    }

    private static void Listen(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "listen", 50, SocketOf(thread, operation.B), operation.C % 3);
    }

    private static void Connect(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        ulong length = PutName(world, thread, slot, operation.C % 4);
        if (operation.D % 16 == 0)
            world.Put(thread, slot, (ushort)0);
        world.Call(thread, "connect", 42, SocketOf(thread, operation.B), slot, length);
    }

    private static void Accept(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null && World.DescriptorCount(thread) < MaxDescriptors)
            world.Call(thread, "accept4", 288, SocketOf(thread, operation.B), 0, 0, operation.C & 0x80800);
    }

    private static void Send(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot + 0x400, (ulong)operation.D);
        bool isNamed = operation.D % 3 == 0;
        ulong length = isNamed ? PutName(world, thread, slot, operation.D / 3 % 4) : 0;
        world.Call(thread, "sendto", 44, SocketOf(thread, operation.B), slot + 0x400, operation.C % 300, operation.D & 0x4040,
            isNamed ? slot : 0, length);
    }

    private static void SendMuch(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "write", 1, SocketOf(thread, operation.B), World.Buffer, World.BufferBytes - (operation.C % 5000));
    }

    private static void PutHeader(World world, Thread* thread, ulong slot, ulong bytes, ulong controlBytes)
    {
        world.Put(thread, slot + 0x80, slot + 0x400);
        world.Put(thread, slot + 0x88, bytes);
        world.Put(thread, slot, new LinuxMessageHeader
        {
            Vectors = slot + 0x80, VectorCount = 1, Control = controlBytes == 0 ? 0 : slot + 0xA0, ControlLength = controlBytes,
        });
    }

    private static void SendFiles(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        uint count = 1 + (operation.C % 3);
        PutHeader(world, thread, slot, 1 + (operation.D % 50), 16 + (((count * 4) + 7) & ~7U));
        world.Put(thread, slot + 0xA0, new LinuxControlHeader { Length = 16 + (count * 4), Level = 1, Type = 1 });
        for (uint i = 0; i < count; i++)
            world.Put(thread, slot + 0xB0 + (i * 4), i == 0 ? (int)SocketOf(thread, operation.D)
                : World.Descriptor(thread, operation.D + i));
        world.Call(thread, "sendmsg", 46, SocketOf(thread, operation.B), slot, 0x4000 | (operation.D & 0x40));
    }

    private static void Receive(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null || World.DescriptorCount(thread) >= MaxDescriptors)
            return;
        ulong slot = World.SlotOf(thread);
        PutHeader(world, thread, slot, 1 + (operation.C % 200), operation.D % 4 == 0 ? 0 : 64UL);
        // MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL and MSG_CMSG_CLOEXEC.
        if (world.Call(thread, "recvmsg", 47, SocketOf(thread, operation.B), slot, operation.D & 0x4000_0142) >= 0)
            world.NoteWords(thread, slot, 7);
    }

    private static void ReceiveBytes(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread) + 0x400;
        if (world.Call(thread, "recvfrom", 45, SocketOf(thread, operation.B), slot, 1 + (operation.C % 100),
                operation.D % 4 == 0 ? operation.D & 0x142 : operation.D & 0x40, 0, 0) > 0)
            world.NoteWords(thread, slot, 1);
    }

    private static void Shut(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread != null)
            world.Call(thread, "shutdown", 48, SocketOf(thread, operation.B), operation.C % 3);
    }

    // SO_PASSCRED, SO_PEEK_OFF, SO_SNDBUF, SO_RCVTIMEO, SO_LINGER, SO_REUSEADDR.
    private static void SetOption(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: false);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        (ulong option, ulong value) = (operation.C % 6) switch
        {
            0 => (16UL, (ulong)operation.D % 2), 1 => (42UL, (ulong)operation.D % 9), 2 => (7UL, (ulong)operation.D % 9000),
            3 => (20UL, 0UL), 4 => (13UL, (ulong)operation.D % 2), _ => (2UL, (ulong)operation.D % 2),
        };
        world.Put(thread, slot, value);
        world.Put(thread, slot + 8, (ulong)operation.D % 700_000);
        world.Call(thread, "setsockopt", 54, SocketOf(thread, operation.B), 1, option, slot, 16);
    }

    private static void Poll(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        ulong slot = World.SlotOf(thread);
        world.Put(thread, slot, (uint)SocketOf(thread, operation.B) | ((ulong)(operation.C & 0x2007) << 32));
        if (world.Call(thread, "poll", 7, slot, 1, operation.D % 3 == 0 ? ulong.MaxValue : operation.D % 700) >= 0)
            world.NoteWords(thread, slot, 1);
    }
}
