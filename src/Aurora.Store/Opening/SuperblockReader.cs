// Choosing the superblock to open with: of the four copies, the whole one with the greatest version. An unknown version, feature or
// checksum algorithm is refused by name, and every field is checked before it is used.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads and validates superblocks.</summary>
internal static unsafe class SuperblockReader
{
    private const int Copies = 4;

    /// <summary>
    /// Fills the context's superblock, geometry and seed with the newest one, or the newest older than a version. Blocks.
    /// </summary>
    public static StoreStatus Read(StoreContext context, Superblock* scratch, ulong before = ulong.MaxValue)
    {
        if (context.Device.BlockCount < StoreFormat.MinimumBlocks)
            return context.Refuse(StoreStatus.NotAStore, FaultPlace.Superblock, 0);
        int best = -1;
        bool hasMagic = false;
        uint foundVersion = StoreFormat.Version;
        bool isSlotWhole0 = false;
        bool isSlotWhole1 = false;
        StoreStatus readStatus = StoreStatus.Ok;
        for (int copy = 0; copy < Copies; copy++)
        {
            StoreStatus status = context.ReadBlock((ulong)copy, scratch);
            if (status != StoreStatus.Ok)
            {
                readStatus = status;
                continue;
            }
            if (scratch->Magic != StoreFormat.SuperblockMagic)
                continue;
            hasMagic = true;
            if (BlockChecksum.OfSuperblock(scratch) != scratch->Checksum)
            {
                foundVersion = scratch->FormatVersion;
                continue;
            }
            if (scratch->WriteVersion >= before)
                continue;
            isSlotWhole0 |= copy < 2;
            isSlotWhole1 |= copy >= 2;
            if (best < 0 || scratch->WriteVersion > context.Super->WriteVersion)
            {
                best = copy;
                *context.Super = *scratch;
            }
        }
        if (best < 0)
            return RefuseAll(context, readStatus, hasMagic, foundVersion);

        // When the other slot is damaged, it may have been the newer one, and blocks only its predecessor's history needs may have been
        // reused.
        if (!isSlotWhole0 || !isSlotWhole1)
            context.Super->Previous = default;
        return Validate(context, (ulong)best);
    }

    private static StoreStatus RefuseAll(StoreContext context, StoreStatus readStatus, bool hasMagic, uint foundVersion)
    {
        if (readStatus != StoreStatus.Ok)
            return readStatus;
        if (!hasMagic)
            return context.Refuse(StoreStatus.NotAStore, FaultPlace.Superblock, 0);
        return foundVersion is not (StoreFormat.Version or StoreFormat.SingleVolumeVersion)
            ? context.Refuse(StoreStatus.UnknownVersion, FaultPlace.Superblock, 0, 0, 0, foundVersion)
            : context.Refuse(StoreStatus.BadChecksum, FaultPlace.Superblock, 0);
    }

    private static StoreStatus Validate(StoreContext context, ulong block)
    {
        Superblock* super = context.Super;
        if (super->FormatVersion == StoreFormat.SingleVolumeVersion)
        {
            if (!context.Options.Upgrade)
                return context.Refuse(StoreStatus.OldVersion, FaultPlace.Superblock, block, 0, 0, super->FormatVersion);
            FormatUpgrade.Convert(context);
        }
        if (super->FormatVersion != StoreFormat.Version)
            return context.Refuse(StoreStatus.UnknownVersion, FaultPlace.Superblock, block, 0, 0, super->FormatVersion);
        if ((super->RequiredFeatures & ~StoreFormat.KnownFeatures) != 0)
            return context.Refuse(StoreStatus.UnknownFeature, FaultPlace.Superblock, block, 0, 0, super->RequiredFeatures);
        if (super->Algorithm != StoreFormat.AlgorithmXxh64)
            return context.Refuse(StoreStatus.UnknownFeature, FaultPlace.Superblock, block, 0, 0, super->Algorithm);
        bool isPossible = super->BlockCount <= context.Device.BlockCount
            && Geometry.TryCreate(super->BlockCount, super->LogBlocks, out context.Geometry)
            && (super->UuidLow | super->UuidHigh) != 0
            && super->UsedBlocks <= context.Geometry.DataBlocks
            && super->FreedBlocks <= context.Geometry.DataBlocks - super->UsedBlocks
            && super->Current.Number > 0
            && AreCountersPossible(super)
            && IsCutPossible(super->Current, context.Geometry)
            && IsCutPossible(super->Previous, context.Geometry)
            && super->Previous.Number < super->Current.Number
            && super->Previous.LogPosition <= super->Current.LogPosition
            && super->Previous.Sequence <= super->Current.Sequence
            && super->Current.LogPosition - super->Previous.LogPosition <= super->LogBlocks
                + (super->Previous.Number == 0 ? super->Current.LogPosition : 0)
            && IsRootPossible(context.First.Objects, context.Geometry)
            && IsRootPossible(context.First.History, context.Geometry)
            && super->NextVolume > VolumeId.First.Value
            && super->NextVolume < VolumeRecord.HiddenBit;
        if (!isPossible)
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.Superblock, block);
        context.HashSeed = BlockChecksum.StoreSeed(super->UuidLow, super->UuidHigh);
        return StoreStatus.Ok;
    }

    // They only ever count up from here, and must not come round to 0. Those of the previous cut are bounded by the current one's.
    private static bool AreCountersPossible(Superblock* super)
        => super->WriteVersion <= StoreFormat.MaxCounter
            && super->Generation <= StoreFormat.MaxCounter
            && super->DurableSequence <= StoreFormat.MaxCounter
            && super->EndSequence <= StoreFormat.MaxCounter
            && super->Current.Number <= StoreFormat.MaxCounter
            && super->Current.Sequence <= StoreFormat.MaxCounter
            && super->Current.LogPosition <= StoreFormat.MaxCounter;

    private static bool IsCutPossible(in Cut cut, in Geometry geometry) => IsRootPossible(cut.Volumes, geometry);

    private static bool IsRootPossible(in NodePointer root, in Geometry geometry)
        => root.IsEmpty || (geometry.IsDataBlock(root.Block) && root.Level < StoreFormat.MaxLevels);
}
