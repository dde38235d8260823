// Where the launcher of a machine listens for those who want programs run in it, and where they find it: a UNIX socket in a folder that
// is this user's alone, named after the disk's device and inode number, so that every path to the disk leads to it.
//
//   $XDG_RUNTIME_DIR/aurora/DEVICE-INODE.sock      or, when there is no such folder or it is not private,
//   /run/user/UID/aurora/DEVICE-INODE.sock         or, when that is the same with it,
//   /tmp/aurora-UID/DEVICE-INODE.sock
//
// Who holds the disk's lock is the only one who listens for it: whatever is there when a launcher begins was left by one that died, and
// is replaced. A folder or socket of another user's, or a symbolic link in its place, is never used.
using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Aurora.Qemu;

/// <summary>The socket that belongs to a disk.</summary>
internal static class ExecSocket
{
    // sun_path, without its NUL.
    private const int MostPathBytes = 107;
    private const int Backlog = 16;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// Listens for a disk that the caller has locked; null with the reason when that cannot be. The file goes when the socket is disposed.
    /// </summary>
    public static Socket? Listen(string disk, out string reason)
    {
        reason = $"no disk image at {disk}";
        if (NameOf(disk) is not { } name)
            return null;
        foreach (string folder in Folders())
        {
            string path = Path.Combine(folder, name);
            if (TryMake(folder, out reason) && Fits(path, out reason) && ListenAt(path, out reason) is { } socket)
                return socket;
        }
        return null;
    }

    /// <summary>Reaches the launcher of the machine that runs with a disk; null when there is none.</summary>
    public static Socket? Connect(string disk)
    {
        string name = NameOf(disk) ?? throw new MachineException($"no disk image at {disk}");
        foreach (string folder in Folders())
        {
            string path = Path.Combine(folder, name);
            if (IsPrivate(folder) && IsOurs(path) && Fits(path, out _) && TryConnect(path) is { } socket)
                return socket;
        }
        return null;
    }

    private static string? NameOf(string disk)
        => UnixFile.Find(disk, follows: true) is { } file ? FormattableString.Invariant($"{file.Device}-{file.Inode:x}.sock") : null;

    private static IEnumerable<string> Folders()
    {
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        if (runtime != null && Path.IsPathRooted(runtime) && Directory.Exists(runtime))
            yield return Path.Combine(runtime, "aurora");
        // Who is not told of it, a cron job for example, finds the same place.
        string usual = FormattableString.Invariant($"/run/user/{UnixFile.User}");
        if (usual != runtime && Directory.Exists(usual))
            yield return Path.Combine(usual, "aurora");
        yield return FormattableString.Invariant($"/tmp/aurora-{UnixFile.User}");
    }

    private static bool IsOurs(string path)
        => UnixFile.Find(path, follows: false) is { Kind: UnixFile.Socket } file && file.Owner == UnixFile.User;

    private static bool IsPrivate(string folder) => UnixFile.Find(folder, follows: false) is { Kind: UnixFile.Directory, IsPrivate: true };

    private static bool TryMake(string folder, out string reason)
    {
        reason = "";
        try
        {
            // One that exists stays as it is.
            Directory.CreateDirectory(folder, OwnerOnly);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            reason = $"{folder} cannot be made: {failure.Message}";
            return false;
        }
        if (IsPrivate(folder))
            return true;
        reason = $"{folder} is not a folder of this user's alone";
        return false;
    }

    private static bool Fits(string path, out string reason)
    {
        bool fits = Encoding.UTF8.GetByteCount(path) <= MostPathBytes;
        reason = fits ? "" : $"{path} is too long for the name of a socket";
        return fits;
    }

    private static Socket? ListenAt(string path, out string reason)
    {
        reason = "";
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            socket.Listen(Backlog);
            return socket;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SocketException)
        {
            socket.Dispose();
            reason = $"{path} cannot be listened at: {failure.Message}";
            return null;
        }
    }

    private static Socket? TryConnect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (SocketException)
        {
            // Nobody listens: its launcher is dead, or about to go.
            socket.Dispose();
            return null;
        }
    }
}
