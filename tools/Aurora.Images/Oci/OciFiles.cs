// The files of an image that was saved: a folder, or a tar archive. Names are relative, with slashes; those that the image makes up by
// itself (manifest.json of `docker save`) are not trusted: none leads outside.
using System;
using System.IO;
using System.Linq;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>Opens the files of a saved image by name.</summary>
internal abstract class OciFiles : IDisposable
{
    private const int MostDocumentBytes = 8 << 20;

    /// <summary>Where the image is, for messages.</summary>
    public abstract string Place { get; }

    /// <summary>The files at a path of the host; what must be unpacked for that goes into a folder.</summary>
    public static OciFiles Open(string path, string folder)
        => Directory.Exists(path) ? new OciFolder(path)
            : File.Exists(path) ? OciArchive.Open(path, folder) : throw new ImageException($"no folder or archive at {path}");

    /// <summary>A file, from which any part can be read; null when there is none of this name.</summary>
    public abstract Stream? TryOpen(string name);

    public Stream OpenFile(string name) => TryOpen(name) ?? throw new ImageException($"{Place}: {name} is missing");

    /// <summary>A whole document. Those of images are small; larger ones are refused before they are read.</summary>
    public byte[]? TryReadDocument(string name)
    {
        using Stream? stream = TryOpen(name);
        if (stream == null)
            return null;
        if (stream.Length > MostDocumentBytes)
            throw new ImageException($"{Place}: {name} has {stream.Length} bytes: no description of an image is so long");
        try
        {
            byte[] document = new byte[stream.Length];
            stream.ReadExactly(document);
            return document;
        }
        catch (IOException failure)
        {
            throw new ImageException($"{Place}: {name} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>A whole document that must be there, with its digest checked.</summary>
    public byte[] ReadDocument(OciDigest digest)
    {
        byte[] document = TryReadDocument(digest.Place) ?? throw new ImageException($"{Place}: {digest} is missing");
        using var hash = digest.Begin();
        hash.AppendData(document);
        digest.Check(hash, $"{Place}: {digest.Place}");
        return document;
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    protected static bool IsInside(string name) => name.Length > 0 && name[0] != '/' && !name.Split('/').Contains("..");
}

/// <summary>A folder.</summary>
internal sealed class OciFolder(string folder) : OciFiles
{
    public override string Place => folder;

    public override Stream? TryOpen(string name)
    {
        if (!IsInside(name))
            throw new ImageException($"{folder}: the image names {name}, which is outside of it");
        string path = Path.Combine(folder, name);
        try
        {
            if (!File.Exists(path))
                return null;
            // A device or pipe of this name could be waited for forever.
            string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            return HostFile.Describe(target).IsRegular ? File.OpenRead(target) : throw new ImageException($"{path}: not a regular file");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"{path}: {failure.Message}", failure);
        }
    }
}
