// Saved images for tests, made in a folder: layers of given entries, and the documents around them, in the forms that tools write.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aurora.Images.Oci;
using Aurora.Images.Root;

namespace Aurora.Images.Tests.Oci;

internal enum LayerForm
{
    Plain,
    Gzip,
    Zstandard,
}

/// <summary>Writes an image layout or a <c>docker save</c> archive.</summary>
internal sealed class SavedImage(string folder)
{
    private const string OciManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string OciIndexType = "application/vnd.oci.image.index.v1+json";

    public string Folder => folder;

    public static TarEntry Plain(string name, string text, int owner = 0)
        => new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)), Uid = owner };

    public static TarEntry Link(string name, string target) => new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target };

    public static TarEntry HardLink(string name, string target) => new PaxTarEntry(TarEntryType.HardLink, name) { LinkName = target };

    public static TarEntry Directory(string name, UnixFileMode mode = (UnixFileMode)0x1ED)
        => new PaxTarEntry(TarEntryType.Directory, name) { Mode = mode };

    public static byte[] Layer(params TarEntry[] entries)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
                writer.WriteEntry(entry);
        }
        return stream.ToArray();
    }

    public static byte[] Packed(byte[] bytes, LayerForm form)
    {
        if (form == LayerForm.Plain)
            return bytes;
        var stream = new MemoryStream();
        using (Stream packer = form == LayerForm.Gzip
            ? new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true) : new ZstdSharp.CompressionStream(stream, leaveOpen: true))
            packer.Write(bytes);
        return stream.ToArray();
    }

    public static string DigestOf(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public string PathOf(string digest) => Path.Combine(folder, "blobs", digest.Replace(':', '/'));

    /// <summary>A layout of one image; the digests of its layers.</summary>
    public IReadOnlyList<string> Write(IEnumerable<byte[]> layers, object? run = null, LayerForm form = LayerForm.Plain)
    {
        object manifest = WriteManifest([.. layers], run, form, "amd64", out IReadOnlyList<string> digests);
        WriteIndex([manifest]);
        return digests;
    }

    public void WriteIndex(object[] manifests)
    {
        System.IO.Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        File.WriteAllText(Path.Combine(folder, "index.json"), JsonSerializer.Serialize(new { schemaVersion = 2, manifests }));
    }

    public object WriteNested(params object[] manifests)
    {
        byte[] index = JsonSerializer.SerializeToUtf8Bytes(new { schemaVersion = 2, manifests });
        return new { mediaType = OciIndexType, digest = WriteBlob(index), size = index.Length };
    }

    public object WriteManifest(
        byte[][] layers, object? run, LayerForm form, string processor, out IReadOnlyList<string> digests, string name = "")
    {
        string config = WriteBlob(ConfigOf(layers, run, processor));
        byte[][] packed = [.. layers.Select(layer => Packed(layer, form))];
        string suffix = form switch { LayerForm.Gzip => "+gzip", LayerForm.Zstandard => "+zstd", _ => "" };
        digests = [.. packed.Select(WriteBlob)];
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = OciManifestType,
            config = new { mediaType = "application/vnd.oci.image.config.v1+json", digest = config, size = 1 },
            layers = packed.Select(layer => new
            {
                mediaType = "application/vnd.oci.image.layer.v1.tar" + suffix, digest = DigestOf(layer), size = layer.Length,
            }),
        });
        return new
        {
            mediaType = OciManifestType,
            digest = WriteBlob(manifest),
            size = manifest.Length,
            platform = new { os = "linux", architecture = processor },
            annotations = new Dictionary<string, string> { ["org.opencontainers.image.ref.name"] = name },
        };
    }

    /// <summary>What <c>docker save</c> wrote before it wrote layouts: one file a layer, a second layer of the same as a link.</summary>
    public string WriteDockerArchive(byte[][] layers, object? run = null, string name = "test:1")
    {
        byte[] config = ConfigOf(layers, run, "amd64");
        string configName = Convert.ToHexStringLower(SHA256.HashData(config)) + ".json";
        string archive = folder + ".tar";
        var places = new Dictionary<string, string>();
        using var writer = new TarWriter(File.Create(archive));
        string[] names = [.. layers.Select((_, index) => $"{index:x8}/layer.tar")];
        for (int i = 0; i < layers.Length; i++)
        {
            if (places.TryGetValue(DigestOf(layers[i]), out string? first))
                writer.WriteEntry(Link(names[i], "../" + first));
            else
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, names[i]) { DataStream = new MemoryStream(layers[i]) });
            places.TryAdd(DigestOf(layers[i]), names[i]);
        }
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, configName) { DataStream = new MemoryStream(config) });
        writer.WriteEntry(Plain("manifest.json", JsonSerializer.Serialize(
            new[] { new { Config = configName, RepoTags = new[] { name }, Layers = names } })));
        return archive;
    }

    public string WriteBlob(byte[] bytes)
    {
        string digest = DigestOf(bytes);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(PathOf(digest))!);
        File.WriteAllBytes(PathOf(digest), bytes);
        return digest;
    }

    private static byte[] ConfigOf(byte[][] layers, object? run, string processor) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        os = "linux",
        architecture = processor,
        config = run,
        rootfs = new { type = "layers", diff_ids = layers.Select(DigestOf) },
    });

    /// <summary>What an image shows, in a line each: name, kind, and contents, target or the file's first name.</summary>
    public static IReadOnlyList<string> Show(string place)
    {
        using OciImage image = OciImage.Open(place);
        var lines = new List<string>();
        var known = new HashSet<string>();
        foreach (RootEntry entry in image.Read())
        {
            string parent = entry.Path[..Math.Max(1, entry.Path.LastIndexOf('/'))];
            if (entry.Path != "/" && !known.Contains(parent))
                throw new InvalidOperationException($"{entry.Path} comes before {parent}");
            known.Add(entry.Path);
            if (entry.Path != "/")
                lines.Add($"{entry.Path} {Describe(entry)}");
        }
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private static string Describe(RootEntry entry)
    {
        if (entry.Kind == RootEntryKind.Directory)
            return "directory";
        if (entry.Kind != RootEntryKind.File)
            return $"{(entry.Kind == RootEntryKind.HardLink ? "=" : "->")} {entry.Target}";
        using var reader = new StreamReader(entry.Open!());
        return reader.ReadToEnd();
    }
}
