using System.Collections.Generic;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Store failures in words.</summary>
internal static class StoreText
{
    public static string Of(StoreStatus status) => status switch
    {
        StoreStatus.NotAStore => "this is no Aurora disk image",
        StoreStatus.UnknownVersion => "the image was written by a newer version of Aurora",
        StoreStatus.UnknownFeature => "the image uses a feature this version of Aurora does not know",
        StoreStatus.NoSpace => "the image is full",
        StoreStatus.BadChecksum => "data does not match its checksum",
        StoreStatus.Corrupt => "a structure is damaged",
        StoreStatus.DeviceError => "the file could not be read or written",
        StoreStatus.OutOfMemory => "not enough memory",
        _ => status.ToString(),
    };

    public static string Of(in StoreFault fault)
    {
        List<string> places = [];
        if (fault.Place != FaultPlace.None)
            places.Add($"in {fault.Place}");
        if (fault.Object.Value != 0)
            places.Add($"object {fault.Object.Value}");
        if (fault.Page != 0)
            places.Add($"page {fault.Page}");
        if (fault.Block.Value != 0)
            places.Add($"block {fault.Block.Value}");
        if (fault.Found != 0)
            places.Add($"found 0x{fault.Found:x}");
        string where = places.Count == 0 ? "" : $" ({string.Join(", ", places)})";
        return Of(fault.Status) + where;
    }
}
