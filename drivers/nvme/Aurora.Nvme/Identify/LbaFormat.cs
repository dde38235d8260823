namespace Aurora.Nvme;

/// <summary>One LBA format of a namespace (NVM Express 1.4 §5.15.2.1, figure 246).</summary>
public readonly struct LbaFormat
{
    public readonly uint Raw;

    public LbaFormat(uint raw) => Raw = raw;

    /// <summary>MS, bits 15:0: metadata bytes per logical block.</summary>
    public int MetadataBytes => (int)(Raw & 0xFFFF);

    /// <summary>LBADS, bits 23:16: a logical block holds 2^LBADS bytes; 0 marks a format that is not available.</summary>
    public int DataShift => (int)(Raw >> 16 & 0xFF);
}
