// The layout of the device, in 4-KiB blocks:
//   0..3   superblocks: two slots of two copies each; slot = version & 1
//   4..7   reserved, zero
//   8..    the log ring, LogBlocks long
//   then   the space map: 3 slots for each page of level 0 (groups), level 1, level 2
//   then   data blocks: pages of objects and tree nodes alike
// Everything follows from the device's size and the length of the log, so an image cannot lie about it.
// docs/disk-format.md describes the whole format.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Numbers of the on-disk format.</summary>
internal static class StoreFormat
{
    public const ulong SuperblockMagic = 0x3145524F54535541; // "AUSTORE1"
    public const uint LogMagic = 0x474F4C41; // "ALOG"
    public const uint NodeMagic = 0x444F4E41; // "ANOD"
    public const uint SpaceMagic = 0x43505341; // "ASPC"
    public const uint Version = 2;

    /// <summary>The version before volumes: refused, but for an upgrade.</summary>
    public const uint SingleVolumeVersion = 1;

    /// <summary>Checksum algorithm 1: XXH64 (see BlockChecksum).</summary>
    public const uint AlgorithmXxh64 = 1;

    /// <summary>Required feature of images of version 1: the log may hold rollbacks. Since then it always may.</summary>
    public const ulong RollbackFeature = 1;

    /// <summary>Required feature: the log may hold hidden volumes and takes, which builds without it take for the end of the log.</summary>
    public const ulong LargeCommitFeature = 2;

    /// <summary>Required feature: records of the log may be joined, of which builds without it would take a part.</summary>
    public const ulong JoinedCommitFeature = 4;

    /// <summary>What images that this build writes to require.</summary>
    public const ulong WrittenFeatures = LargeCommitFeature | JoinedCommitFeature;
    public const ulong KnownFeatures = RollbackFeature | WrittenFeatures;
    public const ulong LogStart = 8;
    public const uint MinimumLogBlocks = 64;
    public const uint MaximumLogBlocks = 1 << 20;
    public const ulong MinimumBlocks = 512;

    /// <summary>The longest record of an object, in bytes.</summary>
    public const int MaxRecordBytes = 3072;

    /// <summary>Object ids and page numbers end here; the ids above are the store's own.</summary>
    public const ulong MaxObjectId = ulong.MaxValue - 16;
    public const ulong MaxPage = (1UL << 52) - 1;

    /// <summary>No count of commits, cuts, openings or positions of the log comes near this in the life of a disk.</summary>
    public const ulong MaxCounter = 1UL << 62;

    /// <summary>Trees are never higher than this; a higher one is corrupt.</summary>
    public const int MaxLevels = 10;
}

/// <summary>Where everything is on a device of a given size.</summary>
internal struct Geometry
{
    public ulong BlockCount;
    public ulong LogBlocks;
    public ulong DataStart;
    public ulong DataBlocks;
    public ulong Level0Start;
    public ulong Level1Start;
    public ulong Level2Start;
    public ulong Groups;
    public ulong Level1Pages;
    public ulong Level2Pages;

    /// <summary>Computes the layout; false when the device is too small or too large.</summary>
    public static bool TryCreate(ulong blockCount, ulong logBlocks, out Geometry geometry)
    {
        geometry = default;
        if (blockCount < StoreFormat.MinimumBlocks || logBlocks < StoreFormat.MinimumLogBlocks
            || logBlocks > StoreFormat.MaximumLogBlocks || logBlocks > blockCount / 2)
        {
            return false;
        }
        ulong spaceStart = StoreFormat.LogStart + logBlocks;
        ulong rest = blockCount - spaceStart;
        ulong groups = DivideUp(rest, SpacePage.BlocksPerGroup);
        ulong level1 = DivideUp(groups, SpacePage.EntriesPerPage);
        ulong level2 = DivideUp(level1, SpacePage.EntriesPerPage);
        ulong spaceBlocks = SpacePage.Slots * (groups + level1 + level2);
        if (level2 > Superblock.MaxSpaceRoots || spaceBlocks + 64 > rest)
            return false;
        geometry.BlockCount = blockCount;
        geometry.LogBlocks = logBlocks;
        geometry.Level0Start = spaceStart;
        geometry.Level1Start = spaceStart + (SpacePage.Slots * groups);
        geometry.Level2Start = geometry.Level1Start + (SpacePage.Slots * level1);
        geometry.DataStart = spaceStart + spaceBlocks;
        geometry.DataBlocks = blockCount - geometry.DataStart;
        geometry.Groups = DivideUp(geometry.DataBlocks, SpacePage.BlocksPerGroup);
        geometry.Level1Pages = DivideUp(geometry.Groups, SpacePage.EntriesPerPage);
        geometry.Level2Pages = DivideUp(geometry.Level1Pages, SpacePage.EntriesPerPage);
        return true;
    }

    public readonly bool IsDataBlock(ulong block) => block >= DataStart && block < BlockCount;

    /// <summary>Where a page of the space map is, in one of its slots.</summary>
    public readonly ulong SpaceBlock(int level, ulong index, int slot)
    {
        ulong start = level switch
        {
            0 => Level0Start,
            1 => Level1Start,
            _ => Level2Start,
        };
        return start + (index * SpacePage.Slots) + (ulong)slot;
    }

    private static ulong DivideUp(ulong value, ulong divisor) => (value + divisor - 1) / divisor;
}
