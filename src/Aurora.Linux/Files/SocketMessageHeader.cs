using System;
using System.Runtime.InteropServices;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Files;

/// <summary>struct msghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxMessageHeader
{
    public const int Bytes = 56;

    public ulong Name;
    public int NameLength;
    public int Padding;
    public ulong Vectors;
    public ulong VectorCount;
    public ulong Control;
    public ulong ControlLength;
    public uint Flags;
    public uint Padding2;
}

/// <summary>struct mmsghdr: a header, and how many bytes its message had.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxMessageOfMany
{
    public const int Bytes = 64;
    public const int LengthOffset = LinuxMessageHeader.Bytes;

    public LinuxMessageHeader Header;
    public uint Length;
    public uint Padding;
}

/// <summary>struct cmsghdr; what it is about follows, and behind that the next one, aligned.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxControlHeader
{
    public const int Bytes = 16;

    /// <summary>With this header.</summary>
    public ulong Length;
    public int Level;
    public int Type;

    /// <summary>Where the next one begins, seen from this one.</summary>
    public static ulong Align(ulong length) => (length + (sizeof(ulong) - 1)) & ~(ulong)(sizeof(ulong) - 1);
}

/// <summary>struct ucred.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxCredentials
{
    public const int Bytes = 12;

    public int Pid;
    public uint Uid, Gid;
}

/// <summary>The bytes that a message header is about.</summary>
internal static unsafe class MessageVectors
{
    /// <summary>
    /// Reads a header and its vector, which is then the one of the dispatch. EFAULT, EINVAL, EMSGSIZE, in Linux's order; names are looked
    /// at by who has a use for them.
    /// </summary>
    public static bool Read(ref FileCall call, ulong address, out LinuxMessageHeader header, out int count, out ulong total)
    {
        count = 0;
        total = 0;
        if (!call.Read(address, out header))
            return false;
        call.Failure = Errno.EINVAL;
        if (header.NameLength < 0)
            return false;
        if (header.Name == 0)
            header.NameLength = 0;
        header.NameLength = Math.Min(header.NameLength, SocketAddress.MostBytes);
        call.Failure = Errno.EMSGSIZE;
        if (header.VectorCount > FileState.MaxVectors)
            return false;
        count = (int)header.VectorCount;
        var vectors = new Span<UserVector>(call.Files.Vectors, count);
        if (!call.ReadVectors(header.Vectors, vectors))
            return false;
        call.Failure = Errno.EINVAL;
        return ReadWriteCalls.AddUp(vectors, out total);
    }
}
