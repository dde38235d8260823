// Joins the guest's console to this process's standard input and output. Input and control lines are held until the kernel says that it
// listens: bytes that arrive before the UART is set up are lost. A machine that resets (a panic) listens anew, and is told the window
// size and the end of the input again.
using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>Connects a machine's console to the standard streams, raw when they are a terminal.</summary>
public sealed class ConsoleProxy : IDisposable
{
    private readonly VirtualMachine _machine;
    private readonly HostTerminal? _terminal;
    private readonly PosixSignalRegistration? _windowChanged;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _inputEnded;

    /// <param name="machine">The machine; its console stream must not have another reader.</param>
    /// <param name="interactive">True to hand the terminal over to the guest.</param>
    public ConsoleProxy(VirtualMachine machine, bool interactive)
    {
        _machine = machine;
        if (interactive)
        {
            _terminal = HostTerminal.EnterRawMode();
            _windowChanged = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => SendWindowSize());
        }
        machine.Events.Received += OnEvent;
        foreach (ControlEvent missed in machine.Events.Snapshot())
            OnEvent(missed);
    }

    /// <summary>True once a write to standard output failed because its reader had gone.</summary>
    public bool OutputClosed { get; private set; }

    /// <summary>The last command given with the escape key; None when there was none.</summary>
    public EscapeCommand LastCommand { get; private set; }

    /// <summary>Starts forwarding input, and forwards output until the machine closes its console.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var input = new Thread(ForwardInput) { IsBackground = true, Name = "console input" };
        input.Start();
        byte[] buffer = new byte[65536];
        while (true)
        {
            int count;
            try
            {
                count = await _machine.Console.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            }
            catch (IOException)
            {
                return; // QEMU died with unread input: the console is gone all the same.
            }
            if (count == 0)
                return;
            if (!StandardStreams.Write(StandardStreams.Output, buffer.AsSpan(0, count)))
            {
                OutputClosed = true;
                return;
            }
        }
    }

    public void Dispose()
    {
        _machine.Events.Received -= OnEvent;
        _windowChanged?.Dispose();
        _terminal?.Dispose();
    }

    // A thread of its own, left behind at the end: nothing can interrupt a read from a terminal.
    private void ForwardInput()
    {
        byte[] buffer = new byte[4096];
        EscapeKey? escape = _terminal == null ? null : new EscapeKey();
        _listening.Task.Wait();
        try
        {
            int count;
            while ((count = StandardStreams.Read(StandardStreams.Input, buffer)) > 0)
            {
                EscapeCommand command = EscapeCommand.None;
                int kept = escape?.Filter(buffer.AsSpan(0, count), out command) ?? count;
                _machine.Console.Write(buffer, 0, kept);
                Obey(command);
            }
            _inputEnded = true;
            _machine.SendEndOfInputAsync().Wait();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or AggregateException)
        {
            // The machine has ended; nobody reads the input any more.
        }
    }

    private void Obey(EscapeCommand command)
    {
        if (command != EscapeCommand.None)
            LastCommand = command;
        if (command == EscapeCommand.PowerOff)
            // Not waited for: the next key may be the plug's.
            _ = _machine.SendAsync("poweroff");
        else if (command == EscapeCommand.CutPower)
            _machine.CutPowerAsync().Wait();
        else if (command == EscapeCommand.Help)
            StandardStreams.Write(StandardStreams.Output, "\r\n[Ctrl-] then q: power off; k: pull the plug; Ctrl-]: send Ctrl-]]\r\n"u8);
    }

    private void OnEvent(ControlEvent item)
    {
        if (item is not (ReadyEvent or ResumedEvent))
            return;
        SendWindowSize();
        if (_inputEnded)
            _ = _machine.SendAsync("eof");
        _listening.TrySetResult();
    }

    private void SendWindowSize()
    {
        if (_terminal != null && HostTerminal.Size is { } size)
            _ = _machine.SendAsync($"winsize {size.Rows} {size.Columns}");
    }
}
