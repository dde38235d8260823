// An epoll: an open file that watches others. Each watch is a kernel object of its own, so that an event changes one small record; it is
// keyed by the open file it watches and the descriptor by which it was asked for. It does not hold that file: when the last descriptor of
// the open file is closed its watches go with it.
//
//   EventPoll  ── Tree ──────►  its watches, by file and descriptor (EventTree)
//       │      ── FirstWatch ►  the same as a list: those of other epolls first
//       │      ── Ready ─────►  those that have heard of something (ReadyList)
//       ▼
//   File: the one open file that it is the attachment of;  File->FirstWatch: the watches of other epolls on it
//
// Protected by the kernel lock.
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What an epoll watches. Persistent (<see cref="ObjectKind.EventPoll"/>); owned by its open file.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct EventPoll
{
    public ObjectHeader Header;
    public OpenFile* File;
    public ReadyList Ready;
    public EventWatch* Tree;
    public EventWatch* FirstWatch;
    public EventWatch* LastWatch;
    public int WatchCount;

    /// <summary>How many epolls lie below it or above it, as a search has found it: the one with this number.</summary>
    internal int Depth;
    internal ulong Search;

    /// <summary>True while some other epoll watches it.</summary>
    public readonly bool IsWatched => File != null && File->FirstWatch != null;
}

/// <summary>One file that an epoll watches. Persistent (<see cref="ObjectKind.EventWatch"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct EventWatch
{
    public ObjectHeader Header;
    public EventPoll* Poll;

    /// <summary>The open file that is watched; not held.</summary>
    public OpenFile* File;

    /// <summary>The descriptor by which it was asked for.</summary>
    public int Descriptor;

    /// <summary>What was asked for, and how (<see cref="EventFlags"/>).</summary>
    public uint Events;

    /// <summary>The program's.</summary>
    public ulong Data;
    public ReadyWatch Ready;

    // In the tree of the epoll, in its list, and among the watches of the file.
    internal EventWatch* Left, Right;
    internal EventWatch* NextOfPoll, PreviousOfPoll;
    internal EventWatch* NextOfFile, PreviousOfFile;

    public readonly bool IsEdgeTriggered => (Events & EventFlags.EdgeTriggered) != 0;
    public readonly bool IsOneShot => (Events & EventFlags.OneShot) != 0;
    public readonly bool IsExclusive => (Events & EventFlags.Exclusive) != 0;
}

/// <summary>The bits of epoll_event.events that are no poll events, by Linux's values, and which go together.</summary>
public static class EventFlags
{
    public const uint Exclusive = 1U << 28;
    public const uint WakeUp = 1U << 29;
    public const uint OneShot = 1U << 30;
    public const uint EdgeTriggered = 1U << 31;

    /// <summary>How to watch; what is left of a one-shot watch that has told.</summary>
    public const uint How = Exclusive | WakeUp | OneShot | EdgeTriggered;

    /// <summary>Told whether asked for or not.</summary>
    public const uint Always = (uint)(PollEvents.Error | PollEvents.HangUp);

    /// <summary>What may be asked for together with EPOLLEXCLUSIVE.</summary>
    public const uint WithExclusive = (uint)(PollEvents.In | PollEvents.Out) | Always | WakeUp | EdgeTriggered | Exclusive;

    /// <summary>True for what a watch can have: what is always told is there, unless it is one-shot and has told.</summary>
    public static bool IsValid(uint events)
        => ((events & ~How) == 0 ? (events & OneShot) != 0 : (events & Always) == Always)
            && ((events & Exclusive) == 0 || (events & ~WithExclusive) == 0);
}
