// Which image is meant, from what describes it: index.json leads, through further indexes, to a manifest; that, or manifest.json of
// `docker save`, names the config and the layers. Every document but the first is named by its digest, which is checked.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;

namespace Aurora.Images.Oci;

/// <summary>The config and the layers of one image.</summary>
internal sealed record OciManifest(OciDigest Id, OciConfig Config, IReadOnlyList<OciLayer> Layers)
{
    private const int MostLayers = 1024;
    private const string DockerManifest = "manifest.json";
    private const string LayoutVersion = "1.0.0";

    private static readonly string[] _layerTypes =
    [
        "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ];

    private static readonly string[] _compressions = ["", "+gzip", "+zstd", ".gzip", ".zstd"];

    /// <summary>Finds the image of a name; the only one for null.</summary>
    public static OciManifest Read(OciFiles files, string? name)
    {
        if (files.TryReadDocument("oci-layout") is { } layout)
        {
            string place = $"{files.Place}: oci-layout";
            string version = OciJson.Text(OciJson.Parse(layout, place), "imageLayoutVersion", place);
            if (version != LayoutVersion)
                throw new ImageException($"{place} has version '{version}', not {LayoutVersion}");
            return OfLayout(files, new OciIndex(files).Find(name));
        }
        byte[] list = files.TryReadDocument(DockerManifest)
            ?? throw new ImageException($"{files.Place} is no saved image: it has neither oci-layout nor {DockerManifest}");
        return OfDocker(files, OciJson.Parse(list, $"{files.Place}: {DockerManifest}"), name);
    }

    private static OciManifest OfLayout(OciFiles files, OciDigest digest)
    {
        string place = $"{files.Place}: {digest}";
        JsonElement manifest = OciJson.Parse(files.ReadDocument(digest), place);
        OciDigest id = OciDigest.Parse(OciJson.Text(OciJson.Member(manifest, "config", place), "digest", place));
        JsonElement config = OciJson.Parse(files.ReadDocument(id), $"{files.Place}: {id}");
        OciConfig run = OciConfig.Read(config, $"{files.Place}: {id}", out IReadOnlyList<OciDigest> contents);
        JsonElement[] descriptors = [.. OciJson.Items(manifest, "layers", place)];
        CheckCount(descriptors.Length, contents.Count, place);
        return new OciManifest(id, run, [.. descriptors.Zip(contents, (layer, digest) => LayerOf(files, layer, digest, place))]);
    }

    private static OciLayer LayerOf(OciFiles files, JsonElement descriptor, OciDigest contents, string place)
    {
        string type = OciJson.Text(descriptor, "mediaType", place);
        if (!_layerTypes.Any(known => _compressions.Any(compression => type == known + compression)))
            throw new ImageException($"{place}: a layer of type '{type}' cannot be read");
        OciDigest blob = OciDigest.Parse(OciJson.Text(descriptor, "digest", place));
        return new OciLayer(files, blob.Place, blob, OciJson.Number(descriptor, "size", place), contents);
    }

    private static OciManifest OfDocker(OciFiles files, JsonElement list, string? name)
    {
        string place = $"{files.Place}: {DockerManifest}";
        JsonElement[] images = [.. OciJson.ItemsOf(list, DockerManifest, place)
            .Where(image => name == null || OciJson.Texts(image, "RepoTags", place).Contains(name))];
        if (images.Length != 1)
        {
            IEnumerable<string> names = OciJson.ItemsOf(list, DockerManifest, place)
                .SelectMany(image => OciJson.Texts(image, "RepoTags", place));
            throw OciIndex.NotOne(files.Place, images.Length, name, names);
        }
        string configName = OciJson.Text(images[0], "Config", place);
        byte[] document = files.TryReadDocument(configName) ?? throw new ImageException($"{files.Place}: {configName} is missing");
        OciDigest id = IdOf(document, configName, files.Place);
        OciConfig run = OciConfig.Read(
            OciJson.Parse(document, $"{files.Place}: {configName}"), $"{files.Place}: {configName}", out IReadOnlyList<OciDigest> contents);
        IReadOnlyList<string> layers = OciJson.Texts(images[0], "Layers", place);
        CheckCount(layers.Count, contents.Count, place);
        return new OciManifest(id, run, [.. layers.Zip(contents, (layer, digest) => new OciLayer(files, layer, null, null, digest))]);
    }

    // Its name is its digest: HEX.json, or a blob's path.
    private static OciDigest IdOf(byte[] config, string name, string place)
    {
        string hex = Convert.ToHexStringLower(SHA256.HashData(config));
        var id = new OciDigest("sha256", hex);
        string said = name.Split('/')[^1];
        said = said.EndsWith(".json", StringComparison.Ordinal) ? said[..^".json".Length] : said;
        bool isDigest = said.Length == hex.Length && said.All(char.IsAsciiHexDigit);
        return !isDigest || said == hex ? id : throw new ImageException($"{place}: {name}: its digest is {id}, not what its name says");
    }

    private static void CheckCount(int layers, int contents, string place)
    {
        if (layers != contents)
            throw new ImageException($"{place}: {layers} layers, but the config tells the digests of {contents}");
        if (layers > MostLayers)
            throw new ImageException($"{place}: {layers} layers are too many (at most {MostLayers})");
    }
}
