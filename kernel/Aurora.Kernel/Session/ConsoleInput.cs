// Console input. Bytes wait in the serial port until the terminal has room, so a fast sender is slowed down and nothing is lost; the main loop
// therefore looks every turn, not only when bytes arrive. Among bytes that must wait it looks for a character that interrupts the program which
// does not read them: with it they are dropped, as if they had been read. The launcher announces the end of the input on the other port when every byte
// has left its side: the end takes effect once the port holds none of them any more.
using System;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Posix.Terminals;

namespace Aurora.Kernel;

/// <summary>Brings what the host types to the terminal of the group in the foreground.</summary>
internal sealed unsafe class ConsoleInput(SerialPort port, TerminalService terminals, ObjectTracker foreground)
{
    private bool _ends;

    // Bytes in the port that have been looked through for a signal and must wait.
    private int _searched;

    /// <summary>No more bytes will come than are on their way.</summary>
    public void End() => _ends = true;

    /// <summary>Called every turn of the main loop: takes what the terminal has room for.</summary>
    public void Receive()
    {
        Span<byte> bytes = stackalloc byte[256];
        Terminal* terminal = terminals.ConsoleOf(foreground);
        while (TerminalInput.CanReceive(terminal) || SearchWaiting(terminal, bytes))
        {
            _searched = 0;
            // A terminal that waits for the end of its line takes bytes without room too, and rings the bell.
            int room = Math.Clamp(terminal->InputRoom - 1, 1, bytes.Length);
            int count = port.Read(bytes[..room]);
            if (count != 0)
                terminals.Input.Receive(terminal, bytes[..count]);
            else if (!_ends)
                return;
            else if (HasReceivedAll())
                TellEnd(terminal);
        }
    }

    // True when a signal has emptied the terminal's input.
    private bool SearchWaiting(Terminal* terminal, Span<byte> piece)
    {
        for (;;)
        {
            int count = port.Peek(_searched, piece);
            if (count == 0)
                return false;
            int done = terminals.Input.ReceiveSignal(terminal, piece[..count]);
            if (done == 0)
            {
                _searched += count;
                continue;
            }
            for (int drop = _searched + done; drop > 0;)
                drop -= port.Read(piece[..Math.Min(drop, piece.Length)]);
            return true;
        }
    }

    private bool HasReceivedAll()
    {
        if (port.BytesToRead == 0)
        {
            Cpu.DisableInterrupts();
            port.CollectReceived();
            Cpu.EnableInterrupts();
        }
        return port.BytesToRead == 0;
    }

    private void TellEnd(Terminal* terminal)
    {
        _ends = false;
        terminals.Input.End(terminal);
    }
}
