// Images of version 1 held one state and one history: the superblock named the object tree where it now names the volume table, and the
// history tree where the count of automatic checkpoints is now. Everything else (trees, log, space map) is as it was, so that an upgrade is
// two cuts: the first writes a volume table with that state as the first volume, the second takes the older superblock's place as well.
// Until the first is durable the image is what it was, and the upgrade can be tried again. The recent history is not offered meanwhile.
namespace Aurora.Store;

/// <summary>Makes a superblock of version 1 one of this version, in memory.</summary>
internal static unsafe class FormatUpgrade
{
    public static void Convert(StoreContext context)
    {
        Superblock* super = context.Super;
        context.First.Objects = super->Current.Volumes;
        context.First.History = *(NodePointer*)&super->AutomaticCount;
        super->FormatVersion = StoreFormat.Version;
        super->RequiredFeatures &= ~StoreFormat.RollbackFeature;
        super->RequiredFeatures |= StoreFormat.WrittenFeatures;
        super->Current.Volumes = default;
        super->Previous = default;
        super->AutomaticCount = 0;
        super->Reserved0 = 0;
        super->Reserved2 = 0;
        super->NextVolume = VolumeId.First.Value + 1;
    }
}
