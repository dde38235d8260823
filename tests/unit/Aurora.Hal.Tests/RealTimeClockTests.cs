using System;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed class RealTimeClockTests
{
    private const byte StatusA = 0x0a;
    private const byte StatusB = 0x0b;
    private const byte Century = 0x32;

    private readonly CmosModel _cmos = new();

    private void Set(DateTime time, bool isBinary, bool is24Hour)
    {
        byte Encode(int value) => (byte)(isBinary ? value : ((value / 10) << 4) | (value % 10));
        int hour = is24Hour ? time.Hour : ((time.Hour + 11) % 12) + 1;
        _cmos.Registers[0] = Encode(time.Second);
        _cmos.Registers[2] = Encode(time.Minute);
        _cmos.Registers[4] = (byte)(Encode(hour) | (!is24Hour && time.Hour >= 12 ? 0x80 : 0));
        _cmos.Registers[7] = Encode(time.Day);
        _cmos.Registers[8] = Encode(time.Month);
        _cmos.Registers[9] = Encode(time.Year % 100);
        _cmos.Registers[Century] = Encode(time.Year / 100);
        _cmos.Registers[StatusB] = (byte)((isBinary ? 4 : 0) | (is24Hour ? 2 : 0));
    }

    private static ulong Unix(DateTime time) => (ulong)(time - DateTime.UnixEpoch).TotalSeconds;

    [Property]
    public bool Every_time_in_every_format_reads_back(uint seed, bool isBinary, bool is24Hour)
    {
        DateTime time = DateTime.UnixEpoch.AddSeconds(seed);
        Set(time, isBinary, is24Hour);
        return new RealTimeClock(_cmos, Century).TryRead(out ulong seconds) && seconds == seed;
    }

    [Fact]
    public void Without_a_century_the_year_is_in_the_twenty_first()
    {
        var time = new DateTime(2031, 2, 3, 0, 0, 59, DateTimeKind.Utc);
        Set(time, false, false);
        Assert.True(new RealTimeClock(_cmos, 0).TryRead(out ulong seconds));
        Assert.Equal(Unix(time), seconds);
    }

    [Fact]
    public void A_reading_torn_by_an_update_is_repeated()
    {
        Set(new DateTime(2025, 12, 31, 23, 59, 59, DateTimeKind.Utc), false, true);
        int reads = 0;
        _cmos.OnRead = register =>
        {
            // The year turns between the first reading of the seconds and that of the minutes.
            if (register == 2 && reads++ == 0)
                Set(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), false, true);
        };
        Assert.True(new RealTimeClock(_cmos, Century).TryRead(out ulong seconds));
        Assert.Equal(Unix(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc)), seconds);
    }

    [Fact]
    public void Fields_are_not_read_while_an_update_is_in_progress()
    {
        Set(new DateTime(2025, 6, 1, 12, 0, 0, DateTimeKind.Utc), true, true);
        _cmos.Registers[StatusA] = 0x80;
        int polls = 0;
        _cmos.OnRead = register =>
        {
            if (register == StatusA && ++polls == 100)
                _cmos.Registers[StatusA] = 0;
            Assert.True(register == StatusA || _cmos.Registers[StatusA] == 0);
        };
        Assert.True(new RealTimeClock(_cmos, Century).TryRead(out _));
        Assert.True(polls >= 100);
    }

    [Fact]
    public void A_clock_that_never_finishes_updating_or_shows_nonsense_is_refused()
    {
        Set(new DateTime(2025, 6, 1, 12, 0, 0, DateTimeKind.Utc), true, true);
        _cmos.Registers[8] = 13;
        Assert.False(new RealTimeClock(_cmos, Century).TryRead(out _));
        _cmos.Registers[8] = 2;
        _cmos.Registers[7] = 29;
        Assert.False(new RealTimeClock(_cmos, Century).TryRead(out _));
        Array.Fill(_cmos.Registers, (byte)0xff);
        Assert.False(new RealTimeClock(_cmos, Century).TryRead(out _));
    }
}
