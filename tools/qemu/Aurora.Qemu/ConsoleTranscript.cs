// Reads a console for a program instead of a person: everything the guest printed, and waits for text in it. Like the event log, waits
// read from a cursor that moves forward only, so text that came before the wait began is found, and is found once.
using System;
using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>Collects what a machine prints on its console.</summary>
public sealed class ConsoleTranscript
{
    private readonly VirtualMachine _machine;
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _cursor;
    private bool _ended;

    /// <summary>Starts reading; the machine's console must have no other reader.</summary>
    public ConsoleTranscript(VirtualMachine machine)
    {
        _machine = machine;
        Completed = ReadAsync();
    }

    /// <summary>Completes when the machine has closed its console.</summary>
    public Task Completed { get; }

    /// <summary>Everything printed so far.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
                return _text.ToString();
        }
    }

    /// <summary>Types bytes.</summary>
    public async Task TypeAsync(string text, CancellationToken cancellation = default)
        => await _machine.Console.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation).ConfigureAwait(false);

    /// <summary>Waits for text, from where the last wait ended.</summary>
    public async Task WaitForAsync(string text, TimeSpan deadline, CancellationToken cancellation = default)
        => await WaitForAsync(new Regex(Regex.Escape(text), RegexOptions.CultureInvariant), deadline, cancellation).ConfigureAwait(false);

    /// <summary>Waits for a match, from where the last wait ended; the cursor moves behind it.</summary>
    public async Task<Match> WaitForAsync(Regex pattern, TimeSpan deadline, CancellationToken cancellation = default)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(deadline);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                Match match = pattern.Match(_text.ToString(_cursor, _text.Length - _cursor));
                if (match.Success)
                {
                    _cursor += match.Index + match.Length;
                    return match;
                }
                if (_ended)
                    throw Failure(pattern, "the machine ended");
                changed = _changed.Task;
            }
            try
            {
                await changed.WaitAsync(timer.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw Failure(pattern, $"nothing within {deadline.TotalSeconds:0.#} s");
            }
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        byte[] buffer = new byte[65536];
        char[] characters = new char[65536];
        Decoder decoder = Encoding.UTF8.GetDecoder();
        int count;
        while ((count = await ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            int decoded = decoder.GetChars(buffer, 0, count, characters, 0);
            lock (_lock)
            {
                _text.Append(characters, 0, decoded);
                Signal();
            }
        }
        lock (_lock)
        {
            _ended = true;
            Signal();
        }
    }

    private async Task<int> ReadAsync(byte[] buffer)
    {
        try
        {
            return await _machine.Console.ReadAsync(buffer).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            return 0; // QEMU died with unread input.
        }
    }

    private void Signal()
    {
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private MachineException Failure(Regex pattern, string reason)
    {
        string text = Text;
        return new MachineException(
            $"awaiting console text /{pattern}/: {reason}\n--- end of the console ---\n{text[Math.Max(0, text.Length - 3000)..]}\n--- kernel log ---\n{_machine.Events.Tail()}");
    }
}
