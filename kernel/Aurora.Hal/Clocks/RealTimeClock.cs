// The battery-backed clock: Motorola MC146818A datasheet. Registers are selected through port 0x70 and read through 0x71. Fields are BCD unless status B says
// binary; hours are 1–12 with bit 7 for the afternoon unless status B says 24. While status A's update bit is set the fields may change, so a reading
// counts only when the bit was clear and a second reading gives the same.
using System;

namespace Aurora.Hal;

/// <summary>Reads the wall clock, to the second.</summary>
public sealed class RealTimeClock
{
    private const ushort SelectPort = 0x70;
    private const ushort DataPort = 0x71;
    private const byte NonMaskableOff = 0x80;
    private const int FieldCount = 7;

    /// <summary>An update takes 2 ms; this many status reads take longer on any machine.</summary>
    private const int MaxStatusReads = 20_000;

    private readonly PortSpace _ports;
    private readonly byte _centuryRegister;

    /// <param name="ports">The port space.</param>
    /// <param name="centuryRegister">From the FADT; zero when the machine does not keep the century.</param>
    public RealTimeClock(PortSpace ports, byte centuryRegister)
    {
        _ports = ports;
        _centuryRegister = centuryRegister;
    }

    /// <summary>Seconds since 1970-01-01 00:00 UTC; false when the clock does not answer or shows an impossible time.</summary>
    public bool TryRead(out ulong unixSeconds)
    {
        Span<byte> first = stackalloc byte[FieldCount];
        Span<byte> second = stackalloc byte[FieldCount];
        unixSeconds = 0;
        for (int attempt = 0; attempt < 4; attempt++)
        {
            if (!WaitForNoUpdate())
                return false;
            ReadFields(first);
            if (!WaitForNoUpdate())
                return false;
            ReadFields(second);
            if (first.SequenceEqual(second))
                return TryDecode(first, ReadRegister(StatusB), _centuryRegister != 0, out unixSeconds);
        }
        return false;
    }

    /// <summary>Decodes seconds, minutes, hours, day, month, year, century as read from the chip.</summary>
    internal static bool TryDecode(ReadOnlySpan<byte> fields, byte statusB, bool hasCentury, out ulong unixSeconds)
    {
        const byte Is24Hour = 2, IsBinary = 4, Afternoon = 0x80;
        bool isBinary = (statusB & IsBinary) != 0;
        unixSeconds = 0;
        uint second = Number(fields[0], isBinary), minute = Number(fields[1], isBinary);
        uint hour = Number((byte)(fields[2] & ~Afternoon), isBinary);
        uint day = Number(fields[3], isBinary), month = Number(fields[4], isBinary), year = Number(fields[5], isBinary);
        uint century = hasCentury ? Number(fields[6], isBinary) : 20;
        if ((statusB & Is24Hour) == 0)
        {
            if (hour is < 1 or > 12)
                return false;
            hour = (hour % 12) + ((fields[2] & Afternoon) != 0 ? 12u : 0);
        }
        bool isSane = second < 60 && minute < 60 && hour < 24 && month is >= 1 and <= 12 && year < 100 && century is >= 19 and <= 99;
        if (!isSane || day < 1 || day > DaysInMonth((century * 100) + year, month))
            return false;
        ulong days = DaysSince1970((century * 100) + year, month, day);
        unixSeconds = (((((days * 24) + hour) * 60) + minute) * 60) + second;
        return (century * 100) + year >= 1970;
    }

    private const byte StatusA = 0x0a;
    private const byte StatusB = 0x0b;

    private static uint Number(byte value, bool isBinary) => isBinary ? value : (uint)(((value >> 4) * 10) + (value & 15));

    private static bool IsLeapYear(uint year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    private static uint DaysInMonth(uint year, uint month) => month switch
    {
        2 => IsLeapYear(year) ? 29u : 28u,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    private static ulong DaysSince1970(uint year, uint month, uint day)
    {
        ulong days = day - 1;
        for (uint m = 1; m < month; m++)
            days += DaysInMonth(year, m);
        for (uint y = 1970; y < year; y++)
            days += IsLeapYear(y) ? 366u : 365u;
        return days;
    }

    private bool WaitForNoUpdate()
    {
        const byte UpdateInProgress = 0x80;
        for (int i = 0; i < MaxStatusReads; i++)
        {
            if ((ReadRegister(StatusA) & UpdateInProgress) == 0)
                return true;
        }
        return false;
    }

    private void ReadFields(Span<byte> fields)
    {
        fields[0] = ReadRegister(0x00);
        fields[1] = ReadRegister(0x02);
        fields[2] = ReadRegister(0x04);
        fields[3] = ReadRegister(0x07);
        fields[4] = ReadRegister(0x08);
        fields[5] = ReadRegister(0x09);
        fields[6] = _centuryRegister != 0 ? ReadRegister(_centuryRegister) : (byte)0;
    }

    /// <summary>The select port's top bit masks non-maskable interrupts; it is left clear.</summary>
    private byte ReadRegister(byte register)
    {
        _ports.Out8(SelectPort, (byte)(register & ~NonMaskableOff));
        return _ports.In8(DataPort);
    }
}
