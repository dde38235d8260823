using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>One layer: a tar archive, plain, gzip or zstd.</summary>
/// <param name="Files">Where it is.</param>
/// <param name="Name">Its file.</param>
/// <param name="Blob">The digest of the file as it is stored; null where the image has none (<c>docker save</c>).</param>
/// <param name="Bytes">The length of the file; null where the image does not say.</param>
/// <param name="Contents">The digest of the archive without compression.</param>
internal sealed record OciLayer(OciFiles Files, string Name, OciDigest? Blob, long? Bytes, OciDigest Contents)
{
    /// <summary>More than this a layer may not unpack to.</summary>
    public const long MostBytes = 64L << 30;

    // A few hundred bytes of memory each.
    private const int MostEntries = 8 << 20;

    public string Place => $"{Files.Place}: {Name}";

    /// <summary>Reads the whole layer, checks both digests, and returns its entries without their contents.</summary>
    public IReadOnlyList<RootEntry> ReadChecked(long mostBytes = MostBytes)
    {
        using Stream file = Files.OpenFile(Name);
        if (Bytes is { } bytes && file.Length != bytes)
            throw new ImageException($"{Place} has {file.Length} bytes, not {bytes} as the image says");
        using IncrementalHash? blobHash = Blob?.Begin();
        using IncrementalHash contentsHash = Contents.Begin();
        using var packed = new CheckedStream(file, long.MaxValue, blobHash);
        var entries = new List<RootEntry>();
        try
        {
            using var contents = new CheckedStream(Compression.Unpack(file, packed), mostBytes, contentsHash);
            foreach (RootEntry entry in TarRoot.ReadEntries(contents, Place))
            {
                if (entries.Count == MostEntries)
                    throw new ImageException($"{Place} has more than {MostEntries} entries");
                entries.Add(entry with { Open = null });
            }
            // What is behind the archive's end is part of what was hashed.
            contents.CopyTo(Stream.Null);
            packed.CopyTo(Stream.Null);
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException)
        {
            CheckRest(packed, blobHash);
            throw new ImageException($"{Place} cannot be unpacked: {failure.Message}", failure);
        }
        catch (ImageException)
        {
            CheckRest(packed, blobHash);
            throw;
        }
        if (blobHash != null)
            Blob!.Value.Check(blobHash, Place);
        Contents.Check(contentsHash, Place);
        return entries;
    }

    /// <summary>The entries once more, with their contents.</summary>
    public IEnumerable<RootEntry> Read()
    {
        using Stream contents = Compression.Unpack(Files.OpenFile(Name));
        foreach (RootEntry entry in TarRoot.ReadEntries(contents, Place))
            yield return entry;
    }

    // What cannot be read may be damaged: then the digest is what to say.
    private void CheckRest(CheckedStream packed, IncrementalHash? hash)
    {
        if (hash == null)
            return;
        packed.CopyTo(Stream.Null);
        Blob!.Value.Check(hash, Place);
    }
}
