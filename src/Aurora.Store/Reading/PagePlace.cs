namespace Aurora.Store;

/// <summary>A block of data, and what its sum must be. As long as something stored refers to it the block does not change.</summary>
public readonly struct PagePlace(ulong block, ulong checksum)
{
    public readonly ulong Block = block;
    public readonly ulong Checksum = checksum;

    /// <summary>What is stored there is the same page.</summary>
    public bool IsSameAs(in PagePlace other) => Block == other.Block && Checksum == other.Checksum;
}
