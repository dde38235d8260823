// Frequencies that the processor states about itself, so that nothing needs to be measured. Intel SDM vol. 2, CPUID: leaf 0x15 gives
// the ratio of the time stamp counter to the core crystal and the crystal's frequency; leaf 0x16 the base frequency in MHz. Hypervisors
// that follow the common timing leaf answer 0x40000010 with kHz of the time stamp counter and of the APIC timer.
namespace Aurora.Hal;

/// <summary>What CPUID says about clock rates; zero means unknown.</summary>
public struct ProcessorFrequency
{
    public ulong TimeStampHertz;

    /// <summary>The local APIC timer's input, before its divider.</summary>
    public ulong ApicHertz;

    /// <summary>Leaf 0x15: TSC = crystal × EBX ÷ EAX; the APIC timer counts the crystal. An unstated crystal is derived from leaf 0x16.</summary>
    public static ProcessorFrequency FromCrystal(uint denominator, uint numerator, uint crystalHertz, uint baseMegahertz)
    {
        if (denominator == 0 || numerator == 0)
            return default;
        ulong crystal = crystalHertz != 0 ? crystalHertz : baseMegahertz * 1_000_000UL * denominator / numerator;
        return new ProcessorFrequency { TimeStampHertz = crystal * numerator / denominator, ApicHertz = crystal };
    }

    /// <summary>Leaf 0x40000010: kHz of the time stamp counter in EAX, of the APIC timer in EBX.</summary>
    public static ProcessorFrequency FromHypervisor(uint timeStampKilohertz, uint apicKilohertz)
        => new() { TimeStampHertz = timeStampKilohertz * 1000UL, ApicHertz = apicKilohertz * 1000UL };
}
