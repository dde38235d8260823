// A folder of the host as a root file system: names, links, contents with their holes, devices, owners, permissions and times. Who runs
// this as root gets the owners that are there (a tree made by debootstrap); anybody else could not have given files away, so what is his is
// root's in the guest. Other file systems mounted below the folder stay outside: their mount points are empty directories.
using System;
using System.Collections.Generic;
using System.IO;

namespace Aurora.Images.Root;

/// <summary>Reads a folder of the host.</summary>
public static class DirectoryRoot
{
    private const int TypeMask = 0xF000;
    private const int PermissionMask = 0xFFF;

    /// <summary>The entries below a folder, placed below <paramref name="guestPath"/>.</summary>
    public static IEnumerable<RootEntry> Read(string folder, string guestPath = "/")
        => Read(folder, guestPath, new Dictionary<(uint, uint, ulong), string>(), isTop: true);

    /// <summary>One host file under a guest path.</summary>
    public static RootEntry ReadFile(string file, string guestPath)
    {
        // A name of a file stands for the file, wherever it is.
        string target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        RootEntry entry = Describe(target, guestPath, HostFile.Describe(target));
        return entry.Kind == RootEntryKind.File ? entry : throw new ImageException($"{file}: not a regular file");
    }

    private static IEnumerable<RootEntry> Read(
        string folder, string guestPath, Dictionary<(uint, uint, ulong), string> linked, bool isTop)
    {
        // The folder may be given by a link; below it a link is a link.
        string place = isTop ? new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder : folder;
        HostStatus status = HostFile.Describe(place);
        bool isMountPoint = !isTop && status.IsMountRoot;
        RootEntry top = Describe(folder, guestPath, status);
        yield return isMountPoint ? top with { LeftOut = "mounted file system" } : top;
        if (isMountPoint)
            yield break;
        foreach (string item in HostFile.In(folder))
        {
            string path = guestPath.TrimEnd('/') + "/" + Path.GetFileName(item);
            status = HostFile.Describe(item);
            if (KindOf(status) == RootEntryKind.Directory)
            {
                foreach (RootEntry entry in Read(item, path, linked, isTop: false))
                    yield return entry;
            }
            else
            {
                yield return FirstNameOf(status, path, linked) is { } first
                    ? new RootEntry { Path = path, Kind = RootEntryKind.HardLink, Target = first }
                    : Describe(item, path, status);
            }
        }
    }

    // The path under which a file with several names came already.
    private static string? FirstNameOf(in HostStatus status, string path, Dictionary<(uint, uint, ulong), string> linked)
    {
        var key = (status.FileSystemMajor, status.FileSystemMinor, status.Inode);
        if (status.LinkCount < 2 || KindOf(status) == RootEntryKind.Socket || linked.TryAdd(key, path))
            return null;
        return linked[key];
    }

    private static RootEntry Describe(string item, string guestPath, in HostStatus status)
    {
        RootEntryKind kind = KindOf(status);
        bool isFile = kind == RootEntryKind.File;
        bool hasUnreadable = false;
        IReadOnlyList<(string Name, byte[] Value)> attributes = kind == RootEntryKind.Socket ? []
            : HostAttributes.Of(item, out hasUnreadable);
        return new RootEntry
        {
            Path = guestPath,
            Kind = kind,
            Mode = status.Mode & PermissionMask,
            UserId = OwnerInGuest(status.UserId, HostFile.EffectiveUserId()),
            GroupId = OwnerInGuest(status.GroupId, HostFile.EffectiveGroupId()),
            ModifiedNanoseconds = status.ModifiedNanoseconds,
            Target = kind == RootEntryKind.SymbolicLink ? new FileInfo(item).LinkTarget ?? "" : "",
            Device = (status.DeviceMajor, status.DeviceMinor),
            Attributes = attributes,
            Open = isFile ? () => File.OpenRead(item) : null,
            Layout = isFile ? HostFile.LayoutOf : null,
            LeftOut = kind == RootEntryKind.Socket ? "socket" : hasUnreadable ? HostAttributes.Unreadable : null,
        };
    }

    private static int OwnerInGuest(uint id, uint own) => id == own ? 0 : (int)id;

    private static RootEntryKind KindOf(in HostStatus status) => (status.Mode & TypeMask) switch
    {
        0x4000 => RootEntryKind.Directory,
        0x8000 => RootEntryKind.File,
        0xA000 => RootEntryKind.SymbolicLink,
        0x2000 => RootEntryKind.CharacterDevice,
        0x6000 => RootEntryKind.BlockDevice,
        0x1000 => RootEntryKind.Fifo,
        _ => RootEntryKind.Socket,
    };
}
