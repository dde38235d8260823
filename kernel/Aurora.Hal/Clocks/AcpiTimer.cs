namespace Aurora.Hal;

/// <summary>The ACPI power management timer: ACPI 6.5 §4.8.3.3. 24 or 32 bits at 3.579545 MHz.</summary>
public sealed class AcpiTimer(PortSpace ports, ushort port, bool is32Bit) : ReferenceTimer
{
    public override uint FrequencyHertz => 3_579_545;
    public override uint Mask => is32Bit ? uint.MaxValue : 0xff_ffff;
    public override uint Read() => ports.In32(port) & Mask;
}
