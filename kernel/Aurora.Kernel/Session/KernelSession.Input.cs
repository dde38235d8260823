// Console input. Bytes wait in the serial port until the terminal has room, so a fast sender is slowed down and nothing is lost; the main loop
// therefore looks every turn, not only when bytes arrive. Among bytes that must wait it looks for a character that interrupts the program which
// does not read them: with it they are dropped, as if they had been read. The launcher announces the end of the input on the other port when every byte
// has left its side: the end takes effect once the port holds none of them any more.
using System;
using Aurora.Core;
using Aurora.Posix.Terminals;

namespace Aurora.Kernel;

internal sealed unsafe partial class KernelSession
{
    private bool _inputEnds;

    // Bytes in the port that have been looked through for a signal and must wait.
    private int _searchedInput;

    private void ReceiveInput()
    {
        Span<byte> bytes = stackalloc byte[256];
        Terminal* terminal = Linux.Terminals.Console;
        while (TerminalInput.CanReceive(terminal) || SearchWaiting(terminal, bytes))
        {
            _searchedInput = 0;
            // A terminal that waits for the end of its line takes bytes without room too, and rings the bell.
            int room = Math.Clamp(terminal->InputRoom - 1, 1, bytes.Length);
            int count = Hardware.Console.Read(bytes[..room]);
            if (count != 0)
                Linux.Terminals.Input.Receive(terminal, bytes[..count]);
            else if (!_inputEnds)
                return;
            else if (HasReceivedAll())
                EndInput(terminal);
        }
    }

    // True when a signal has emptied the terminal's input.
    private bool SearchWaiting(Terminal* terminal, Span<byte> piece)
    {
        for (;;)
        {
            int count = Hardware.Console.Peek(_searchedInput, piece);
            if (count == 0)
                return false;
            int done = Linux.Terminals.Input.ReceiveSignal(terminal, piece[..count]);
            if (done == 0)
            {
                _searchedInput += count;
                continue;
            }
            for (int drop = _searchedInput + done; drop > 0;)
                drop -= Hardware.Console.Read(piece[..Math.Min(drop, piece.Length)]);
            return true;
        }
    }

    private bool HasReceivedAll()
    {
        if (Hardware.Console.BytesToRead == 0)
        {
            Cpu.DisableInterrupts();
            Hardware.Console.CollectReceived();
            Cpu.EnableInterrupts();
        }
        return Hardware.Console.BytesToRead == 0;
    }

    private void EndInput(Terminal* terminal)
    {
        _inputEnds = false;
        Linux.Terminals.Input.End(terminal);
    }
}
