// Measuring a clock of unknown frequency against the reference timer. Two samples are taken, one at the start of the HAL's initialisation and
// one at its end, so that waiting costs only what initialisation did not use up. A sample brackets a reading of the reference between two readings
// of the time stamp counter and keeps the tightest of several brackets: whatever interrupts a reading (the host, a slow exit from
// a virtual machine) widens that bracket and loses.
namespace Aurora.Hal;

/// <summary>Simultaneous readings of the reference timer, the time stamp counter and the local APIC timer.</summary>
public struct CalibrationSample
{
    public uint Reference;

    /// <summary>The middle of the bracket around <see cref="Reference"/>.</summary>
    public ulong TimeStamp;

    /// <summary>The APIC timer's current count; it counts down.</summary>
    public uint ApicCount;

    /// <summary>The width of the bracket in time stamp ticks: the uncertainty of the sample.</summary>
    public ulong Width;
}

/// <summary>Frequencies computed from two samples.</summary>
public static class Calibration
{
    /// <summary>The shortest distance between two samples. Brackets under an emulator are about 0.2 µs wide: some tens of parts per million.</summary>
    public const uint MinimumMicroseconds = 5_000;

    /// <summary>How many brackets a sample tries.</summary>
    public const int Attempts = 8;

    /// <summary>The frequency of something that advanced by <paramref name="ticks"/> while the reference advanced as given; zero when it cannot be.</summary>
    public static ulong FrequencyOf(ulong ticks, uint referenceTicks, uint referenceHertz)
        => referenceTicks == 0 || ticks > ulong.MaxValue / referenceHertz ? 0 : ticks * referenceHertz / referenceTicks;

    /// <summary>The reference ticks that make up <paramref name="microseconds"/>, rounded up.</summary>
    public static uint TicksFor(uint microseconds, uint referenceHertz)
        => (uint)((((ulong)microseconds * referenceHertz) + 999_999) / 1_000_000);

    /// <summary>The time stamp counter's frequency, or zero.</summary>
    public static ulong TimeStampHertz(ReferenceTimer reference, in CalibrationSample first, in CalibrationSample last)
        => FrequencyOf(last.TimeStamp - first.TimeStamp, reference.Elapsed(first.Reference, last.Reference), reference.FrequencyHertz);

    /// <summary>The APIC timer's frequency after its divider, or zero.</summary>
    public static ulong ApicHertz(ReferenceTimer reference, in CalibrationSample first, in CalibrationSample last)
        => FrequencyOf(first.ApicCount - last.ApicCount, reference.Elapsed(first.Reference, last.Reference), reference.FrequencyHertz);
}
