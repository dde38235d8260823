// A 16550 serial port driven by interrupts through two rings.
//
// Receive: the handler moves the FIFO into the receive ring. When the ring is full it stops listening (the receive interrupt is switched off and
// the bytes stay in the FIFO), and Read listens again: a sender that honours the FIFO, as QEMU does, then waits and nothing is lost. Bytes that
// the hardware had no room for are counted as overruns.
//
// Transmit: Write fills the transmit ring and switches the transmitter-empty interrupt on; the handler sends bursts of 16 bytes (the FIFO's depth)
// and switches it off when the ring is empty. Only code outside the handler switches interrupts on, only the handler switches them off; a stale
// value written by the outside code can therefore only switch on too much, which the next interrupt corrects.
//
// Before interrupts are enabled, and in an emergency, bytes are sent by polling.
using System;
using System.Threading;
using Aurora.Base;

namespace Aurora.Hal;

/// <summary>One serial port. Read and Write are called under the kernel lock; HandleInterrupt by the interrupt vector.</summary>
public sealed partial class SerialPort
{
    private const int FifoDepth = 16;
    private const int ReceivePages = 4;
    private const int TransmitPages = 16;

    private readonly PortSpace _ports;
    private readonly ushort _base;
    private readonly ByteRing _receive;
    private readonly ByteRing _transmit;
    private readonly PostedEvents _events;
    private readonly int _inputEvent;
    private readonly int _spaceEvent;
    private bool _usesInterrupts;
    private bool _isTransmitting;
    private bool _isListening;

    /// <summary>Programs the port for 115200 baud, 8 data bits, FIFOs on, interrupts off.</summary>
    public SerialPort(PortSpace ports, ushort basePort, PageAllocator pages, PostedEvents events)
    {
        _ports = ports;
        _base = basePort;
        _receive = new ByteRing(pages, ReceivePages);
        _transmit = new ByteRing(pages, TransmitPages);
        _events = events;
        _inputEvent = events.Define();
        _spaceEvent = events.Define();
        IsPresent = Program();
    }

    /// <summary>False when no 16550 answers; reads then give nothing and writes vanish.</summary>
    public bool IsPresent { get; }

    /// <summary>Posted when bytes have arrived.</summary>
    public int InputEvent => _inputEvent;

    /// <summary>Posted when the transmit ring has been drained to less than half.</summary>
    public int SpaceEvent => _spaceEvent;

    public int BytesToRead => _receive.Count;

    /// <summary>How much Write accepts now.</summary>
    public int Room => _transmit.Room;

    /// <summary>How much of what it has accepted has not gone to the device.</summary>
    public int Queued => _transmit.Count;

    /// <summary>
    /// Bytes accepted by <see cref="Write"/> that may not have left the machine: what is in the ring, the FIFO and the shift register. Never
    /// too low; exact only when zero.
    /// </summary>
    public int Undelivered
    {
        get
        {
            int queued = _transmit.Count;
            bool isSilent = !IsPresent || (queued == 0 && ((UartLineStatus)In(UartRegister.LineStatus) & UartLineStatus.TransmitterIdle) != 0);
            return isSilent ? 0 : queued + FifoDepth + 1;
        }
    }

    /// <summary>Times the hardware reported that received bytes were lost.</summary>
    public uint OverrunCount { get; private set; }

    /// <summary>Bytes given up because the transmitter did not accept them in time.</summary>
    public uint DiscardedCount { get; private set; }

    /// <summary>Switches from polling to interrupts; the vector must already lead to <see cref="HandleInterrupt"/>.</summary>
    public void EnableInterrupts()
    {
        if (!IsPresent)
            return;
        _usesInterrupts = true;
        _isListening = true;
        EnableFlagged();
    }

    /// <summary>Copies received bytes from the <paramref name="skip"/>th on without taking them; returns their number.</summary>
    public int Peek(int skip, Span<byte> bytes) => _receive.Peek(skip, bytes);

    /// <summary>Takes received bytes; returns their number.</summary>
    public int Read(Span<byte> bytes)
    {
        int count = _receive.Read(bytes);
        if (count > 0 && _usesInterrupts && !Volatile.Read(ref _isListening))
        {
            Volatile.Write(ref _isListening, true);
            EnableFlagged();
        }
        return count;
    }

    /// <summary>Queues bytes for transmission and returns how many were accepted; the rest must wait for <see cref="SpaceEvent"/>.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        if (!IsPresent)
            return bytes.Length;
        if (!_usesInterrupts)
        {
            SendPolled(bytes);
            return bytes.Length;
        }
        int count = _transmit.Write(bytes);
        if (count > 0 && !Volatile.Read(ref _isTransmitting))
        {
            Volatile.Write(ref _isTransmitting, true);
            EnableFlagged();
        }
        return count;
    }

    private bool Program()
    {
        const byte DivisorLatch = 0x80, EightBits = 3, FifosOnAndCleared = 0x07, ReceiveTrigger14 = 0xc0;
        const byte ReadyAndInterruptGate = 0x0b, Probe = 0x5a;
        Out(UartRegister.Scratch, Probe);
        if (In(UartRegister.Scratch) != Probe)
            return false;
        Out(UartRegister.InterruptEnable, 0);
        Out(UartRegister.LineControl, DivisorLatch);
        Out(UartRegister.DivisorLow, 1);
        Out(UartRegister.DivisorHigh, 0);
        Out(UartRegister.LineControl, EightBits);
        Out(UartRegister.FifoControl, FifosOnAndCleared | ReceiveTrigger14);
        Out(UartRegister.ModemControl, ReadyAndInterruptGate);
        return true;
    }

    /// <summary>Writes the interrupt enable register from the two flags.</summary>
    private void EnableFlagged()
    {
        var wanted = UartInterrupts.None;
        if (Volatile.Read(ref _isListening))
            wanted |= UartInterrupts.ReceivedData | UartInterrupts.LineStatus;
        if (Volatile.Read(ref _isTransmitting))
            wanted |= UartInterrupts.TransmitterEmpty;
        Out(UartRegister.InterruptEnable, (byte)wanted);
    }

    private byte In(ushort register) => _ports.In8((ushort)(_base + register));
    private void Out(ushort register, byte value) => _ports.Out8((ushort)(_base + register), value);
}
