using System;

namespace Aurora.Posix.Files;

/// <summary>The namespaces that /proc/N/ns shows. There is one of each kind, and its number is that of Linux's first.</summary>
internal static class ProcNamespaces
{
    public const int Count = 10;

    /// <summary>The name of the link.</summary>
    public static ReadOnlySpan<byte> NameOf(int index) => index switch
    {
        0 => "cgroup"u8,
        1 => "ipc"u8,
        2 => "mnt"u8,
        3 => "net"u8,
        4 => "pid"u8,
        5 => "pid_for_children"u8,
        6 => "time"u8,
        7 => "time_for_children"u8,
        8 => "user"u8,
        9 => "uts"u8,
        _ => default,
    };

    /// <summary>The kind, as the target of the link names it.</summary>
    public static ReadOnlySpan<byte> KindOf(int index) => index switch
    {
        5 => "pid"u8,
        7 => "time"u8,
        _ => NameOf(index),
    };

    /// <summary>The number of the namespace: its file's inode number.</summary>
    public static ulong NumberOf(int index) => index switch
    {
        0 => 0xEFFF_FFFB,
        1 => 0xEFFF_FFFF,
        2 => 0xF000_0001,
        3 => 0xF000_0000,
        4 or 5 => 0xEFFF_FFFC,
        6 or 7 => 0xEFFF_FFFA,
        8 => 0xEFFF_FFFD,
        _ => 0xEFFF_FFFE,
    };

    /// <summary>The index of a name, or -1.</summary>
    public static int Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < Count; i++)
            if (NameOf(i).SequenceEqual(name))
                return i;
        return -1;
    }
}
