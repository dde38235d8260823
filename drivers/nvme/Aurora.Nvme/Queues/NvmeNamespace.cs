using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>What the driver learned about the namespace it serves; fixed after bring-up.</summary>
public sealed class NvmeNamespace
{
    /// <summary>NSID.</summary>
    public uint Id { get; init; }

    /// <summary>The namespace's own logical block: 512 or 4096 bytes.</summary>
    public int LogicalBlockBytes { get; init; }

    /// <summary>A 4-KiB block holds 1 &lt;&lt; this many logical blocks.</summary>
    public int LogicalBlocksShift { get; init; }

    /// <summary>Whole 4-KiB blocks.</summary>
    public ulong BlockCount { get; init; }

    /// <summary>The most 4-KiB blocks one read or write may carry (MDTS and the driver's own limit).</summary>
    public int MaximumTransferBlocks { get; init; }

    /// <summary>The most 4-KiB blocks one Write Zeroes may cover: bounded by its 16-bit count and WZSL, it moves no data.</summary>
    public int MaximumZeroBlocks { get; private set; }

    /// <summary>The most 4-KiB blocks one Discard may cover: bounded by the 32-bit length of its range, DMRSL and DMSL.</summary>
    public int MaximumDiscardBlocks { get; private set; }

    /// <summary>The most 4-KiB blocks all ranges of one Dataset Management command may cover together (DMSL).</summary>
    public ulong MaximumDiscardTotal { get; private set; }

    /// <summary>The most ranges one Dataset Management command may carry: 256, or DMRL.</summary>
    public int MaximumDiscardRanges { get; private set; }

    public bool SupportsDeallocate { get; init; }

    public bool SupportsWriteZeroes { get; init; }

    /// <summary>Whether a namespace described like this is still this one: the same format, and not smaller. One that grew is used as before.</summary>
    internal unsafe bool Holds(IdentifyNamespace* data)
        => HasFormat(data) && data->SizeLogicalBlocks >> LogicalBlocksShift >= BlockCount;

    internal unsafe bool HasFormat(IdentifyNamespace* data)
    {
        LbaFormat format = data->CurrentFormat;
        return format.DataShift == 12 - LogicalBlocksShift && format.MetadataBytes == 0 && (data->DataProtection & 7) == 0;
    }

    /// <summary>Sets the limits of commands that move no data, from what the device says; all zero when it says nothing.</summary>
    internal void SetLimits(in IdentifyLimits limits)
    {
        int zeroes = (int)(IoCommands.MaximumLogicalBlocks >> LogicalBlocksShift);
        MaximumZeroBlocks = limits.WriteZeroesShift is 0 or > 20 ? zeroes : Smaller(zeroes, 1 << limits.WriteZeroesShift);
        ulong range = uint.MaxValue >> 1;
        if (limits.DatasetRangeBlocks != 0 && limits.DatasetRangeBlocks < range)
            range = limits.DatasetRangeBlocks;
        if (limits.DatasetBlocks != 0 && limits.DatasetBlocks < range)
            range = limits.DatasetBlocks;
        MaximumDiscardBlocks = (int)(range >> LogicalBlocksShift);
        MaximumDiscardTotal = limits.DatasetBlocks == 0 ? ulong.MaxValue : limits.DatasetBlocks >> LogicalBlocksShift;
        MaximumDiscardRanges = limits.DatasetRanges == 0 ? DatasetRange.MaximumCount : limits.DatasetRanges;
    }

    private static int Smaller(int left, int right) => left < right ? left : right;

    /// <summary>The largest count this operation may carry; 0 when the device does not implement it.</summary>
    public int LimitOf(BlockOperation operation) => operation switch
    {
        BlockOperation.Read or BlockOperation.Write => MaximumTransferBlocks,
        BlockOperation.Discard => SupportsDeallocate ? MaximumDiscardBlocks : 0,
        BlockOperation.WriteZeroes => SupportsWriteZeroes ? MaximumZeroBlocks : 0,
        _ => 0,
    };
}
