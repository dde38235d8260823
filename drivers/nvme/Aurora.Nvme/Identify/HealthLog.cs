using System.Runtime.InteropServices;

namespace Aurora.Nvme;

/// <summary>The SMART / Health Information log page, the fields the driver reports (NVM Express 1.4 §5.14.1.2, figure 194).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct HealthLog
{
    public const byte Page = 0x02;
    public const int SizeBytes = 512;

    /// <summary>Bit 0 spare low, 1 temperature, 2 reliability degraded, 3 read-only, 4 volatile memory backup failed, 5 persistent memory region.</summary>
    [FieldOffset(0)]
    public byte CriticalWarning;

    /// <summary>Kelvin.</summary>
    [FieldOffset(1)]
    public ushort Temperature;

    [FieldOffset(3)]
    public byte AvailableSparePercent;

    [FieldOffset(5)]
    public byte PercentageUsed;
}
