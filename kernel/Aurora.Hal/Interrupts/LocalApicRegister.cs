// Local APIC registers: Intel SDM vol. 3A §11.4.1, table 11-1, as byte offsets. In x2APIC mode the register at offset n is MSR 0x800 + n / 16
// (§11.12.1.2).
namespace Aurora.Hal;

/// <summary>Register offsets.</summary>
public enum LocalApicRegister : uint
{
    Id = 0x20,
    TaskPriority = 0x80,
    EndOfInterrupt = 0xb0,
    SpuriousVector = 0xf0,
    ErrorStatus = 0x280,
    TimerEntry = 0x320,
    Lint0Entry = 0x350,
    Lint1Entry = 0x360,
    ErrorEntry = 0x370,
    TimerInitialCount = 0x380,
    TimerCurrentCount = 0x390,
    TimerDivider = 0x3e0,
}

/// <summary>Bits of local vector table entries and of the registers above (§11.5.1, §11.9).</summary>
public static class LocalApicBits
{
    public const uint SoftwareEnable = 1 << 8;
    public const uint EntryMasked = 1 << 16;
    public const uint DeliverNonMaskable = 4 << 8;
    public const uint TimerOneShot = 0 << 17;
    public const uint TimerDeadline = 2 << 17;

    /// <summary>Divide the timer's input by 16.</summary>
    public const uint DivideBy16 = 0b0011;
}
