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
    public string Place => $"{Files.Place}: {Name}";

    /// <summary>Reads the whole layer, checks both digests, and returns its entries without their contents.</summary>
    public IReadOnlyList<RootEntry> ReadChecked(LayerBudget budget)
    {
        using Stream file = Files.OpenFile(Name);
        if (Bytes is { } bytes && file.Length != bytes)
            throw new ImageException($"{Place} has {file.Length} bytes, not {bytes} as the image says");
        using IncrementalHash? blobHash = Blob?.Begin();
        using var packed = new CheckedStream(file, long.MaxValue, blobHash);
        IReadOnlyList<RootEntry> entries;
        try
        {
            entries = ReadEntries(file, packed, budget);
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
        CheckRest(packed, blobHash);
        return entries;
    }

    /// <summary>The entries once more, with their contents; throws at the end when they are others than before.</summary>
    public IEnumerable<RootEntry> Read()
    {
        using IncrementalHash hash = Contents.Begin();
        using var contents = new CheckedStream(Compression.Unpack(Files.OpenFile(Name)), long.MaxValue, hash);
        foreach (RootEntry entry in TarRoot.ReadEntries(contents, Place))
            yield return entry;
        contents.CopyTo(Stream.Null);
        Contents.Check(hash, Place);
    }

    private List<RootEntry> ReadEntries(Stream file, CheckedStream packed, LayerBudget budget)
    {
        using IncrementalHash hash = Contents.Begin();
        var contents = new CheckedStream(Compression.Unpack(file, packed), budget.Bytes, hash);
        var entries = new List<RootEntry>();
        foreach (RootEntry entry in TarRoot.ReadEntries(contents, Place))
        {
            budget.Take(entry, Place);
            entries.Add(entry with { Open = null, Layout = null });
        }
        // What is behind the archive's end is part of what was hashed.
        contents.CopyTo(Stream.Null);
        packed.CopyTo(Stream.Null);
        budget.TakeBytes(contents.Count);
        Contents.Check(hash, Place);
        return entries;
    }

    // What cannot be read may be damaged: then the digest is what to say.
    private void CheckRest(CheckedStream packed, IncrementalHash? hash)
    {
        if (hash == null)
            return;
        try
        {
            packed.CopyTo(Stream.Null);
        }
        catch (IOException failure)
        {
            throw new ImageException($"{Place} cannot be read: {failure.Message}", failure);
        }
        Blob!.Value.Check(hash, Place);
    }
}
