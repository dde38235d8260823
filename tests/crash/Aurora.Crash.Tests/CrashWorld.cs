using System.Collections.Generic;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

/// <summary>
/// All volumes of a store after one commit. Never changes: each commit makes another, which shares what it does not change.
/// </summary>
public sealed class CrashWorld
{
    private readonly SortedDictionary<ulong, StoreModel> _volumes;

    private CrashWorld(SortedDictionary<ulong, StoreModel> volumes) => _volumes = volumes;

    /// <summary>A store with nothing but its first volume.</summary>
    public static CrashWorld Of(StoreModel first) => new(new SortedDictionary<ulong, StoreModel> { [VolumeId.First.Value] = first });

    public IReadOnlyDictionary<ulong, StoreModel> Volumes => _volumes;

    public StoreModel this[VolumeId volume] => _volumes[volume.Value];

    public bool Has(VolumeId volume) => _volumes.ContainsKey(volume.Value);

    public CrashWorld With(VolumeId volume, StoreModel model)
        => new(new SortedDictionary<ulong, StoreModel>(_volumes) { [volume.Value] = model });

    public CrashWorld Without(VolumeId volume)
    {
        var left = new SortedDictionary<ulong, StoreModel>(_volumes);
        left.Remove(volume.Value);
        return new CrashWorld(left);
    }
}
