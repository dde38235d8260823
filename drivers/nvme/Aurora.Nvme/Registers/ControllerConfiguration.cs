namespace Aurora.Nvme;

/// <summary>Values of the CC register (NVM Express 1.4 §3.1.5).</summary>
public static class ControllerConfiguration
{
    /// <summary>EN, bit 0.</summary>
    public const uint Enable = 1;

    /// <summary>SHN, bits 15:14.</summary>
    public const uint ShutdownMask = 3u << 14;

    /// <summary>SHN = 01b: a normal shutdown is coming.</summary>
    public const uint ShutdownNormal = 1u << 14;

    private const int SubmissionEntryShift = 6;
    private const int CompletionEntryShift = 4;

    /// <summary>Enabled, NVM command set (CSS 0), 4-KiB pages (MPS 0), round robin (AMS 0), 64-byte and 16-byte queue entries.</summary>
    public const uint Running = Enable | (SubmissionEntryShift << 16) | (CompletionEntryShift << 20);
}
