// A file that appears under its name when it is whole. Until then it is beside it, as NAME.part, which must not be there yet: what somebody
// else made, or is making, is neither written over nor deleted. What cannot be done is an IOException or an UnauthorizedAccessException.
using System;
using System.IO;

namespace Aurora.Host;

/// <summary>A new file on its way; one that was not kept is deleted.</summary>
public sealed class PartialFile : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private bool _isKept;

    public PartialFile(string path)
    {
        _path = path;
        _partial = path + ".part";
        Stream = new FileStream(_partial, FileMode.CreateNew, FileAccess.Write);
    }

    /// <summary>What is written.</summary>
    public FileStream Stream { get; }

    /// <summary>It is whole: it gets its name, in place of a file that has it.</summary>
    public void Keep()
    {
        Stream.Dispose();
        File.Move(_partial, _path, overwrite: true);
        _isKept = true;
    }

    public void Dispose()
    {
        Stream.Dispose();
        if (!_isKept)
            File.Delete(_partial);
    }
}
