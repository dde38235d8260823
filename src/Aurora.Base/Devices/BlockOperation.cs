namespace Aurora.Base;

/// <summary>What a <see cref="BlockRequest"/> asks of a device.</summary>
public enum BlockOperation : byte
{
    Read,
    Write,

    /// <summary>Makes every write whose completion was reported before this request was submitted survive power loss.</summary>
    Flush,

    /// <summary>Tells the device that the blocks' contents are no longer needed; they may read as anything afterwards.</summary>
    Discard,

    WriteZeroes,
}
