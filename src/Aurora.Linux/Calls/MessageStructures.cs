// The structures of the calls of message queues, as programs see them. C's padding is in them by name, and zero.
using System.Runtime.InteropServices;

namespace Aurora.Linux.Calls;

/// <summary>struct msqid64_ds.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueueStatus
{
    public const int Bytes = 120;

    public IpcPermissions Permissions;
    public ulong SendSeconds, ReceiveSeconds, ChangeSeconds, HeldBytes, Count, MostBytes;
    public int LastSender, LastReceiver;
    public ulong Unused4, Unused5;
}

/// <summary>struct msginfo.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueueLimits
{
    public const int Bytes = 32;

    public int Pool, Map, LargestMessage, QueueBytes, MostQueues, SegmentBytes, Headers;
    public ushort Segments, Padding;
}
