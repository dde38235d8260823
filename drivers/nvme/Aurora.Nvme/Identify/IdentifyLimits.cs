using System.Runtime.InteropServices;

namespace Aurora.Nvme;

/// <summary>The Identify Controller data of the NVM command set, the fields the driver reads (NVM Command Set 1.0 §4.1.5.4, figure 102).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct IdentifyLimits
{
    public const int SizeBytes = 4096;

    /// <summary>WZSL: a Write Zeroes covers at most 2^WZSL smallest memory pages; 0 means no limit.</summary>
    [FieldOffset(1)]
    public byte WriteZeroesShift;

    /// <summary>DMRL: the most ranges of a Dataset Management command; 0 means no limit.</summary>
    [FieldOffset(3)]
    public byte DatasetRanges;

    /// <summary>DMRSL: the most logical blocks of one range; 0 means no limit.</summary>
    [FieldOffset(4)]
    public uint DatasetRangeBlocks;

    /// <summary>DMSL: the most logical blocks of all ranges of a command together; 0 means no limit.</summary>
    [FieldOffset(8)]
    public ulong DatasetBlocks;
}
