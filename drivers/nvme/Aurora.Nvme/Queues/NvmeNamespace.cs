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

    /// <summary>The most 4-KiB blocks one Write Zeroes may cover: bounded by its 16-bit count only, it moves no data.</summary>
    public int MaximumZeroBlocks => (int)(IoCommands.MaximumLogicalBlocks >> LogicalBlocksShift);

    /// <summary>The most 4-KiB blocks one Discard may cover: bounded by the 32-bit length of its range.</summary>
    public int MaximumDiscardBlocks => (int)(uint.MaxValue >> LogicalBlocksShift >> 1);

    public bool SupportsDeallocate { get; init; }

    public bool SupportsWriteZeroes { get; init; }

    /// <summary>The largest count this operation may carry; 0 when the device does not implement it.</summary>
    public int LimitOf(BlockOperation operation) => operation switch
    {
        BlockOperation.Read or BlockOperation.Write => MaximumTransferBlocks,
        BlockOperation.Discard => SupportsDeallocate ? MaximumDiscardBlocks : 0,
        BlockOperation.WriteZeroes => SupportsWriteZeroes ? MaximumZeroBlocks : 0,
        _ => 0,
    };
}
