using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Aurora.Images.Oci;

/// <summary>Finds a manifest in an image layout: for linux/amd64, and of a name when one is given.</summary>
internal sealed class OciIndex(OciFiles files)
{
    private const int MostLevels = 8;
    private const int MostManifests = 4096;

    private static readonly string[] _indexTypes =
        ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

    private static readonly string[] _manifestTypes =
        ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

    // What tools write the name of an image into.
    private static readonly string[] _nameKeys = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];

    private readonly List<(OciDigest Digest, bool IsExact)> _found = [];
    private readonly HashSet<string> _others = new(StringComparer.Ordinal);
    private int _seen;

    /// <summary>The digest of the manifest; throws when there is none, or when several could be meant.</summary>
    public OciDigest Find(string? name)
    {
        byte[] top = files.TryReadDocument("index.json") ?? throw new ImageException($"{files.Place}: index.json is missing");
        string place = $"{files.Place}: index.json";
        JsonElement[] images = [.. OciJson.Items(OciJson.Parse(top, place), "manifests", place)];
        JsonElement[] wanted = [.. images.Where(image => name == null || NamesOf(image, place).Contains(name))];
        foreach (JsonElement image in wanted)
            Add(image, place, level: 0);
        // Those that say what machine they are for win over those that do not.
        OciDigest[] fitting = [.. _found.Where(found => found.IsExact).Select(found => found.Digest).Distinct()];
        if (fitting.Length == 0)
            fitting = [.. _found.Select(found => found.Digest).Distinct()];
        if (fitting.Length == 1)
            return fitting[0];
        if (fitting.Length == 0 && _others.Count > 0)
            throw new ImageException($"{files.Place} has images for {string.Join(", ", _others)}, none for linux/amd64");
        throw NotOne(files.Place, fitting.Length, name, images.SelectMany(image => NamesOf(image, place)));
    }

    /// <summary>The refusal where not exactly one image can be meant.</summary>
    public static ImageException NotOne(string place, int count, string? name, IEnumerable<string> names)
    {
        string known = string.Join(", ", names.Distinct().Order(StringComparer.Ordinal));
        if (count == 0 && name == null)
            return new ImageException($"{place} holds no image");
        if (count == 0)
            return new ImageException($"{place} holds no image {name}, but {(known.Length > 0 ? known : "others")}");
        string how = known.Length > 0 ? $": name one as in {place}:NAME ({known})" : " and no names to tell them apart";
        return new ImageException($"{place} holds {count} images{how}");
    }

    private void Add(JsonElement descriptor, string place, int level)
    {
        if (++_seen > MostManifests || level == MostLevels)
            throw new ImageException($"{place}: more manifests, or deeper, than any image has");
        string type = OciJson.Text(descriptor, "mediaType", place);
        OciDigest digest = OciDigest.Parse(OciJson.Text(descriptor, "digest", place));
        if (_indexTypes.Contains(type))
        {
            string inner = $"{files.Place}: {digest}";
            foreach (JsonElement item in OciJson.Items(OciJson.Parse(files.ReadDocument(digest), inner), "manifests", inner))
                Add(item, inner, level + 1);
        }
        else if (_manifestTypes.Contains(type))
        {
            AddManifest(OciJson.Member(descriptor, "platform", place), digest, place);
        }
    }

    private void AddManifest(JsonElement platform, OciDigest digest, string place)
    {
        string machine = platform.ValueKind == JsonValueKind.Undefined ? ""
            : $"{OciJson.Text(platform, "os", place)}/{OciJson.Text(platform, "architecture", place)}";
        if (machine is "" or "linux/amd64")
            _found.Add((digest, machine.Length > 0));
        else if (machine != "unknown/unknown") // what is said about an image, such as how it was built
            _others.Add(machine);
    }

    private static IEnumerable<string> NamesOf(JsonElement descriptor, string place)
    {
        JsonElement notes = OciJson.Member(descriptor, "annotations", place);
        return _nameKeys.Select(key => OciJson.Text(notes, key, place)).Where(name => name.Length > 0);
    }
}
