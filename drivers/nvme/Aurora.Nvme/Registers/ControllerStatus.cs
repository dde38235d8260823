namespace Aurora.Nvme;

/// <summary>The CSTS register (NVM Express 1.4 §3.1.6).</summary>
public readonly struct ControllerStatus
{
    public const uint SubsystemResetBit = 1u << 4;

    public readonly uint Raw;

    public ControllerStatus(uint raw) => Raw = raw;

    /// <summary>Every bit set: the device no longer answers (surprise removal).</summary>
    public bool IsAllOnes => Raw == uint.MaxValue;

    /// <summary>RDY, bit 0: follows CC.EN within the ready timeout.</summary>
    public bool IsReady => (Raw & 1) != 0;

    /// <summary>CFS, bit 1: a fatal error the controller cannot report in a completion.</summary>
    public bool IsFatal => (Raw & 2) != 0;

    /// <summary>NSSRO, bit 4: a reset of the NVM subsystem has happened; cleared by writing <see cref="SubsystemResetBit"/>.</summary>
    public bool HadSubsystemReset => (Raw & SubsystemResetBit) != 0;

    /// <summary>SHST, bits 3:2 = 10b: shutdown processing is complete.</summary>
    public bool IsShutdownComplete => (Raw >> 2 & 3) == 2;
}
