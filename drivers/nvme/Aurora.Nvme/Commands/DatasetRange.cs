using System.Runtime.InteropServices;

namespace Aurora.Nvme;

/// <summary>One range of a Dataset Management command (NVM Express 1.4 §6.7.1, figure 366).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct DatasetRange
{
    public const int SizeBytes = 16;

    /// <summary>The most ranges a command can name: one page of them.</summary>
    public const int MaximumCount = 256;

    [FieldOffset(0)]
    public uint ContextAttributes;

    /// <summary>One-based, unlike every other block count.</summary>
    [FieldOffset(4)]
    public uint LogicalBlocks;

    [FieldOffset(8)]
    public ulong StartLba;
}
