using System.Runtime.InteropServices;

namespace Aurora.Nvme;

/// <summary>A completion queue entry (NVM Express 1.4 §4.6, figure 121).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct CompletionEntry
{
    public const int SizeBytes = 16;

    /// <summary>DW0: the command's own result.</summary>
    [FieldOffset(0)]
    public uint Result;

    [FieldOffset(4)]
    public uint Dword1;

    /// <summary>SQHD: how far the controller has consumed the submission queue.</summary>
    [FieldOffset(8)]
    public ushort SubmissionHead;

    /// <summary>SQID.</summary>
    [FieldOffset(10)]
    public ushort SubmissionQueue;

    /// <summary>CID of the completed command.</summary>
    [FieldOffset(12)]
    public ushort CommandId;

    /// <summary>Bit 0: the phase tag, inverted on every pass through the queue; bits 15:1: the status field.</summary>
    [FieldOffset(14)]
    public ushort StatusAndPhase;

    public readonly bool Phase => (StatusAndPhase & 1) != 0;

    public readonly NvmeStatus Status => new((ushort)(StatusAndPhase >> 1));
}
