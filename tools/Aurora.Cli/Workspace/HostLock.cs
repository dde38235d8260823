using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Cli.Workspace;

/// <summary>A file of the cache that one tool at a time has open; the host's kernel lets go of it when its holder dies.</summary>
internal static class HostLock
{
    private const int WouldBlock = 11; // EWOULDBLOCK: flock(2) of a file that another has

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Waits until nobody else has it, which is said once; dispose what is returned. Throws when there can be no such file.
    /// </summary>
    public static async Task<FileStream> AcquireAsync(string path, string waiting, CancellationToken cancellation)
    {
        for (bool isTold = false; ; isTold = true)
        {
            if (TryOpen(path) is { } file)
                return file;
            if (!isTold)
                Report.Line(waiting);
            await Task.Delay(_look, cancellation);
        }
    }

    // Null while another has it.
    private static FileStream? TryOpen(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (failure.HResult == WouldBlock)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"cannot lock {path}: {failure.Message}", failure);
        }
    }
}
