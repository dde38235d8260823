// Pure builders of I/O commands: each returns a complete submission entry except for the command id and the data pointers of
// reads and writes. Addresses and counts are in the namespace's own logical blocks; all counts here are one-based.
namespace Aurora.Nvme;

/// <summary>Builds NVM commands (NVM Express 1.4 §6; NVM Command Set 1.0 §3.2).</summary>
public static class IoCommands
{
    /// <summary>The most logical blocks a command with a 16-bit zero-based NLB field can name.</summary>
    public const ulong MaximumLogicalBlocks = 0x1_0000;

    private const uint DeallocateAttribute = 1 << 2;

    /// <summary>Read (§6.9) or Write (§6.15); <paramref name="opcode"/> tells which.</summary>
    public static SubmissionEntry Transfer(IoOpcode opcode, uint namespaceId, ulong startLba, uint logicalBlocks) => new()
    {
        Opcode = (byte)opcode,
        NamespaceId = namespaceId,
        Dword10 = (uint)startLba,
        Dword11 = (uint)(startLba >> 32),
        Dword12 = logicalBlocks - 1,
    };

    /// <summary>Write Zeroes without deallocation (§6.17): the blocks read as zero afterwards and stay allocated.</summary>
    public static SubmissionEntry WriteZeroes(uint namespaceId, ulong startLba, uint logicalBlocks)
        => Transfer(IoOpcode.WriteZeroes, namespaceId, startLba, logicalBlocks);

    /// <summary>Flush (§6.8): everything completed before it was submitted becomes non-volatile.</summary>
    public static SubmissionEntry Flush(uint namespaceId)
        => new() { Opcode = (byte)IoOpcode.Flush, NamespaceId = namespaceId };

    /// <summary>Dataset Management, deallocate (§6.7) of the one <see cref="DatasetRange"/> at the given address.</summary>
    public static SubmissionEntry Deallocate(uint namespaceId, ulong rangePhysical) => new()
    {
        Opcode = (byte)IoOpcode.DatasetManagement,
        NamespaceId = namespaceId,
        Prp1 = rangePhysical,
        Dword10 = 0,
        Dword11 = DeallocateAttribute,
    };
}
