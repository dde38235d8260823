namespace Aurora.Base;

/// <summary>What a <see cref="BlockRequest"/> asks of a device.</summary>
public enum BlockOperation : byte
{
    Read,
    Write,

    /// <summary>Makes every write whose completion was reported before this request was submitted survive power loss.</summary>
    Flush,

    /// <summary>
    /// Tells the device that the blocks' contents are no longer needed; they may read as anything afterwards. One request is one contiguous
    /// range and one command to the device (NVMe: a Dataset Management command with one of its 256 possible ranges), so it costs about as
    /// much as a write of one block, in a queue slot and in latency, whatever its length: worth it for long runs, not for single blocks. The range may be as
    /// long as the device says, which is far above <see cref="BlockDevice.MaxBlocksPerRequest"/> on NVMe; more is OutOfRange.
    /// </summary>
    Discard,

    WriteZeroes,
}
