// Every block has a 64-bit XXH64 sum that lives with the pointer to it. The seed mixes the store's identity, what the block is and
// where it is: a page of data with its page number and block, so that a block that strays, or an old block of another place, never verifies.
// The object is not in the seed: clones share blocks, and the reader's object is not the writer's. The block number stands for it.

namespace Aurora.Store;

/// <summary>Seeded checksums of blocks.</summary>
internal static unsafe class BlockChecksum
{
    private const ulong NodeSeed = 0x9E3779B97F4A7C15;
    private const ulong SpaceSeed = 0xC2B2AE3D27D4EB4F;
    private const ulong LogSeed = 0x165667B19E3779F9;
    private const ulong StartSeed = 0x85EBCA77C2B2AE63;
    private const ulong SuperblockSeed = 0x27D4EB2F165667C5;

    public static ulong OfPage(ulong storeSeed, ulong page, ulong block, void* data)
        => Hash(data, 4096, Mix(storeSeed, Mix(page, block)));

    public static ulong OfNode(ulong storeSeed, ulong block, void* data) => Hash(data, 4096, Mix(storeSeed ^ NodeSeed, block));

    public static ulong OfSpacePage(ulong storeSeed, ulong block, void* data) => Hash(data, 4096, Mix(storeSeed ^ SpaceSeed, block));

    /// <summary>The sum of a log block, whose Checksum field is the last of its header and counts as zero.</summary>
    public static ulong OfLogBlock(ulong storeSeed, ulong position, void* data)
    {
        LogBlockHeader* header = (LogBlockHeader*)data;
        ulong kept = header->Checksum;
        header->Checksum = 0;
        ulong sum = Hash(data, 4096, Mix(storeSeed ^ LogSeed, position));
        header->Checksum = kept;
        return sum;
    }

    /// <summary>The sum of all of a start block but its last eight bytes, where it is kept.</summary>
    public static ulong OfStartBlock(ulong storeSeed, ulong block, void* data)
        => Hash(data, StartBlock.ChecksumOffset, Mix(storeSeed ^ StartSeed, block));

    public static ulong OfSuperblock(Superblock* block)
        => Hash(block, 4096 - 8, Mix(block->UuidLow ^ SuperblockSeed, block->UuidHigh));

    /// <summary>The seed that stands for a store's identity.</summary>
    public static ulong StoreSeed(ulong uuidLow, ulong uuidHigh) => Mix(uuidLow, uuidHigh);

    private static ulong Hash(void* data, int bytes, ulong seed) => BlockHash.Compute(data, bytes, seed);

    private static ulong Mix(ulong a, ulong b)
    {
        ulong value = (a * 0x9FB21C651E98DF25) ^ (b + 0x9E3779B97F4A7C15 + (a >> 31));
        value ^= value >> 29;
        value *= 0xBF58476D1CE4E5B9;
        return value ^ (value >> 32);
    }
}
