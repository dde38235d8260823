using System;
using System.IO;

namespace Aurora.Qemu;

/// <summary>
/// Keeps a disk image to one user at a time. An advisory lock on the image itself, released by the host's kernel when the holder dies,
/// so no stale lock can remain.
/// </summary>
public sealed class DiskLock : IDisposable
{
    private readonly FileStream _image;

    private DiskLock(FileStream image) => _image = image;

    /// <summary>Locks the image, or throws saying that it is in use or does not exist.</summary>
    public static DiskLock Acquire(string path)
    {
        if (!File.Exists(path))
            throw new MachineException($"no disk image at {path}");
        try
        {
            return new DiskLock(new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new MachineException($"the disk image {path} cannot be opened for writing", failure);
        }
        catch (IOException failure)
        {
            throw new MachineException($"the disk image {path} is in use by another Aurora (a running machine, or a tool that writes it)", failure);
        }
    }

    public void Dispose() => _image.Dispose();
}
