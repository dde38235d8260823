using System.Threading;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Images.Oci;

namespace Aurora.Cli.Workspace;

/// <summary>Disk images of saved images of containers, each made once.</summary>
internal static class OciImages
{
    /// <summary>Opens a saved image; what must be unpacked for that goes into the cache.</summary>
    public static OciImage Open(string place) => OciImage.Open(place, Repository.Cache);

    /// <summary>
    /// A disk image of the usual size with the files of a saved image. The config's digest names it, which vouches for all layers.
    /// </summary>
    public static Task<string> EnsureAsync(string place, OciImage image, CancellationToken cancellation)
        => ImageCache.OfTool.EnsureAsync(
            "oci-" + image.Id.Replace(':', '-'), ImageCache.IsAsNewAsTool,
            path => DiskImages.WriteAsync(path, DiskImage.DefaultBytes, $"making a disk image of {place}", image.Read, cancellation),
            cancellation);
}
