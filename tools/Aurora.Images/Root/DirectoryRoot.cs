using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Aurora.Images.Root;

/// <summary>A folder of the host as a root file system: names, contents, permissions and times; everything belongs to root in the guest.</summary>
public static class DirectoryRoot
{
    /// <summary>The entries below a folder, placed below <paramref name="guestPath"/>. Devices, sockets and pipes are left out.</summary>
    public static IEnumerable<RootEntry> Read(string folder, string guestPath = "/")
    {
        yield return Describe(new DirectoryInfo(folder), guestPath) with { Kind = RootEntryKind.Directory };
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.Device, RecurseSubdirectories = false };
        foreach (FileSystemInfo item in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", options).OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            string path = guestPath.TrimEnd('/') + "/" + item.Name;
            if (item.LinkTarget != null)
            {
                yield return Describe(item, path) with { Kind = RootEntryKind.SymbolicLink, Target = item.LinkTarget };
            }
            else if (item is DirectoryInfo)
            {
                foreach (RootEntry entry in Read(item.FullName, path))
                    yield return entry;
            }
            else if (item.UnixFileMode >= 0)
            {
                yield return ReadFile(item.FullName, path);
            }
        }
    }

    /// <summary>One host file under a guest path.</summary>
    public static RootEntry ReadFile(string file, string guestPath)
        => Describe(new FileInfo(file), guestPath) with { Kind = RootEntryKind.File, Open = () => File.OpenRead(file) };

    private static RootEntry Describe(FileSystemInfo item, string guestPath) => new()
    {
        Path = guestPath,
        Kind = RootEntryKind.File,
        Mode = item.LinkTarget != null ? 0x1FF : (int)item.UnixFileMode,
        Modified = item.LastWriteTimeUtc,
    };
}
