// Finds the rates of the time stamp counter and of the APIC timer: from CPUID where it states them, by measurement otherwise (see Calibration).
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>One calibration: Begin, do other work, Finish.</summary>
public sealed class ClockCalibrator
{
    private const uint FrequencyLeaf = 0x15;
    private const uint BaseFrequencyLeaf = 0x16;
    private const uint HypervisorLeaf = 0x4000_0000;
    private const uint HypervisorTimingLeaf = 0x4000_0010;

    /// <summary>The timer's divider, which ProcessorFrequency does not know.</summary>
    private const uint Divider = 16;

    /// <summary>Readings of a reference that does not move before it is declared dead.</summary>
    private const int MaxReadings = 1_000_000;

    private readonly ReferenceTimer _reference;
    private readonly LocalApic _apic;
    private CalibrationSample _first;
    private CalibrationSample _last;

    public ClockCalibrator(ReferenceTimer reference, LocalApic apic)
    {
        _reference = reference;
        _apic = apic;
    }

    public ulong TimeStampHertz { get; private set; }

    /// <summary>The APIC timer's rate after its divider.</summary>
    public ulong ApicHertz { get; private set; }

    public bool IsMeasured { get; private set; }

    /// <summary>The uncertainty of the measurement in parts per million: the two samples' widths against the time between them.</summary>
    public ulong PartsPerMillion
        => IsMeasured ? (_first.Width + _last.Width) * 1_000_000 / (_last.TimeStamp - _first.TimeStamp) : 0;

    /// <summary>Takes the stated frequencies, or the first sample. The APIC timer counts down, masked, until Finish.</summary>
    public void Begin()
    {
        ProcessorFrequency stated = ReadStated();
        TimeStampHertz = stated.TimeStampHertz;
        ApicHertz = stated.ApicHertz / Divider;
        if (TimeStampHertz != 0 && ApicHertz != 0)
            return;
        _apic.Write(LocalApicRegister.TimerDivider, LocalApicBits.DivideBy16);
        _apic.Write(LocalApicRegister.TimerInitialCount, uint.MaxValue);
        _first = Sample();
        IsMeasured = true;
    }

    /// <summary>Waits until enough time has passed since Begin and computes the rates; false when the reference does not count.</summary>
    public bool Finish()
    {
        if (!IsMeasured)
            return true;
        uint needed = Calibration.TicksFor(Calibration.MinimumMicroseconds, _reference.FrequencyHertz);
        int readings = 0;
        while (_reference.Elapsed(_first.Reference, _reference.Read()) < needed)
        {
            if (++readings == MaxReadings)
                return false;
        }
        _last = Sample();
        _apic.Write(LocalApicRegister.TimerInitialCount, 0);
        if (TimeStampHertz == 0)
            TimeStampHertz = Calibration.TimeStampHertz(_reference, _first, _last);
        ApicHertz = Calibration.ApicHertz(_reference, _first, _last);
        return TimeStampHertz != 0 && ApicHertz != 0;
    }

    private CalibrationSample Sample()
    {
        var best = new CalibrationSample { Width = ulong.MaxValue };
        for (int i = 0; i < Calibration.Attempts; i++)
        {
            ulong before = Cpu.ReadTimeStampCounter();
            uint reference = _reference.Read();
            uint count = _apic.Read(LocalApicRegister.TimerCurrentCount);
            ulong width = Cpu.ReadTimeStampCounter() - before;
            if (width < best.Width)
                best = new CalibrationSample { Reference = reference, TimeStamp = before + (width / 2), ApicCount = count, Width = width };
        }
        return best;
    }

    private static ProcessorFrequency ReadStated()
    {
        uint maxLeaf = Cpu.Identify(0).Eax;
        if (HasHypervisorTiming())
        {
            CpuidResult timing = Cpu.Identify(HypervisorTimingLeaf);
            return ProcessorFrequency.FromHypervisor(timing.Eax, timing.Ebx);
        }
        if (maxLeaf < FrequencyLeaf)
            return default;
        CpuidResult crystal = Cpu.Identify(FrequencyLeaf);
        uint baseMegahertz = maxLeaf >= BaseFrequencyLeaf ? Cpu.Identify(BaseFrequencyLeaf).Eax & 0xffff : 0;
        return ProcessorFrequency.FromCrystal(crystal.Eax, crystal.Ebx, crystal.Ecx, baseMegahertz);
    }

    private static bool HasHypervisorTiming()
    {
        const uint Leaf1EcxHypervisor = 1u << 31;
        if ((Cpu.Identify(1).Ecx & Leaf1EcxHypervisor) == 0)
            return false;
        uint maxLeaf = Cpu.Identify(HypervisorLeaf).Eax;
        return maxLeaf is >= HypervisorTimingLeaf and < HypervisorLeaf + 0x100;
    }
}
