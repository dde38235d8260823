using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Tests;

/// <summary>One stream, number 7, in whichever direction it is used; what becomes of it is what a test says.</summary>
internal sealed unsafe class TestStreams(WaitQueue* changed, ThreadScheduler scheduler) : StreamService
{
    public const ulong Number = 7;

    private readonly byte[] _room = new byte[64];

    public WaitQueue* Changed => changed;

    /// <summary>What comes next of it.</summary>
    public byte[] Next { get; set; } = [];

    /// <summary>What is answered when nothing comes next, there is no room, or it is asked what was made of it.</summary>
    public Errno Answer { get; set; } = Errno.EAGAIN;
    public ulong Made { get; set; }
    public int RoomBytes { get; set; }
    public string Given { get; private set; } = "";
    public bool HasEnded { get; private set; }

    public override Errno Look(ulong number, ObjectId asker, out ReadOnlySpan<byte> bytes)
    {
        bytes = number == Number ? Next : [];
        return number != Number ? Errno.ECANCELED : bytes.IsEmpty ? Answer : Errno.Ok;
    }

    public override void Taken(ulong number, ObjectId asker, int bytes) => Next = Next[bytes..];

    public override Errno Room(ulong number, ObjectId asker, out Span<byte> room)
    {
        room = _room.AsSpan(0, RoomBytes);
        return number != Number ? Errno.ECANCELED : RoomBytes == 0 ? Answer : Errno.Ok;
    }

    public override void Put(ulong number, ObjectId asker, int bytes) => Given += Encoding.UTF8.GetString(_room, 0, bytes);

    public override Errno End(ulong number, ObjectId asker, out ulong made)
    {
        HasEnded |= number == Number;
        made = Made;
        return number == Number ? Answer : Errno.ECANCELED;
    }

    public override void Await(Thread* thread, ulong number, ObjectId asker) => scheduler.BlockOn(thread, changed);
}
