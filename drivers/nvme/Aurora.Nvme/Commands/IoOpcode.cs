namespace Aurora.Nvme;

/// <summary>The NVM commands the driver issues (NVM Express 1.4 §6, figure 346; NVM Command Set 1.0 §3).</summary>
public enum IoOpcode : byte
{
    Flush = 0x00,
    Write = 0x01,
    Read = 0x02,
    WriteZeroes = 0x08,
    DatasetManagement = 0x09,
}
