// A group that has something of everything: private, shared and file-backed memory, files open and unlinked, pipes with contents, a
// terminal with input nobody has read, an eventfd, a timerfd and a signalfd, sockets with messages and an open file in one, an epoll, an
// inotify instance with an event, a pseudo-terminal with something on both sides, System V objects, a POSIX message queue, timers, a lock,
// pending signals, and threads that sleep in a read, a poll, a nanosleep and a futex wait.
using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>Builds up such a group, and does things in it that leave a mark.</summary>
internal static unsafe class BusyGroup
{
    public const ulong Buffer = ProgramDriver.Arena + 0x1000;
    public const ulong Private = ProgramDriver.Arena + 0x8000;
    public const ulong SharedMemory = 0x2000_0000;
    public const ulong SharedFile = 0x2100_0000;
    public const ulong PrivateFile = 0x2200_0000;

    public const ulong Segment = 0x2300_0000;
    public const ulong RemovedSegment = 0x2400_0000;

    // Descriptors.
    private const ulong Console = 1, Data = 3, Gone = 4, PipeEnd = 5, PipeStart = 6, EmptyEnd = 7, EmptyStart = 8, Epoll = 9;
    private const ulong Counter = 10, Timer = 11, Signals = 12, SocketEnd = 13, SocketStart = 14;
    private const ulong Master = 15, Slave = 17, NamedQueue = 18, Notices = 19;

    // Process numbers: 1, three children, a thread.
    private const int Reader = 2;

    // Longer than the longest run of groups that come and go, in seconds; as milliseconds an int.
    private const ulong Weeks = 2_000_000;

    /// <summary>Gives a group all of that.</summary>
    public static void Build(GroupWorld world, ObjectTracker group)
    {
        ProgramDriver programs = world.Programs;
        Thread* init = programs.Init(group);
        OpenFiles(programs, init);
        MapMemory(programs, init);
        SetTimers(programs, init);
        OpenEvents(programs, init);
        MakeIpc(programs, init);
        ConnectSockets(programs, init);
        OpenTerminal(programs, init);
        MakeQueue(programs, init);
        WatchNames(programs, init);
        BlockSignals(programs, init);
        FallAsleep(programs, group, init);
        Assert.Equal(12, world.Manager.Type(group, "pending\nhalf"u8));
        Mark(world, group, "first", 0);
    }

