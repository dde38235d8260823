// The structures of System V calls, as programs see them. C's padding is in them by name, and zero.
using System.Runtime.InteropServices;
using Aurora.Posix.Ipc;

namespace Aurora.Linux.Calls;

/// <summary>struct ipc64_perm.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IpcPermissions
{
    public const int Bytes = 48;

    public int Key;
    public uint Uid, Gid, CreatorUid, CreatorGid, Mode;
    public ushort Sequence, Padding1;
    public uint Padding2;
    public ulong Unused1, Unused2;

    internal static IpcPermissions Of(in IpcIdentity identity) => new()
    {
        Key = identity.Key, Uid = identity.Uid, Gid = identity.Gid, CreatorUid = identity.CreatorUid, CreatorGid = identity.CreatorGid,
        Mode = identity.Mode, Sequence = (ushort)identity.Sequence,
    };

    /// <summary>False for owners that nobody can be.</summary>
    internal readonly bool IsValid => Uid != uint.MaxValue && Gid != uint.MaxValue;
}

/// <summary>struct shmid64_ds.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SegmentStatus
{
    public const int Bytes = 112;

    public IpcPermissions Permissions;
    public ulong Size, AttachSeconds, DetachSeconds, ChangeSeconds;
    public int Creator, LastProcess;
    public ulong Attaches, Unused4, Unused5;
}

/// <summary>struct shminfo64.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SegmentLimits
{
    public const int Bytes = 72;

    public ulong Largest, Smallest, Most, MostOfProcess, AllPages, Unused1, Unused2, Unused3, Unused4;
}

/// <summary>struct shm_info.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SegmentTotals
{
    public const int Bytes = 48;

    public int Count, Padding;
    public ulong AllPages, ResidentPages, SwappedPages, SwapAttempts, SwapSuccesses;
}
