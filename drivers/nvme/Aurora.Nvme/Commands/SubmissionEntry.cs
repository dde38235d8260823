using System.Runtime.InteropServices;

namespace Aurora.Nvme;

/// <summary>A submission queue entry: one command (NVM Express 1.4 §4.2, figure 105).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct SubmissionEntry
{
    public const int SizeBytes = 64;

    /// <summary>OPC, CDW0 bits 7:0: an <see cref="AdminOpcode"/> or an <see cref="IoOpcode"/>.</summary>
    [FieldOffset(0)]
    public byte Opcode;

    /// <summary>CDW0 bits 15:8: FUSE (1:0) and PSDT (7:6). Zero: not fused, PRPs.</summary>
    [FieldOffset(1)]
    public byte Flags;

    /// <summary>CID, CDW0 bits 31:16: unique among the commands outstanding in its submission queue.</summary>
    [FieldOffset(2)]
    public ushort CommandId;

    /// <summary>NSID.</summary>
    [FieldOffset(4)]
    public uint NamespaceId;

    [FieldOffset(8)]
    public uint Dword2;

    [FieldOffset(12)]
    public uint Dword3;

    /// <summary>MPTR: unused, formats with metadata are refused.</summary>
    [FieldOffset(16)]
    public ulong MetadataPointer;

    /// <summary>DPTR, PRP entry 1.</summary>
    [FieldOffset(24)]
    public ulong Prp1;

    /// <summary>DPTR, PRP entry 2: the second page, or the PRP list when there are more than two.</summary>
    [FieldOffset(32)]
    public ulong Prp2;

    [FieldOffset(40)]
    public uint Dword10;

    [FieldOffset(44)]
    public uint Dword11;

    [FieldOffset(48)]
    public uint Dword12;

    [FieldOffset(52)]
    public uint Dword13;

    [FieldOffset(56)]
    public uint Dword14;

    [FieldOffset(60)]
    public uint Dword15;
}
