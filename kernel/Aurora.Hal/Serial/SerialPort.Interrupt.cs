// The interrupt handler: acknowledge, move bytes between the FIFO and the rings, post.
using System.Threading;

namespace Aurora.Hal;

public sealed partial class SerialPort
{
    /// <summary>Bounds the time with interrupts off: each round moves at most one FIFO, and what is left raises the interrupt again.</summary>
    private const int MaxRounds = 8;

    /// <summary>Serves the port. Runs with interrupts off; takes no lock.</summary>
    public void HandleInterrupt()
    {
        // The line is edge-triggered: it must be seen idle, or no further edge comes.
        for (int round = 0; round < MaxRounds; round++)
        {
            byte id = In(UartRegister.InterruptIdentification);
            if ((id & UartInterruptId.NonePending) != 0)
                return;
            switch (id & UartInterruptId.Mask)
            {
                case UartInterruptId.ReceivedData:
                case UartInterruptId.CharacterTimeout:
                case UartInterruptId.LineStatus:
                    Receive();
                    break;
                case UartInterruptId.TransmitterEmpty:
                    Transmit();
                    break;
                case UartInterruptId.ModemStatus:
                    In(UartRegister.ModemStatus);
                    break;
            }
        }
        // Dropping and raising the line makes a new edge for what is still pending.
        Out(UartRegister.InterruptEnable, 0);
        EnableFlagged();
    }

    private void Receive()
    {
        bool isFull = false;
        for (int i = 0; i < FifoDepth; i++)
        {
            var status = (UartLineStatus)In(UartRegister.LineStatus);
            if ((status & UartLineStatus.Overrun) != 0)
                OverrunCount++;
            if ((status & UartLineStatus.DataReady) == 0)
                break;
            isFull = _receive.Room == 0;
            if (isFull)
                break;
            _receive.TryWrite(In(UartRegister.Data));
        }
        if (isFull)
        {
            Volatile.Write(ref _isListening, false);
            EnableFlagged();
        }
        _events.Post(_inputEvent);
    }

    private void Transmit()
    {
        int before = _transmit.Count;
        for (int i = 0; i < FifoDepth && _transmit.TryRead(out byte value); i++)
            Out(UartRegister.Data, value);
        int half = _transmit.Capacity / 2;
        if (before >= half && _transmit.Count < half)
            _events.Post(_spaceEvent);
        if (_transmit.Count != 0)
            return;
        Volatile.Write(ref _isTransmitting, false);
        EnableFlagged();
    }
}
