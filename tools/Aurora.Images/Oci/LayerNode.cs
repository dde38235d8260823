using System;
using System.Collections.Generic;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>A file of an image: what its layer says of it, and where in the layers its contents are.</summary>
/// <param name="Entry">Its description; of a directory the newest one.</param>
/// <param name="Layer">The number of the layer that brought it.</param>
/// <param name="Index">Which entry of the layer it is; -1 for a directory that no layer describes.</param>
internal sealed record LayerFile(RootEntry Entry, int Layer, int Index);

/// <summary>A name in the tree of an image. Several names can have one file; a directory has one.</summary>
internal sealed class LayerNode(LayerFile file)
{
    private SortedDictionary<string, LayerNode>? _children;

    public LayerFile File { get; private set; } = file;

    public bool IsDirectory => File.Entry.Kind == RootEntryKind.Directory;

    /// <summary>What is in a directory, in the order of names.</summary>
    public IReadOnlyCollection<KeyValuePair<string, LayerNode>> Children
        => (IReadOnlyCollection<KeyValuePair<string, LayerNode>>?)_children ?? [];

    public LayerNode? Find(string name) => _children?.GetValueOrDefault(name);

    /// <summary>Puts something at a name, in place of what was there. A directory over a directory keeps what is in it.</summary>
    public void Put(string name, LayerFile file)
    {
        _children ??= new SortedDictionary<string, LayerNode>(StringComparer.Ordinal);
        if (file.Entry.Kind == RootEntryKind.Directory && _children.TryGetValue(name, out LayerNode? old) && old.IsDirectory)
            old.Describe(file);
        else
            _children[name] = new LayerNode(file);
    }

    /// <summary>A newer description of a directory.</summary>
    public void Describe(LayerFile file) => File = file;

    public void Remove(string name) => _children?.Remove(name);

    public void Clear() => _children = null;
}
