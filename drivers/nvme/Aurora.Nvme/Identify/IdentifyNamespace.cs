using System.Runtime.InteropServices;

namespace Aurora.Nvme;

/// <summary>The Identify Namespace data structure, the fields the driver reads (NVM Express 1.4 §5.15.2.1, figure 245).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct IdentifyNamespace
{
    public const int SizeBytes = 4096;
    private const int MaximumFormats = 64;

    /// <summary>NSZE, in logical blocks; 0 for an inactive namespace.</summary>
    [FieldOffset(0)]
    public ulong SizeLogicalBlocks;

    /// <summary>NCAP, in logical blocks.</summary>
    [FieldOffset(8)]
    public ulong CapacityLogicalBlocks;

    /// <summary>NLBAF, zero-based: how many LBA formats are described.</summary>
    [FieldOffset(25)]
    public byte FormatCountMinusOne;

    /// <summary>FLBAS: bits 3:0 (and, since 2.0, bits 6:5 above them) index the format in use.</summary>
    [FieldOffset(26)]
    public byte FormattedSize;

    /// <summary>DPS: bits 2:0, end-to-end protection type in use.</summary>
    [FieldOffset(29)]
    public byte DataProtection;

    /// <summary>LBAF0 … LBAF63: see <see cref="LbaFormat"/>.</summary>
    [FieldOffset(128)]
    public fixed uint Formats[MaximumFormats];

    /// <summary>The index of the LBA format in use.</summary>
    public readonly int CurrentFormatIndex => (FormattedSize & 0xF) | (FormattedSize >> 5 & 3) << 4;

    /// <summary>The LBA format in use.</summary>
    public readonly LbaFormat CurrentFormat => new(Formats[CurrentFormatIndex]);
}
