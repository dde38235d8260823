// Registers of the 16550D (National Semiconductor PC16550D datasheet, section 8), as offsets from the port's base.
using System;

namespace Aurora.Hal;

/// <summary>Register offsets; the divisor registers replace the first two while the line control's divisor latch bit is set.</summary>
public static class UartRegister
{
    /// <summary>Receiver buffer when read, transmitter holding register when written (8.2, 8.3).</summary>
    public const ushort Data = 0;
    public const ushort InterruptEnable = 1;

    /// <summary>Interrupt identification when read, FIFO control when written (8.5, 8.6).</summary>
    public const ushort InterruptIdentification = 2;
    public const ushort FifoControl = 2;
    public const ushort LineControl = 3;
    public const ushort ModemControl = 4;
    public const ushort LineStatus = 5;
    public const ushort ModemStatus = 6;
    public const ushort Scratch = 7;
    public const ushort DivisorLow = 0;
    public const ushort DivisorHigh = 1;
}

/// <summary>Interrupt enable register (8.7).</summary>
[Flags]
public enum UartInterrupts : byte
{
    None = 0,
    ReceivedData = 1,
    TransmitterEmpty = 2,
    LineStatus = 4,
}

/// <summary>Interrupt identification register (8.6): bit 0 is clear while an interrupt is pending; bits 3:1 say which.</summary>
public static class UartInterruptId
{
    public const byte NonePending = 1;
    public const byte Mask = 0x0e;
    public const byte ModemStatus = 0x00;
    public const byte TransmitterEmpty = 0x02;
    public const byte ReceivedData = 0x04;
    public const byte LineStatus = 0x06;
    public const byte CharacterTimeout = 0x0c;
}

/// <summary>Line status register (8.4).</summary>
[Flags]
public enum UartLineStatus : byte
{
    None = 0,
    DataReady = 1,
    Overrun = 2,

    /// <summary>The FIFO is empty; the shift register may still hold a byte.</summary>
    TransmitterEmpty = 0x20,

    /// <summary>FIFO and shift register are empty: every byte has left.</summary>
    TransmitterIdle = 0x40,
}
