using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Images.Root;

namespace Aurora.Images.Debian;

/// <summary>The layout in which /bin, /sbin and the libraries are links into /usr; packages may still name the old places.</summary>
internal static class MergedUsr
{
    private static readonly string[] _links = ["bin", "sbin", "lib", "lib64"];

    /// <summary>The links and what they lead to.</summary>
    public static IEnumerable<RootEntry> Read()
        =>
        [
            RootText.Folder("/usr"),
            .. _links.Select(name => RootText.Folder("/usr/" + name)),
            .. _links.Select(name => RootText.Link("/" + name, "usr/" + name)),
        ];

    /// <summary>Where a path of a package is.</summary>
    public static string Place(string path)
        => _links.Any(name => path.StartsWith($"/{name}/", StringComparison.Ordinal)) ? "/usr" + path : path;

    /// <summary>True for a package's own idea of one of the links.</summary>
    public static bool IsLink(string path) => _links.Any(name => path == "/" + name);
}
