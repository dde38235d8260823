// Extended attributes of files of the host (llistxattr(2), lgetxattr(2)), links not followed. ACLs (system.*) are no attributes in the
// guest.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace Aurora.Images.Root;

/// <summary>Reads the extended attributes of a file of the host.</summary>
internal static partial class HostAttributes
{
    private const int MostBytes = 65536; // XATTR_LIST_MAX, XATTR_SIZE_MAX
    private const int NoSuchAttribute = 61; // ENODATA
    private const int NotSupported = 95; // EOPNOTSUPP

    /// <summary>What is counted as left out when a name or value cannot be had.</summary>
    public const string Unreadable = "extended attribute that is not text";

    private static readonly string[] _kinds = ["user.", "trusted.", "security."];

    /// <summary>True for the attributes that a guest's file can have.</summary>
    public static bool IsKept(string name) => _kinds.Any(kind => name.StartsWith(kind, StringComparison.Ordinal));

    /// <summary>The attributes; <paramref name="hasUnreadable"/> is true when there are others whose names are not UTF-8.</summary>
    public static IReadOnlyList<(string Name, byte[] Value)> Of(string path, out bool hasUnreadable)
    {
        hasUnreadable = false;
        byte[] buffer = new byte[MostBytes];
        long length = List(path, buffer, MostBytes);
        if (length < 0 && Marshal.GetLastPInvokeError() == NotSupported)
            return [];
        if (length < 0)
            throw Failure(path);
        var found = new List<(string Name, byte[] Value)>();
        string[] names = [.. Encoding.UTF8.GetString(buffer, 0, (int)length).Split('\0').Where(IsKept)];
        hasUnreadable = names.Any(HostFile.IsUnreadable);
        foreach (string name in names.Where(name => !HostFile.IsUnreadable(name)))
        {
            long size = Get(path, name, buffer, MostBytes);
            // It may have gone since it was listed.
            if (size >= 0)
                found.Add((name, buffer[..(int)size]));
            else if (Marshal.GetLastPInvokeError() != NoSuchAttribute)
                throw Failure(path);
        }
        return found;
    }

    private static ImageException Failure(string path)
        => new($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long List(string path, [Out] byte[] list, nint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long Get(string path, string name, [Out] byte[] value, nint size);
}
