using System;

namespace Aurora.Nvme;

/// <summary>The result of an Asynchronous Event Request: bits 2:0 type, 15:8 information, 23:16 the log page that tells more (NVM Express 1.4 §5.2.1).</summary>
public readonly struct AsynchronousEvent
{
    /// <summary>Error Information, of which the newest entry is read.</summary>
    public const byte ErrorsPage = 0x01;
    public const int ErrorEntryBytes = 64;

    public const byte ChangedNamespacesPage = 0x04;

    public readonly uint Raw;

    public AsynchronousEvent(uint raw) => Raw = raw;

    public int Type => (int)(Raw & 7);

    public byte Information => (byte)(Raw >> 8);

    public byte LogPage => (byte)(Raw >> 16);

    /// <summary>What the type and the information mean (figures 146 to 151).</summary>
    public ReadOnlySpan<byte> Name => (Type, Information) switch
    {
        (0, 0) => "write to an invalid doorbell"u8,
        (0, 1) => "invalid doorbell value"u8,
        (0, 2) => "diagnostic failure"u8,
        (0, 3) => "persistent internal error"u8,
        (0, 4) => "transient internal error"u8,
        (0, 5) => "firmware image load error"u8,
        (0, _) => "error"u8,
        (1, 0) => "reliability degraded"u8,
        (1, 1) => "temperature threshold"u8,
        (1, 2) => "spare below threshold"u8,
        (1, _) => "health"u8,
        (2, 0) => "namespace attribute changed"u8,
        (2, 1) => "firmware activation starting"u8,
        (2, 2) => "telemetry log changed"u8,
        (2, _) => "notice"u8,
        (6, _) => "command set specific"u8,
        (7, _) => "vendor specific"u8,
        _ => "reserved"u8,
    };
}
