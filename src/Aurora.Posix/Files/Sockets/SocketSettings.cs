using System;
using System.Runtime.InteropServices;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>Options that are on or off. The values are part of the record format.</summary>
[Flags]
public enum SocketOptions : uint
{
    None = 0,
    ReuseAddress = 1,
    ReusePort = 2,
    KeepAlive = 4,
    Broadcast = 8,
    DontRoute = 0x10,
    OutOfBandInline = 0x20,
    NoChecksum = 0x40,
    Linger = 0x80,
    Timestamp = 0x100,
    TimestampNanoseconds = 0x200,
    Overflow = 0x400,
    Debug = 0x800,
    SelectErrorQueue = 0x1000,

    /// <summary>Who has sent a message is told with it (SO_PASSCRED).</summary>
    PassCredentials = 0x2000,
    PassSecurity = 0x4000,
    All = 0x7FFF,
}

/// <summary>What setsockopt sets; part of the record of a socket as it is.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SocketSettings
{
    public const int Bytes = 56;

    /// <summary>In nanoseconds; zero is none.</summary>
    public ulong ReceiveTimeoutNanoseconds, SendTimeoutNanoseconds;
    public SocketOptions Options;

    /// <summary>In bytes, as Linux counts.</summary>
    public uint SendBuffer, ReceiveBuffer;

    /// <summary>Bytes that a read of a stream waits for.</summary>
    public int LowWater;

    /// <summary>Where the next look ahead begins, in bytes; negative: at the beginning (SO_PEEK_OFF).</summary>
    public int PeekOffset;
    public int LingerSeconds;
    public int Priority;
    public uint Mark;
    public ulong Reserved;

    public static SocketSettings Default => new()
    {
        SendBuffer = Socket.DefaultBuffer,
        ReceiveBuffer = Socket.DefaultBuffer,
        LowWater = 1,
        PeekOffset = -1,
    };

    public readonly bool IsValid
        => (Options & ~SocketOptions.All) == 0 && SendBuffer is >= Socket.LeastSendBuffer and <= Socket.LargestBuffer
            && ReceiveBuffer is >= Socket.LeastReceiveBuffer and <= Socket.LargestBuffer && LowWater > 0 && Reserved == 0
            && ReceiveTimeoutNanoseconds <= long.MaxValue && SendTimeoutNanoseconds <= long.MaxValue;
}

/// <summary>Who made, or accepted, a connection: with the ids he acted with then.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SocketPeer
{
    /// <summary>Zero while there is nobody.</summary>
    public int Pid;
    public uint Uid, Gid;
    public int GroupCount;
    public fixed uint Groups[Credentials.MaxGroups];

    public readonly bool IsKnown => Pid != 0;

    public readonly bool IsValid
        => Pid >= 0 && (uint)GroupCount <= Credentials.MaxGroups && (Pid != 0 || (Uid | Gid | (uint)GroupCount) == 0);

    /// <summary>A process with its effective ids.</summary>
    public static SocketPeer Of(Process* process)
    {
        ref Credentials credentials = ref process->Credentials;
        var peer = new SocketPeer { Pid = process->Id, Uid = credentials.EffectiveUid, Gid = credentials.EffectiveGid };
        peer.GroupCount = credentials.GroupCount;
        for (int i = 0; i < credentials.GroupCount; i++)
            peer.Groups[i] = credentials.Groups[i];
        return peer;
    }
}
