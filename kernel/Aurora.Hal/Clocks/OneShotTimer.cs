// The next event in time, by the local APIC's timer: Intel SDM vol. 3A §11.5.4. With the TSC-deadline mode the deadline is a counter value; otherwise
// a 32-bit count is started, which may end before a far deadline: whoever serves the timer event looks at the clock and arms again.
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>One interrupt at a chosen time on this processor.</summary>
public sealed class OneShotTimer
{
    /// <summary>The deadline that means never.</summary>
    public const ulong Never = ulong.MaxValue;

    private const uint DeadlineMsr = 0x6e0;

    private readonly LocalApic _apic;
    private readonly TscClock _clock;
    private readonly TickScale _toTicks;

    /// <param name="apic">The local APIC, its timer masked.</param>
    /// <param name="clock">The clock that deadlines refer to.</param>
    /// <param name="timerHertz">The timer's rate after its divider (16); not used in deadline mode.</param>
    /// <param name="usesDeadline">Use the TSC-deadline mode.</param>
    public OneShotTimer(LocalApic apic, TscClock clock, ulong timerHertz, bool usesDeadline)
    {
        _apic = apic;
        _clock = clock;
        UsesDeadline = usesDeadline;
        _toTicks = TickScale.Between(TickScale.NanosecondsPerSecond, timerHertz);
        uint mode = usesDeadline ? LocalApicBits.TimerDeadline : LocalApicBits.TimerOneShot;
        apic.Write(LocalApicRegister.TimerDivider, LocalApicBits.DivideBy16);
        apic.Write(LocalApicRegister.TimerInitialCount, 0);
        apic.Write(LocalApicRegister.TimerEntry, mode | LocalApic.TimerVector);
    }

    public bool UsesDeadline { get; }

    /// <summary>The deadline armed last, whether it has passed or not.</summary>
    public ulong DeadlineNanoseconds { get; private set; } = Never;

    /// <summary>Replaces the deadline (absolute, monotonic). One that has passed fires at once; <see cref="Never"/> disarms.</summary>
    public void Arm(ulong deadlineNanoseconds)
    {
        DeadlineNanoseconds = deadlineNanoseconds;
        if (UsesDeadline)
        {
            // Zero disarms, and a deadline in the past fires at once.
            Cpu.WriteMsr(DeadlineMsr, deadlineNanoseconds == Never ? 0 : _clock.CounterAt(deadlineNanoseconds));
            return;
        }
        _apic.Write(LocalApicRegister.TimerInitialCount, CountFor(deadlineNanoseconds));
    }

    private uint CountFor(ulong deadlineNanoseconds)
    {
        if (deadlineNanoseconds == Never)
            return 0;
        ulong now = _clock.MonotonicNanoseconds;
        ulong ticks = deadlineNanoseconds > now ? _toTicks.Convert(deadlineNanoseconds - now) + 1 : 1;
        return ticks > uint.MaxValue ? uint.MaxValue : (uint)ticks;
    }
}
