// The serial ports before their drivers exist, and again when the kernel is failing: polled, no interrupts, no state. COM1 is the guest's
// console, COM2 the kernel log. A port that is absent reads as all ones and takes bytes without complaint.
using System;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Polled output to the two serial ports.</summary>
public static unsafe class EarlyConsole
{
    private const ushort Com1 = 0x3F8;
    private const ushort Com2 = 0x2F8;
    private const ushort InterruptEnable = 1;
    private const ushort FifoControl = 2;
    private const ushort LineControl = 3;
    private const ushort ModemControl = 4;
    private const ushort LineStatus = 5;
    private const byte DivisorAccess = 0x80;
    private const byte EightBitsNoParity = 0x03;
    private const byte FifoEnableAndClear = 0x07;
    private const byte ReadyToSend = 0x0B;
    private const byte TransmitterEmpty = 0x20;

    /// <summary>How often to look at a transmitter that does not become ready before the byte is dropped.</summary>
    private const int ReadyAttempts = 100_000;

    /// <summary>Sets both ports to 115200 baud, 8N1, and makes COM2 the sink of the kernel log.</summary>
    public static void Initialize()
    {
        Configure(Com1);
        Configure(Com2);
        KernelLog.Sink = &WriteLogLine;
    }

    /// <summary>One line to the kernel log (COM2).</summary>
    public static void WriteLogLine(ReadOnlySpan<byte> text)
    {
        Write(Com2, text);
        Put(Com2, (byte)'\n');
    }

    /// <summary>One line to the guest console (COM1): for panics only.</summary>
    public static void WriteConsoleLine(ReadOnlySpan<byte> text)
    {
        Write(Com1, text);
        Write(Com1, "\r\n"u8);
    }

    private static void Configure(ushort port)
    {
        PortIo.Write8((ushort)(port + InterruptEnable), 0);
        PortIo.Write8((ushort)(port + LineControl), DivisorAccess);
        PortIo.Write8(port, 1);
        PortIo.Write8((ushort)(port + 1), 0);
        PortIo.Write8((ushort)(port + LineControl), EightBitsNoParity);
        PortIo.Write8((ushort)(port + FifoControl), FifoEnableAndClear);
        PortIo.Write8((ushort)(port + ModemControl), ReadyToSend);
    }

    private static void Write(ushort port, ReadOnlySpan<byte> text)
    {
        foreach (byte character in text)
            Put(port, character);
    }

    private static void Put(ushort port, byte character)
    {
        for (int attempt = 0; attempt < ReadyAttempts; attempt++)
        {
            if ((PortIo.Read8((ushort)(port + LineStatus)) & TransmitterEmpty) != 0)
                break;
        }
        PortIo.Write8(port, character);
    }
}
