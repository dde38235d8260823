using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Linux.Files;

/// <summary>A point in time as stat and utimensat have it: nanoseconds are never negative.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxTimestamp
{
    /// <summary>utimensat: set to now; leave alone.</summary>
    public const long Now = 0x3FFFFFFF;
    public const long Omit = 0x3FFFFFFE;

    private const long NanosecondsPerSecond = 1_000_000_000;

    public long Seconds;
    public long Nanoseconds;

    /// <summary>Splits nanoseconds since 1970, rounding seconds down for times before.</summary>
    public static LinuxTimestamp From(long nanoseconds)
    {
        long seconds = nanoseconds / NanosecondsPerSecond;
        long rest = nanoseconds % NanosecondsPerSecond;
        return rest < 0
            ? new LinuxTimestamp { Seconds = seconds - 1, Nanoseconds = rest + NanosecondsPerSecond }
            : new LinuxTimestamp { Seconds = seconds, Nanoseconds = rest };
    }

    /// <summary>Nanoseconds since 1970, held within what an inode can store (years 1677 to 2262), as Linux file systems do.</summary>
    public readonly long ToNanoseconds()
    {
        const long limit = long.MaxValue / NanosecondsPerSecond;
        if (Seconds >= limit)
            return limit * NanosecondsPerSecond;
        return Seconds <= -limit ? -limit * NanosecondsPerSecond : (Seconds * NanosecondsPerSecond) + Nanoseconds;
    }
}

/// <summary>struct stat of x86-64.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct LinuxStat
{
    public const int Bytes = 144;

    public ulong Device;
    public ulong Inode;
    public ulong Links;
    public uint Mode;
    public uint Uid;
    public uint Gid;
    public uint Padding;
    public ulong SpecialDevice;
    public long Size;
    public long BlockSize;
    public long Blocks;
    public LinuxTimestamp AccessTime;
    public LinuxTimestamp ModifyTime;
    public LinuxTimestamp ChangeTime;
    public fixed long Unused[3];

    /// <summary>Describes an inode.</summary>
    public static LinuxStat Of(FileServices files, Posix.Files.Inode* inode) => new()
    {
        Device = DeviceOf(inode),
        Inode = NumberOf(inode),
        Links = inode->LinkCount,
        Mode = inode->Mode,
        Uid = inode->Uid,
        Gid = inode->Gid,
        SpecialDevice = inode->Device,
        Size = SizeOf(inode),
        BlockSize = PageSize.Bytes,
        Blocks = BlocksOf(files, inode),
        AccessTime = LinuxTimestamp.From(inode->AccessTime),
        ModifyTime = LinuxTimestamp.From(inode->ModifyTime),
        ChangeTime = LinuxTimestamp.From(inode->ChangeTime),
    };

    /// <summary>st_ino: the object id; /proc has numbers of its own.</summary>
    public static ulong NumberOf(Posix.Files.Inode* inode)
        => inode->IsProc ? inode->ProcKey.InodeNumber : inode->Number;

    public static ulong DeviceOf(Posix.Files.Inode* inode) => inode->FileSystem;

    /// <summary>Directories show a page, as most file systems do; those of /proc nothing.</summary>
    public static long SizeOf(Posix.Files.Inode* inode)
        => inode->IsDirectory && !inode->IsProc ? PageSize.Bytes : (long)inode->Size;

    /// <summary>In units of 512 bytes: pages that are there.</summary>
    public static long BlocksOf(FileServices files, Posix.Files.Inode* inode)
        => inode->Data == null ? 0 : (long)files.Memory.Holes.CountPages(inode->Data) * (PageSize.Bytes / 512);
}

/// <summary>struct statx_timestamp.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxStatxTimestamp
{
    public long Seconds;
    public uint Nanoseconds;
    public int Padding;

    public static LinuxStatxTimestamp From(long nanoseconds)
    {
        LinuxTimestamp time = LinuxTimestamp.From(nanoseconds);
        return new LinuxStatxTimestamp { Seconds = time.Seconds, Nanoseconds = (uint)time.Nanoseconds };
    }
}

/// <summary>struct statx.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct LinuxStatx
{
    public const int Bytes = 256;

    /// <summary>STATX_BASIC_STATS | STATX_BTIME.</summary>
    public const uint Provided = 0xFFF;

    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint Links;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Padding;
    public ulong Inode;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public LinuxStatxTimestamp AccessTime;
    public LinuxStatxTimestamp BirthTime;
    public LinuxStatxTimestamp ChangeTime;
    public LinuxStatxTimestamp ModifyTime;
    public uint SpecialDeviceMajor;
    public uint SpecialDeviceMinor;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public ulong MountId;
    public fixed ulong Unused[13];

    /// <summary>Describes an inode.</summary>
    public static LinuxStatx Of(FileServices files, Posix.Files.Inode* inode) => new()
    {
        Mask = Provided,
        BlockSize = PageSize.Bytes,
        Links = inode->LinkCount,
        Uid = inode->Uid,
        Gid = inode->Gid,
        Mode = (ushort)inode->Mode,
        Inode = LinuxStat.NumberOf(inode),
        Size = (ulong)LinuxStat.SizeOf(inode),
        Blocks = (ulong)LinuxStat.BlocksOf(files, inode),
        AccessTime = LinuxStatxTimestamp.From(inode->AccessTime),
        BirthTime = LinuxStatxTimestamp.From(inode->BirthTime),
        ChangeTime = LinuxStatxTimestamp.From(inode->ChangeTime),
        ModifyTime = LinuxStatxTimestamp.From(inode->ModifyTime),
        SpecialDeviceMajor = DeviceNumber.Major(inode->Device),
        SpecialDeviceMinor = DeviceNumber.Minor(inode->Device),
        DeviceMajor = DeviceNumber.Major(LinuxStat.DeviceOf(inode)),
        DeviceMinor = DeviceNumber.Minor(LinuxStat.DeviceOf(inode)),
    };
}

/// <summary>struct statfs.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct LinuxStatFs
{
    public const int Bytes = 120;

    public long Type;
    public long BlockSize;
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Files;
    public ulong FreeFiles;
    public ulong Id;
    public long NameLength;
    public long FragmentSize;
    public long Flags;
    public fixed long Spare[4];
}
