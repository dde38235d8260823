using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Cli.Workspace;

/// <summary>A file of the cache that one tool at a time has open; the host's kernel lets go of it when its holder dies.</summary>
internal static class HostLock
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until nobody else has it, which is said once; dispose what is returned.</summary>
    public static async Task<FileStream> AcquireAsync(string path, string waiting, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool isTold = false; ; isTold = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (!isTold)
                    Report.Line(waiting);
                await Task.Delay(_look, cancellation);
            }
        }
    }
}
