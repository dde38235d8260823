// What the host knows of a file and .NET does not say: owner, device number, links, nanoseconds, where its data is (statx(2), lseek(2)).
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Aurora.Images.Root;

/// <summary>The status of a file of the host, links not followed.</summary>
internal static partial class HostFile
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint BasicFields = 0x7FF; // STATX_BASIC_STATS
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int NoMoreData = 6; // ENXIO

    public static HostStatus Describe(string path)
        => Statx(CurrentDirectory, path, NoFollow, BasicFields, out HostStatus status) == 0
            ? status
            : throw new ImageException(
                $"{path}: {(IsUnreadable(path) ? "a name that is not UTF-8" : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()))}");

    /// <summary>True for a name that .NET could not read as UTF-8: what it put into its place names another file, or none.</summary>
    public static bool IsUnreadable(string name) => name.Contains('\uFFFD');

    /// <summary>The paths of what is in a folder, in the order of their names.</summary>
    public static IReadOnlyList<string> In(string folder)
    {
        // Sockets and devices are among what .NET calls special and skips unless told.
        var options = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false };
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder, "*", options).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"{folder}: {failure.Message}", failure);
        }
    }

    /// <summary>Where an open file has data; holes between the runs read as zeroes.</summary>
    public static FileLayout LayoutOf(Stream stream)
    {
        var file = (FileStream)stream;
        var runs = new List<DataRun>();
        long length = file.Length;
        for (long position = 0; position < length;)
        {
            long start = Seek(file.SafeFileHandle, position, SeekData);
            if (start < 0 && Marshal.GetLastPInvokeError() == NoMoreData)
                break;
            long end = start < 0 ? start : Seek(file.SafeFileHandle, start, SeekHole);
            if (end < 0)
                throw new ImageException($"{file.Name}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
            runs.Add(new DataRun(start, Math.Min(end, length) - start, start));
            position = end;
        }
        return new FileLayout(length, runs);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroupId();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out HostStatus status);

    [LibraryImport("libc", EntryPoint = "lseek64", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);
}

/// <summary>struct statx, as far as it is read here.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct HostStatus
{
    public const int Bytes = 256;
    private const ulong MountRootAttribute = 0x2000;
    private const int TypeMask = 0xF000; // S_IFMT
    private const int RegularType = 0x8000; // S_IFREG
    private const long NanosecondsPerSecond = 1_000_000_000;

    [FieldOffset(8)] private readonly ulong _attributes;
    [FieldOffset(16)] public readonly uint LinkCount;
    [FieldOffset(20)] public readonly uint UserId;
    [FieldOffset(24)] public readonly uint GroupId;
    [FieldOffset(28)] public readonly ushort Mode;
    [FieldOffset(32)] public readonly ulong Inode;
    [FieldOffset(112)] private readonly long _modifiedSeconds;
    [FieldOffset(120)] private readonly uint _modifiedNanoseconds;
    [FieldOffset(128)] public readonly uint DeviceMajor;
    [FieldOffset(132)] public readonly uint DeviceMinor;
    [FieldOffset(136)] public readonly uint FileSystemMajor;
    [FieldOffset(140)] public readonly uint FileSystemMinor;

    public readonly long ModifiedNanoseconds => (_modifiedSeconds * NanosecondsPerSecond) + _modifiedNanoseconds;

    public readonly bool IsRegular => (Mode & TypeMask) == RegularType;

    /// <summary>True for the root of a mounted file system.</summary>
    public readonly bool IsMountRoot => (_attributes & MountRootAttribute) != 0;
}
