namespace Aurora.Nvme;

/// <summary>The CAP register: what the controller can do (NVM Express 1.4 §3.1.1).</summary>
public readonly struct ControllerCapabilities
{
    private const ulong HalfSecondNanoseconds = 500_000_000;

    public readonly ulong Raw;

    public ControllerCapabilities(ulong raw) => Raw = raw;

    /// <summary>Every bit set: the device no longer answers (surprise removal).</summary>
    public bool IsAllOnes => Raw == ulong.MaxValue;

    /// <summary>MQES, bits 15:0 (zero-based): the largest I/O queue, in entries.</summary>
    public int MaximumQueueEntries => (int)(Raw & 0xFFFF) + 1;

    /// <summary>CQR, bit 16: queues must be physically contiguous. Ours always are.</summary>
    public bool ContiguousQueuesRequired => (Raw >> 16 & 1) != 0;

    /// <summary>TO, bits 31:24, in 500 ms units: how long CSTS.RDY may take to follow CC.EN. Zero is read as one unit.</summary>
    public ulong ReadyTimeoutNanoseconds
    {
        get
        {
            ulong units = Raw >> 24 & 0xFF;
            return (units == 0 ? 1 : units) * HalfSecondNanoseconds;
        }
    }

    /// <summary>DSTRD, bits 35:32: doorbells are 4 &lt;&lt; DSTRD bytes apart.</summary>
    public uint DoorbellStrideBytes => 4u << (int)(Raw >> 32 & 0xF);

    /// <summary>CSS, bits 44:37, bit 0: the NVM command set is supported.</summary>
    public bool HasNvmCommandSet => (Raw >> 37 & 1) != 0;

    /// <summary>MPSMIN, bits 51:48: the smallest memory page is 2^(12 + MPSMIN) bytes.</summary>
    public int MinimumPageShift => 12 + (int)(Raw >> 48 & 0xF);

    /// <summary>MPSMAX, bits 55:52: the largest memory page is 2^(12 + MPSMAX) bytes.</summary>
    public int MaximumPageShift => 12 + (int)(Raw >> 52 & 0xF);

    /// <summary>CRMS.CRWMS, bit 59 (2.0 §3.1.3.1): the CRTO register gives the ready timeout.</summary>
    public bool HasReadyTimeouts => (Raw >> 59 & 1) != 0;
}
