using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Tests;

/// <summary>Two groups, "host" and "other", with logs a test writes; what is asked for is done when the test says so.</summary>
internal sealed unsafe class TestGroups(WaitQueue* changed, ObjectTracker host) : GroupService
{
    private readonly byte[] _log = new byte[64];

    public GroupRequest Asked { get; private set; }
    public byte[] Program { get; private set; } = [];
    public ulong Ticket { get; private set; }
    public long? Result { get; set; }
    public int LogBytes { get; set; }
    public bool IsMoving { get; set; }
    public bool IsFull { get; set; }
    public bool Ended { get; set; }
    public int InputRoom { get; set; } = 3;

    /// <summary>True while those who call are in the host.</summary>
    public bool IsInHost { get; set; } = true;

    public override WaitQueue* Changed => changed;

    public ulong CurrentBoot { get; set; } = 1;

    public override ulong Boot => CurrentBoot;

    public override bool IsHost(ObjectTracker group) => IsInHost && group.Index == host.Index;

    public override bool HasEnded(ObjectTracker group) => Ended;

    public override ulong NumberAt(uint index) => index == host.Index ? 7UL : ulong.MaxValue;

    public override ReadOnlySpan<byte> NameOf(ObjectTracker group) => IsHost(group) ? "host"u8 : "other"u8;

    public override Errno Find(ReadOnlySpan<byte> name, out ObjectTracker group)
    {
        group = host;
        bool isThere = name.SequenceEqual("host"u8) || name.SequenceEqual("other"u8);
        return !isThere ? Errno.ENOENT : IsMoving ? Errno.EAGAIN : Errno.Ok;
    }

    public ulong Generation { get; set; }

    public override ulong GenerationOf(ObjectTracker group) => Generation;

    public override Errno Ask(ObjectTracker asker, ObjectId process, in GroupRequest request, in ProgramStrings program, out ulong ticket)
    {
        ticket = 0;
        if (IsFull)
            return Errno.EAGAIN;
        Asked = request;
        Program = program.Text.ToArray();
        ticket = ++Ticket;
        return Errno.Ok;
    }

    public override bool IsDone(ulong ticket, out long result)
    {
        result = Result ?? 0;
        return Result != null;
    }

    public override bool Read(ObjectTracker viewer, int index, out SlsGroup about)
    {
        about = new SlsGroup { Id = (ulong)index };
        return index < (IsHost(viewer) ? 2 : 1);
    }

    public override int ReadLog(ObjectTracker group, ref ulong position, Span<byte> destination)
    {
        for (int i = 0; i < LogBytes; i++)
            _log[i] = (byte)('a' + i);
        position = Math.Min(position, (ulong)LogBytes);
        int count = Math.Min(LogBytes - (int)position, destination.Length);
        _log.AsSpan((int)position, count).CopyTo(destination);
        return count;
    }

    public override WaitQueue* LogOf(ObjectTracker group) => changed;

    public override int Type(ObjectTracker group, ReadOnlySpan<byte> bytes) => Math.Min(InputRoom, bytes.Length);
}
