using System.Collections.Generic;
using System.Linq;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>The names that are left when all layers lie over each other, by what they stand for.</summary>
internal sealed class LayerNames
{
    private const int MostPathBytes = 4096; // PATH_MAX; it bounds the depth as well

    private readonly List<RootEntry> _directories = [];
    private readonly Dictionary<(int Layer, int Index), List<string>> _names = [];

    public LayerNames(LayerNode root) => Collect(root, "");

    /// <summary>Parents before their children.</summary>
    public IReadOnlyList<RootEntry> Directories => _directories;

    public bool HasFilesOf(int layer) => _names.Keys.Any(file => file.Layer == layer);

    /// <summary>The first name of what an entry of a layer brought; null when none is left.</summary>
    public string? FirstNameOf(int layer, int index) => _names.TryGetValue((layer, index), out List<string>? names) ? names[0] : null;

    /// <summary>All names but the first ones.</summary>
    public IEnumerable<RootEntry> FurtherNames()
        => _names.Values.SelectMany(names => names.Skip(1)
            .Select(name => new RootEntry { Path = name, Kind = RootEntryKind.HardLink, Target = names[0] }));

    private void Collect(LayerNode directory, string path)
    {
        if (path.Length > MostPathBytes)
            throw new ImageException($"{path[..64]}…: a path of more than {MostPathBytes} bytes");
        _directories.Add(directory.File.Entry with { Path = path.Length == 0 ? "/" : path });
        foreach ((string name, LayerNode node) in directory.Children)
        {
            if (node.IsDirectory)
                Collect(node, $"{path}/{name}");
            else if (_names.TryGetValue((node.File.Layer, node.File.Index), out List<string>? names))
                names.Add($"{path}/{name}");
            else
                _names.Add((node.File.Layer, node.File.Index), [$"{path}/{name}"]);
        }
    }
}
