// An image of containers as a root file system. Two forms are read, each as a folder or a tar archive: the image layout of OCI (oci-layout,
// index.json, blobs), and what `docker save` makes (manifest.json). The layers are read twice: first whole, to check every digest and to
// find out what is left of each when the others lie over it; then for the contents of that. So nothing is written before all is checked,
// and only what the image shows is written.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>A saved image.</summary>
public sealed class OciImage : IDisposable
{
    private readonly OciFiles _files;
    private readonly OciManifest _manifest;

    private OciImage(OciFiles files, OciManifest manifest)
    {
        _files = files;
        _manifest = manifest;
    }

    /// <summary>How it wants to be run.</summary>
    public OciConfig Config => _manifest.Config;

    /// <summary>What identifies its contents and config: the config's digest, which vouches for every layer.</summary>
    public string Id => _manifest.Id.ToString();

    /// <summary>
    /// Opens the image at a path. Where several images are saved, <c>PATH:NAME</c> names one. Throws when it is none, is for another
    /// machine, or its documents do not have their digests. A compressed archive is unpacked into a folder, as a file without a name.
    /// </summary>
    public static OciImage Open(string place, string? folder = null)
    {
        (string path, string? name) = Split(place);
        OciFiles files = OciFiles.Open(path, folder ?? System.IO.Path.GetTempPath());
        try
        {
            return new OciImage(files, OciManifest.Read(files, name));
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Its files, after a look at all layers: a layer that is damaged throws before the first entry.</summary>
    public IEnumerable<RootEntry> Read()
    {
        var tree = new LayerTree();
        var budget = new LayerBudget();
        foreach (OciLayer layer in _manifest.Layers)
            tree.Add(layer.ReadChecked(budget), layer.Place);
        var names = new LayerNames(tree.Root);
        return names.Directories.Concat(Contents(names)).Concat(names.FurtherNames());
    }

    public void Dispose() => _files.Dispose();

    // Each file when its layer comes to it, under the first of the names that the image shows.
    private IEnumerable<RootEntry> Contents(LayerNames names)
    {
        for (int layer = 0; layer < _manifest.Layers.Count; layer++)
        {
            if (!names.HasFilesOf(layer))
                continue;
            int index = 0;
            foreach (RootEntry entry in _manifest.Layers[layer].Read())
            {
                if (names.FirstNameOf(layer, index++) is { } name)
                    yield return entry with { Path = name };
            }
        }
    }

    private static (string Path, string? Name) Split(string place)
    {
        if (System.IO.Path.Exists(place))
            return (place, null);
        // A name may have a colon itself (debian:12): the first one behind something that is there.
        for (int colon = place.IndexOf(':', StringComparison.Ordinal); colon > 0; colon = place.IndexOf(':', colon + 1))
        {
            if (System.IO.Path.Exists(place[..colon]))
                return (place[..colon], place[(colon + 1)..]);
        }
        return (place, null);
    }
}
