using System;
using System.Numerics;
using Aurora.Base;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed class ClockTests
{
    private sealed class ModelTimer(uint mask) : ReferenceTimer
    {
        public override uint FrequencyHertz => 3_579_545;
        public override uint Mask => mask;
        public override uint Read() => 0;
    }

    [Property]
    public bool Scaling_never_overflows_and_is_exact_to_the_fixed_point(ulong ticks, uint from)
    {
        ulong frequency = 1_000_000 + (ulong)from;
        var scale = TickScale.Between(frequency, TickScale.NanosecondsPerSecond);
        BigInteger exact = (BigInteger)ticks * TickScale.NanosecondsPerSecond / frequency;
        if (exact > ulong.MaxValue)
            return true;
        BigInteger error = exact - scale.Convert(ticks);
        return error >= 0 && error <= 1 + (ticks >> 32);
    }

    [Fact]
    public void A_year_of_a_three_gigahertz_counter_is_off_by_less_than_a_tenth_of_a_second()
    {
        const ulong Hertz = 2_999_999_999, Seconds = 365UL * 86400;
        ulong nanoseconds = TickScale.Between(Hertz, TickScale.NanosecondsPerSecond).Convert(Hertz * Seconds);
        Assert.InRange(nanoseconds, (Seconds * 1_000_000_000) - 100_000_000, Seconds * 1_000_000_000);
    }

    [Theory]
    [InlineData(0xffffffu)]
    [InlineData(uint.MaxValue)]
    public void Frequencies_are_measured_across_a_wrap_of_the_reference(uint mask)
    {
        var timer = new ModelTimer(mask);
        const uint Window = 35_796; // 10 ms and a little
        var first = new CalibrationSample { Reference = mask - 100, TimeStamp = ulong.MaxValue - 5, ApicCount = 4_000_000_000 };
        var last = new CalibrationSample { Reference = Window - 101, TimeStamp = 30_000_000 - 6, ApicCount = 4_000_000_000 - 625_000 };
        Assert.InRange(Calibration.TimeStampHertz(timer, first, last), 2_999_500_000ul, 3_000_500_000ul);
        Assert.InRange(Calibration.ApicHertz(timer, first, last), 62_490_000ul, 62_510_000ul);
    }

    [Fact]
    public void A_dead_or_mad_counter_gives_no_frequency()
    {
        Assert.Equal(0ul, Calibration.FrequencyOf(100, 0, 3_579_545));
        Assert.Equal(0ul, Calibration.FrequencyOf(ulong.MaxValue, 1, 3_579_545));
        Assert.Equal(0ul, Calibration.FrequencyOf(0, 10, 3_579_545));
    }

    [Fact]
    public void Waiting_ticks_are_rounded_up()
    {
        Assert.Equal(35_796u, Calibration.TicksFor(10_000, 3_579_545));
        Assert.Equal(1u, Calibration.TicksFor(1, 1000));
    }

    [Fact]
    public void Processors_state_their_frequency_in_three_ways()
    {
        ProcessorFrequency stated = ProcessorFrequency.FromCrystal(2, 250, 24_000_000, 0);
        Assert.Equal(3_000_000_000ul, stated.TimeStampHertz);
        Assert.Equal(24_000_000ul, stated.ApicHertz);
        ProcessorFrequency derived = ProcessorFrequency.FromCrystal(2, 250, 0, 3000);
        Assert.Equal(3_000_000_000ul, derived.TimeStampHertz);
        Assert.Equal(0ul, ProcessorFrequency.FromCrystal(0, 250, 24_000_000, 3000).TimeStampHertz);
        ProcessorFrequency hypervisor = ProcessorFrequency.FromHypervisor(2_500_000, 1_000_000);
        Assert.Equal(2_500_000_000ul, hypervisor.TimeStampHertz);
        Assert.Equal(1_000_000_000ul, hypervisor.ApicHertz);
    }

    [Fact]
    public void Events_are_taken_once()
    {
        var events = new PostedEvents();
        int first = events.Define(), second = events.Define();
        Assert.False(events.HasAny);
        events.Post(second);
        events.Post(second);
        Assert.Equal(1ul << second, events.TakeAll());
        Assert.Equal(0ul, events.TakeAll());
        events.Post(first);
        Assert.Equal(1ul << first, events.TakeAll());
    }

    [Fact]
    public void Redirection_entries_and_messages_are_encoded_as_the_manuals_say()
    {
        var edge = new InterruptRoute { GlobalInterrupt = 4 };
        Assert.Equal(0x0100_0000_0000_0034ul, IoApicEntry.Encode(0x34, 1, edge));
        var level = new InterruptRoute { GlobalInterrupt = 9, IsActiveLow = true, IsLevelTriggered = true };
        Assert.Equal(0xa035ul, IoApicEntry.Encode(0x35, 0, level));
        var message = new InterruptMessage(3, 0x41);
        Assert.Equal(0xfee0_3000u, message.Address);
        Assert.Equal(0x41u, message.Data);
    }
}
