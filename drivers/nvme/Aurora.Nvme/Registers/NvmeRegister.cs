namespace Aurora.Nvme;

/// <summary>Byte offsets of the controller registers in BAR0 (NVM Express 1.4 §3.1; 2.0 §3.1.3 calls them properties).</summary>
public static class NvmeRegister
{
    /// <summary>Controller Capabilities (CAP), 64 bits, §3.1.1: <see cref="ControllerCapabilities"/>.</summary>
    public const uint Capabilities = 0x00;

    /// <summary>Version (VS), §3.1.2: <see cref="NvmeVersion"/>.</summary>
    public const uint Version = 0x08;

    /// <summary>Interrupt Mask Set (INTMS), §3.1.3. Not to be touched when MSI-X is in use.</summary>
    public const uint InterruptMaskSet = 0x0C;

    /// <summary>Interrupt Mask Clear (INTMC), §3.1.4. Not to be touched when MSI-X is in use.</summary>
    public const uint InterruptMaskClear = 0x10;

    /// <summary>Controller Configuration (CC), §3.1.5: <see cref="ControllerConfiguration"/>.</summary>
    public const uint Configuration = 0x14;

    /// <summary>Controller Status (CSTS), §3.1.6: <see cref="ControllerStatus"/>.</summary>
    public const uint Status = 0x1C;

    /// <summary>NVM Subsystem Reset (NSSR), §3.1.7.</summary>
    public const uint SubsystemReset = 0x20;

    /// <summary>Admin Queue Attributes (AQA), §3.1.8: <see cref="AdminQueueAttributes"/>. Written only while CC.EN is 0.</summary>
    public const uint AdminQueueAttributes = 0x24;

    /// <summary>Admin Submission Queue Base Address (ASQ), 64 bits, §3.1.9. Written only while CC.EN is 0.</summary>
    public const uint AdminSubmissionQueue = 0x28;

    /// <summary>Admin Completion Queue Base Address (ACQ), 64 bits, §3.1.10. Written only while CC.EN is 0.</summary>
    public const uint AdminCompletionQueue = 0x30;

    /// <summary>Controller Ready Timeouts (CRTO), 2.0 §3.1.3.21: bits 15:0 ready with media, in 500 ms units.</summary>
    public const uint ReadyTimeouts = 0x68;

    /// <summary>The first doorbell, §3.1.24: see <see cref="DoorbellLayout"/>.</summary>
    public const uint Doorbells = 0x1000;
}
