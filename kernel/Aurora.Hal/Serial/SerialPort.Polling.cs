// Working without interrupts: at early boot, when a control line must not be lost, and in a panic.
using System;
using System.Threading;

namespace Aurora.Hal;

public sealed partial class SerialPort
{
    /// <summary>Status reads before a byte is given up: far beyond the time a byte takes, short enough for a panic to reach its reset.</summary>
    private const int MaxPolls = 200_000;

    /// <summary>The same outside a panic, where a host that reads slowly must not cost output: several seconds.</summary>
    private const int MaxPatientPolls = 20_000_000;

    /// <summary>
    /// Moves what the FIFO holds into the receive ring without waiting for its interrupt, which comes late for the last few bytes. The caller
    /// has switched the processor's interrupts off.
    /// </summary>
    public void CollectReceived()
    {
        if (IsPresent)
            Receive();
    }

    /// <summary>
    /// Sends what is queued and then these bytes, without interrupts and without waiting for ever. Interrupts of the port stay off afterwards.
    /// For panics: works in any context.
    /// </summary>
    public void WriteEmergency(ReadOnlySpan<byte> bytes)
    {
        if (!IsPresent)
            return;
        Out(UartRegister.InterruptEnable, 0);
        _usesInterrupts = false;
        while (_transmit.TryRead(out byte value))
            SendPolled(new ReadOnlySpan<byte>(in value));
        SendPolled(bytes);
    }

    /// <summary>Sends everything queued by polling, then continues with interrupts. The caller is outside the handler.</summary>
    public void Flush()
    {
        if (!IsPresent || !_usesInterrupts)
            return;
        // With the port's interrupts off, this code is the ring's only consumer.
        Out(UartRegister.InterruptEnable, 0);
        Volatile.Write(ref _isTransmitting, false);
        uint discarded = DiscardedCount;
        while (_transmit.TryRead(out byte value))
        {
            // A host that has not taken one byte in all that time is not reading: the rest is not worth waiting for.
            int polls = DiscardedCount == discarded ? MaxPatientPolls : MaxPolls;
            SendPolled(new ReadOnlySpan<byte>(in value), polls);
        }
        EnableFlagged();
        _events.Post(_spaceEvent);
    }

    private void SendPolled(ReadOnlySpan<byte> bytes, int maxPolls = MaxPolls)
    {
        foreach (byte value in bytes)
        {
            int polls = 0;
            while (((UartLineStatus)In(UartRegister.LineStatus) & UartLineStatus.TransmitterEmpty) == 0 && polls < maxPolls)
                polls++;
            if (polls == maxPolls)
                DiscardedCount++;
            else
                Out(UartRegister.Data, value);
        }
    }
}
