// The consistency groups of an image by the names and numbers that users know: the machine's own is "host" and 0, the one in volume N has
// that volume's name and the number N - 1. A volume that no machine runs (a fork) may be looked into by its name or number too.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Finds groups.</summary>
internal static class ImageGroups
{
    /// <summary>The name of the machine's own group.</summary>
    public const string Host = "host";

    /// <summary>
    /// The volume of a group, or of a region where no group has that name; the machine's own for null. Throws with the groups there are.
    /// </summary>
    public static ImageVolume Find(ImageStore image, string? group)
    {
        IReadOnlyList<ImageVolume> all = ImageVolumes.Read(image);
        group ??= Host;
        ImageVolume? found = ulong.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? all.FirstOrDefault(volume => NumberOf(volume) == number)
            : all.OrderBy(volume => volume.IsPartial).ThenBy(volume => volume.IsRegion).FirstOrDefault(volume => NameOf(volume) == group);
        if (found == null)
            throw new ImageException($"no group {group} in the image; there are {Describe(all)}");
        return found.IsPartial
            ? throw new ImageException($"volume {found.Number} ({found.Name}) is incomplete: it has no state that could be looked into")
            : found;
    }

    public static string NameOf(ImageVolume volume) => IsHost(volume) ? Host : volume.Name;

    private static bool IsHost(ImageVolume volume) => volume.Number == VolumeId.First.Value;

    private static ulong NumberOf(ImageVolume volume) => volume.Number - VolumeId.First.Value;

    private static string Describe(IReadOnlyList<ImageVolume> all)
        => string.Join(", ", all.Where(volume => volume.IsGroup).Select(volume => $"{NameOf(volume)} ({NumberOf(volume)})"));
}