    /// <summary>Leaves a mark on all of it. The marks of different rounds and of different groups are different.</summary>
    public static void Mark(GroupWorld world, ObjectTracker group, string mark, int round)
    {
        ProgramDriver programs = world.Programs;
        Thread* init = programs.Init(group);
        string text = $"{mark} {round}\n";
        ulong number = BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(text)));
        programs.Put(init, Private + ((ulong)(round % 4) * PageSize.Bytes), number);
        programs.Put(init, SharedMemory + 64, number + 1);
        programs.Put(init, SharedFile + 64, number + 2);
        programs.Put(init, Segment + 64, number + 4);
        programs.Put(init, RemovedSegment + 64, number + 5);
        programs.Put(init, PrivateFile + PageSize.Bytes, number + 3);
        programs.PutText(init, Buffer, text);
        foreach (ulong file in new[] { Data, Gone, PipeStart, Console })
            Assert.Equal(text.Length, programs.Do(init, 1, file, Buffer, (ulong)text.Length));
        programs.Do(init, 0, PipeEnd, Buffer, 5);
        programs.Put(init, Buffer, 3);
        programs.Do(init, 1, Counter, Buffer, 8);
        // What is sent takes the place of what is read: there is always as much in the queue.
        Assert.Equal(8, programs.Do(init, 1, SocketStart, Buffer, 8));
        Assert.Equal(8, programs.Do(init, 0, SocketEnd, Buffer, 8));
        Assert.Equal(8, programs.Do(init, 1, Slave, Buffer, 8));
        Assert.Equal(8, programs.Do(init, 0, Master, Buffer, 8));
        ulong name = programs.PutText(init, Buffer, $"/tmp/{mark}{round}");
        programs.Do(init, 3, (ulong)programs.Do(init, 2, name, 0x42, 0x1B6));
        Assert.InRange(programs.Do(init, 0, Notices, Buffer + 0x200, 48), 32, 48);
        if (round % 2 == 0)
            programs.Do(init, 82, name, programs.PutText(init, Buffer + 0x100, $"/tmp/{mark}"));
        Queue(programs, init, number);
        SendOn(programs, init, number);
        Assert.Equal(text.Length, world.Manager.Type(group, Encoding.ASCII.GetBytes(text)));
    }

    /// <summary>The group goes on from where it was: a reader gets what it has waited for, and the first line of the terminal is
    /// read.</summary>
    public static void AssertGoesOn(GroupWorld world, ObjectTracker group)
    {
        ProgramDriver programs = world.Programs;
        programs.GoOn(group);
        Thread* init = programs.Init(group);
        Thread* reader = programs.Thread(group, Reader);
        Assert.True(reader->Call.Active && reader->State == ThreadState.Blocked);
        programs.PutText(init, Buffer, "wake");
        programs.Do(init, 1, EmptyStart, Buffer, 4);
        programs.GoOn(group);
        Assert.False(reader->Call.Active);
        Assert.Equal(4, (long)reader->Context->Rax);
        Assert.Equal("wake", programs.GetText(reader, Buffer, 4));
        Assert.Equal("pending\n", programs.GetText(init, Buffer, (int)programs.Do(init, 0, 0, Buffer, 100)));
    }

    // Raw, so that what goes in and what comes out are as many.
    private static void OpenTerminal(ProgramDriver programs, Thread* init)
    {
        Assert.Equal((long)Master, programs.Do(init, 2, programs.PutText(init, ProgramDriver.Slot, "/dev/ptmx"), 0x102));
        programs.Put(init, ProgramDriver.Slot, 0);
        programs.Do(init, 16, Master, 0x4004_5431, ProgramDriver.Slot);
        Assert.Equal((long)Slave, programs.Do(init, 16, Master, 0x5441, 0x102));
        programs.Do(init, 16, Slave, 0x5401, ProgramDriver.Slot);
        programs.Put(init, ProgramDriver.Slot + 4, 0);
        programs.Do(init, 16, Slave, 0x5402, ProgramDriver.Slot);
        programs.PutText(init, Buffer, "typed and shown");
        programs.Do(init, 1, Master, Buffer, 5);
        programs.Do(init, 1, Slave, Buffer, 15);
    }

    private static void OpenFiles(ProgramDriver programs, Thread* init)
    {
        Assert.Equal(0, programs.Do(init, 2, programs.PutText(init, ProgramDriver.Slot, "/dev/console"), 2));
        programs.Do(init, 32, 0);
        programs.Do(init, 32, 0);
        programs.Put(init, Buffer, Encoding.ASCII.GetBytes(new string('d', 6000)));
        foreach (string path in new[] { "/data", "/gone" })
        {
            ulong file = (ulong)programs.Do(init, 2, programs.PutText(init, ProgramDriver.Slot, path), 0x42, 0x1B6);
            programs.Do(init, 1, file, Buffer, 6000);
        }
        programs.Do(init, 87, programs.PutText(init, ProgramDriver.Slot, "/gone"));
        programs.Do(init, 22, ProgramDriver.Slot);
        programs.Do(init, 22, ProgramDriver.Slot);
        programs.Do(init, 1, PipeStart, Buffer, 100);
        // F_SETLK of a stretch of the file, for writing.
        programs.Put(init, ProgramDriver.Slot, 1);
        programs.Put(init, ProgramDriver.Slot + 8, 100);
        programs.Put(init, ProgramDriver.Slot + 16, 50);
        programs.Do(init, 72, Data, 6, ProgramDriver.Slot);
        WatchFiles(programs, init);
    }

    // inotify, of what is made in a directory, with one event nobody has read: each mark makes one and reads one.
    private static void WatchNames(ProgramDriver programs, Thread* init)
    {
        // There may be one of an earlier group.
        programs.Call(init, 84, programs.PutText(init, ProgramDriver.Slot, "/tmp/watched"));
        Assert.Equal((long)Notices, programs.Do(init, 294, 0));
        programs.Do(init, 254, Notices, programs.PutText(init, ProgramDriver.Slot, "/data"), 0x4);
        programs.Do(init, 254, Notices, programs.PutText(init, ProgramDriver.Slot, "/tmp"), 0x100);
        programs.Do(init, 83, programs.PutText(init, ProgramDriver.Slot, "/tmp/watched"), 0x1ED);
    }

    // An epoll with a pipe that has something (EPOLLIN), one that has not, and room (EPOLLOUT | EPOLLET), which it has told of.
    private static void WatchFiles(ProgramDriver programs, Thread* init)
    {
        Assert.Equal((long)Epoll, programs.Do(init, 291, 0));
        foreach ((ulong file, ulong events) in new (ulong, ulong)[] { (PipeEnd, 1), (EmptyEnd, 1), (EmptyStart, 0x8000_0004) })
        {
            programs.Put(init, ProgramDriver.Slot, events | (file << 32));
            programs.Put(init, ProgramDriver.Slot + 8, 0);
            programs.Do(init, 233, Epoll, 1, file, ProgramDriver.Slot);
        }
        Assert.Equal(2, programs.Do(init, 232, Epoll, ProgramDriver.Slot, 4, 0));
    }

    private static void MapMemory(ProgramDriver programs, Thread* init)
    {
        programs.Do(init, 9, SharedMemory, 2 * PageSize.Bytes, 3, 0x31, ulong.MaxValue, 0);
        programs.Do(init, 9, SharedFile, 2 * PageSize.Bytes, 3, 0x11, Data, 0);
        programs.Do(init, 9, PrivateFile, 2 * PageSize.Bytes, 3, 0x12, Data, 0);
    }

    private static void SetTimers(ProgramDriver programs, Thread* init)
    {
        ulong time = ProgramDriver.Slot + 0x40;
        programs.Put(init, time, 0);
        programs.Put(init, time + 8, 0);
        programs.Put(init, time + 16, Weeks);
        programs.Put(init, time + 24, 0);
        programs.Do(init, 38, 0, time, 0);
        programs.Do(init, 222, 1, 0, ProgramDriver.Slot);
        programs.Do(init, 223, (uint)programs.Get(init, ProgramDriver.Slot), 0, time, 0);
    }

    // An eventfd, a timerfd for a moment of real time, and a signalfd.
    private static void OpenEvents(ProgramDriver programs, Thread* init)
    {
        ulong time = ProgramDriver.Slot + 0x40;
        Assert.Equal((long)Counter, programs.Do(init, 290, 5, 0));
        Assert.Equal((long)Timer, programs.Do(init, 283, 0, 0));
        programs.Put(init, time, 7);
        programs.Put(init, time + 16, 3 * (1UL << 30));
        programs.Do(init, 286, Timer, 1, time, 0);
        programs.Put(init, ProgramDriver.Slot, (1UL << (10 - 1)) | (1UL << (34 - 1)));
        Assert.Equal((long)Signals, programs.Do(init, 289, ulong.MaxValue, ProgramDriver.Slot, 8, 0));
    }

    // A segment with a key, one that is removed, and one that nobody has attached.
    private static void MakeIpc(ProgramDriver programs, Thread* init)
    {
        ulong removed = (ulong)programs.Do(init, 29, 0, PageSize.Bytes, 0x1B6);
        Assert.Equal((long)Segment, programs.Do(init, 30, (ulong)programs.Do(init, 29, 77, 2 * PageSize.Bytes, 0x3B6), Segment, 0));
        Assert.Equal((long)RemovedSegment, programs.Do(init, 30, removed, RemovedSegment, 0));
        programs.Do(init, 31, removed, 0, 0);
        programs.Do(init, 29, 78, PageSize.Bytes, 0x3B6);
        ulong queue = (ulong)programs.Do(init, 68, 77, 0x3B6);
        programs.Put(init, ProgramDriver.Slot, 5);
        programs.Do(init, 69, queue, ProgramDriver.Slot, 100, 0);
        programs.Do(init, 69, queue, ProgramDriver.Slot, 4000, 0);
        ulong set = (ulong)programs.Do(init, 64, 77, 70, 0x3B6);
        programs.Put(init, ProgramDriver.Slot, 0x1000_0003_0045UL);
        programs.Do(init, 65, set, ProgramDriver.Slot, 1);
    }

    // With something in it, and somebody who wants to be told.
    private static void MakeQueue(ProgramDriver programs, Thread* init)
    {
        programs.Put(init, Buffer, 0);
        programs.Put(init, Buffer + 8, 4);
        programs.Put(init, Buffer + 16, 100);
        Assert.Equal((long)NamedQueue, programs.Do(init, 240, programs.PutText(init, ProgramDriver.Slot, "busy"), 0x42, 0x180, Buffer));
        Assert.Equal(0, programs.Do(init, 242, NamedQueue, Buffer, 20, 7, 0));
        Assert.Equal(0, programs.Do(init, 242, NamedQueue, Buffer, 30, 8, 0));
        programs.Put(init, Buffer, 0);
        programs.Put(init, Buffer + 8, 1UL << 32);
        Assert.Equal(0, programs.Do(init, 244, NamedQueue, Buffer));
    }

    // The oldest message goes, and a new one comes.
    private static void SendOn(ProgramDriver programs, Thread* init, ulong number)
    {
        Assert.True(programs.Do(init, 243, NamedQueue, Buffer, 100, 0, 0) > 0);
        programs.Put(init, Buffer, number);
        Assert.Equal(0, programs.Do(init, 242, NamedQueue, Buffer, 8 + (number % 50), number % 100, 0));
        ulong queue = (ulong)programs.Do(init, 68, 77, 0);
        Assert.True(programs.Do(init, 70, queue, Buffer, 4000, 0, 0) >= 8);
        programs.Put(init, Buffer, 5);
        programs.Put(init, Buffer + 8, number);
        programs.Do(init, 69, queue, Buffer, 8 + (number % 50), 0);
        programs.Put(init, Buffer, ((1 + (number % 3)) << 16) | 3);
        programs.Do(init, 65, (ulong)programs.Do(init, 64, 77, 0, 0), Buffer, 1);
    }

    // A pair with 24 bytes, and one of another in a message at its peer, which nobody has open any more.
    private static void ConnectSockets(ProgramDriver programs, Thread* init)
    {
        Assert.Equal(0, programs.Do(init, 53, 1, 1, 0, ProgramDriver.Slot));
        for (int i = 0; i < 3; i++)
            Assert.Equal(8, programs.Do(init, 1, SocketStart, Buffer, 8));
        ulong header = ProgramDriver.Slot + 0x80, vector = ProgramDriver.Slot + 0xC0, control = ProgramDriver.Slot + 0xD0;
        Assert.Equal(0, programs.Do(init, 53, 1, 2, 0, ProgramDriver.Slot));
        foreach ((ulong place, ulong value) in new (ulong, ulong)[]
        {
            (header, 0), (header + 8, 0), (header + 16, vector), (header + 24, 1), (header + 32, control), (header + 40, 24),
            (header + 48, 0),
            (vector, Buffer), (vector + 8, 1), (control, 20), (control + 8, 1 | (1UL << 32)), (control + 16, SocketStart + 1),
        })
        {
            programs.Put(init, place, value);
        }
        Assert.Equal(1, programs.Do(init, 46, SocketStart + 1, header, 0));
        Assert.Equal(0, programs.Do(init, 3, SocketStart + 1));
    }

    private static void BlockSignals(ProgramDriver programs, Thread* init)
    {
        programs.Put(init, ProgramDriver.Slot, (1UL << (10 - 1)) | (1UL << (34 - 1)));
        programs.Do(init, 14, 0, ProgramDriver.Slot, 0, 8);
        programs.Do(init, 62, 1, 10);
    }

    // rt_sigqueueinfo with a value.
    private static void Queue(ProgramDriver programs, Thread* init, ulong value)
    {
        ulong info = ProgramDriver.Slot + 0x80;
        programs.Put(init, info, 34);
        programs.Put(init, info + 8, 0xFFFF_FFFF);
        programs.Put(init, info + 16, 1);
        programs.Put(init, info + 24, value);
        programs.Do(init, 129, 1, 34, info);
    }

    private static void FallAsleep(ProgramDriver programs, ObjectTracker group, Thread* init)
    {
        Thread* reader = Fork(programs, group, init);
        Assert.Equal(Reader, reader->Id);
        Assert.Null(programs.Call(reader, 0, EmptyEnd, Buffer, 100));
        Thread* sleeper = Fork(programs, group, init);
        programs.Put(sleeper, ProgramDriver.Slot, Weeks);
        programs.Put(sleeper, ProgramDriver.Slot + 8, 5);
        Assert.Null(programs.Call(sleeper, 35, ProgramDriver.Slot, 0));
        Thread* poller = Fork(programs, group, init);
        programs.Put(poller, ProgramDriver.Slot, EmptyEnd | (1UL << 32));
        Assert.Null(programs.Call(poller, 7, ProgramDriver.Slot, 1, Weeks * 1000));
        Thread* waiter = programs.Thread(group, programs.Do(init, 56, 0x1_0F00, ProgramDriver.Arena + 0x7000));
        programs.GoOn(group);
        Assert.Null(programs.Call(waiter, 202, SharedMemory, 0, 0, 0));
    }

    private static Thread* Fork(ProgramDriver programs, ObjectTracker group, Thread* parent)
    {
        Thread* child = programs.Thread(group, programs.Do(parent, 57));
        programs.GoOn(group);
        return child;
    }
}
