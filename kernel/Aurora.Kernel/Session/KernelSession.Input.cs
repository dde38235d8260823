// Console input. Bytes wait in the serial port until the terminal has room, so a fast sender is slowed down and nothing is lost; the main loop
// therefore looks every turn, not only when bytes arrive. The launcher announces the end of the input on the other port when every byte
// has left its side: the end takes effect once the port holds none of them any more.
using System;
using Aurora.Core;
using Aurora.Posix.Terminals;

namespace Aurora.Kernel;

internal sealed unsafe partial class KernelSession
{
    private bool _inputEnds;

    private void ReceiveInput()
    {
        Span<byte> bytes = stackalloc byte[256];
        Terminal* terminal = Linux.Terminals.Console;
        while (TerminalService.CanReceive(terminal))
        {
            // A terminal that waits for the end of its line takes bytes without room too, and rings the bell.
            int room = Math.Clamp(terminal->InputRoom - 1, 1, bytes.Length);
            int count = Hardware.Console.Read(bytes[..room]);
            if (count != 0)
                Linux.Terminals.Receive(terminal, bytes[..count]);
            else if (!_inputEnds)
                return;
            else if (HasReceivedAll())
                EndInput(terminal);
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
        Linux.Terminals.EndInput(terminal);
    }
}
