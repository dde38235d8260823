namespace Aurora.Nvme;

/// <summary>The VS register: the version of the specification the controller follows (NVM Express 1.4 §3.1.2).</summary>
public readonly struct NvmeVersion
{
    public readonly uint Raw;

    public NvmeVersion(uint raw) => Raw = raw;

    public uint Major => Raw >> 16;
    public uint Minor => Raw >> 8 & 0xFF;
    public uint Tertiary => Raw & 0xFF;
}
