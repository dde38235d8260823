using System;
using System.IO;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;

namespace Aurora.Images;

/// <summary>
/// A file that takes long to make and gets its name only when it is whole. Until then it has a name of its own, PATH.ID.new: whoever makes
/// the same file meanwhile, or is killed while he makes it, does not come in the way. When it has its name it is on the host's disk.
/// </summary>
public static class NewFile
{
    /// <summary>
    /// Has <paramref name="make"/> make the file at the path that it is given. False when somebody else has made it meanwhile: his stays.
    /// </summary>
    public static async Task<bool> MakeAsync(string path, Func<string, Task> make)
    {
        string partial = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            await make(partial);
            Flush(partial);
            return TryMove(partial, path);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>Waits until all of a file is on the host's disk.</summary>
    public static void Flush(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    private static bool TryMove(string partial, string path)
    {
        try
        {
            File.Move(partial, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }
}
