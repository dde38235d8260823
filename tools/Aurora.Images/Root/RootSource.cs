using System.Collections.Generic;
using System.IO;

namespace Aurora.Images.Root;

/// <summary>Chooses where a root file system comes from.</summary>
public static class RootSource
{
    /// <summary>The entries of a folder, of an archive, or (null) of the standard root.</summary>
    public static IEnumerable<RootEntry> Open(string? source, StandardRoot standard)
    {
        if (source == null)
            return standard.Read();
        if (Directory.Exists(source))
            return DirectoryRoot.Read(source);
        return File.Exists(source) ? TarRoot.Read(source) : throw new ImageException($"no folder or archive at {source}");
    }
}
