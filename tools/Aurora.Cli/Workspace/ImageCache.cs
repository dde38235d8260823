// Images that take long to make and are copied whenever one like them is wanted: artifacts/cache/images/NAME.img, where the name says what
// is in it, by digest. An entry appears when it is whole; who makes one holds its lock (NAME.lock, given up by the host's kernel when the
// holder dies), and whoever wants the same waits for him. What a maker who died has left under another name is deleted by the next.
using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Images;

namespace Aurora.Cli.Workspace;

/// <summary>Keeps images in a folder by what they are made of.</summary>
internal sealed class ImageCache(string folder)
{
    /// <summary>The images of this working tree.</summary>
    public static ImageCache OfTool { get; } = new(Path.Combine(Repository.Cache, "images"));

    /// <summary>Where the image of a name is, or would be.</summary>
    public string PathOf(string name) => Path.Combine(folder, name + ".img");

    /// <summary>
    /// The image of that name; <paramref name="make"/> makes it under the path it is given when there is none, or none that is good.
    /// </summary>
    public async Task<string> EnsureAsync(
        string name, Func<string, bool> isGood, Func<string, Task> make, CancellationToken cancellation)
    {
        string image = PathOf(name);
        if (File.Exists(image) && isGood(image))
            return image;
        await using FileStream held = await HostLock.AcquireAsync(
            Path.Combine(folder, name + ".lock"), "another aurora makes this image; waiting for it", cancellation);
        if (File.Exists(image) && isGood(image))
            return image;
        foreach (string left in Directory.EnumerateFiles(folder, name + ".new*"))
            File.Delete(left);
        string partial = Path.Combine(folder, name + ".new");
        try
        {
            await make(partial);
            NewFile.Flush(partial);
            File.Move(partial, image, overwrite: true);
            return image;
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>True for an image that is no older than the code that makes images.</summary>
    public static bool IsAsNewAsTool(string image)
    {
        DateTime made = File.GetLastWriteTimeUtc(image);
        return File.GetLastWriteTimeUtc(typeof(DiskImage).Assembly.Location) < made
            && File.GetLastWriteTimeUtc(typeof(Store.ObjectStore).Assembly.Location) < made;
    }
}
