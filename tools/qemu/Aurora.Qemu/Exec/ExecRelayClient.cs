// One client of the launcher and the program it has run (the lines are those of the kernel's LauncherExecCommands). Three tasks: one
// reads what the client sends, also while its input waits for room, so that it is noticed when it goes; one passes input on; one writes
// to it. What waits to be written is bounded by what the kernel has been told to send: a client that reads slowly is its own concern
// only.
using System;
using System.Globalization;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>Passes the streams of one program between a client and the kernel.</summary>
internal sealed class ExecRelayClient(ulong number, ExecFrames client, Func<string, Task> send)
{
    /// <summary>Output that may wait here.</summary>
    public const int WindowBytes = 16384;

    // As much as a command of the control channel holds.
    private const int PieceBytes = 165;

    private readonly Lock _lock = new();
    private readonly Channel<ExecFrame> _outgoing = Channel.CreateUnbounded<ExecFrame>();
    private readonly TaskCompletionSource<bool> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _roomChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _room;
    private bool _isInputOver;
    private volatile bool _isFeeding;
    private volatile bool _hasPlace;

    /// <summary>Has a program run and stays until the client has been told how it ended, or has gone.</summary>
    public async Task RunAsync(string command, ReadOnlyMemory<byte> text)
    {
        await SendAsync(command).ConfigureAwait(false);
        bool isTaken = await _answered.Task.ConfigureAwait(false);
        Task writing = WriteAsync();
        if (isTaken)
        {
            // Who goes before all of the strings are there has had nothing run.
            Task reading = ReadAsync();
            await SendTextAsync(text, reading).ConfigureAwait(false);
            await Task.WhenAny(reading, writing).ConfigureAwait(false);
            EndInput();
            if (_hasPlace)
                await SendAsync("forget").ConfigureAwait(false);
            _hasPlace = false;
            client.Dispose();
            await reading.ConfigureAwait(false);
        }
        _outgoing.Writer.TryComplete();
        await writing.ConfigureAwait(false);
    }

    private async Task SendTextAsync(ReadOnlyMemory<byte> text, Task reading)
    {
        for (; !text.IsEmpty && _hasPlace && !reading.IsCompleted; text = text[Math.Min(text.Length, PieceBytes)..])
            await SendAsync("text " + Base64(text[..Math.Min(text.Length, PieceBytes)])).ConfigureAwait(false);
        if (text.IsEmpty && _hasPlace)
            await SendAsync($"show {WindowBytes}").ConfigureAwait(false);
    }

    /// <summary>The kernel has said something about the program.</summary>
    public void Receive(ExecEvent item)
    {
        switch (item.Word)
        {
            case "go":
                _hasPlace = true;
                if (_answered.TrySetResult(true))
                    break;
                // The kernel has started again meanwhile, and has heard of it only now.
                _hasPlace = false;
                _ = SendAsync("forget");
                break;
            case "room":
                AddRoom(NumberOf(item));
                break;
            case "closed":
                // Before the piece that waits is said to have been taken.
                Tell(new ExecFrame(ExecFrameKind.InputClosed, default));
                EndInput();
                break;
            case "out" or "err":
                Tell(new ExecFrame(item.Word == "out" ? ExecFrameKind.Output : ExecFrameKind.Errors, Convert.FromBase64String(item.Rest)));
                break;
            case "refused":
                Lose($"the kernel refused what it was told: {item.Rest}", isGone: false);
                break;
            default:
                TellLast(ExecFrame.With(KindOf(item.Word), NumberOf(item)));
                break;
        }
    }

    /// <summary>Nothing more will be known of the program; the kernel may have forgotten it as well.</summary>
    public void Lose(string reason, bool isGone)
    {
        if (isGone)
            _hasPlace = false;
        TellLast(new ExecFrame(ExecFrameKind.Lost, System.Text.Encoding.UTF8.GetBytes(reason)));
    }

    private static ExecFrameKind KindOf(string word) => word switch
    {
        "began" => ExecFrameKind.Began,
        "ended" => ExecFrameKind.Ended,
        "unstarted" => ExecFrameKind.NotStarted,
        _ => ExecFrameKind.Refused,
    };

    private static int NumberOf(ExecEvent item) => int.Parse(item.Rest, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Base64(ReadOnlyMemory<byte> bytes) => Convert.ToBase64String(bytes.Span);

    private Task SendAsync(string command) => send(FormattableString.Invariant($"exec {number} {command}"));

    private void Tell(ExecFrame frame) => _outgoing.Writer.TryWrite(frame);

    private void TellLast(ExecFrame frame)
    {
        Tell(frame);
        _outgoing.Writer.TryComplete();
        EndInput();
        _answered.TrySetResult(false);
    }

    // Until the client has gone, or speaks out of turn.
    private async Task ReadAsync()
    {
        Task feeding = Task.CompletedTask;
        while (await client.ReadAsync().ConfigureAwait(false) is { } frame && !_isFeeding)
        {
            if (frame.Kind == ExecFrameKind.Input)
            {
                _isFeeding = true;
                await feeding.ConfigureAwait(false);
                feeding = FeedAsync(frame.Payload);
            }
            else if (frame.Kind == ExecFrameKind.EndOfInput)
            {
                await SendAsync("end-input").ConfigureAwait(false);
            }
            else
            {
                break;
            }
        }
        EndInput();
        await feeding.ConfigureAwait(false);
    }

    private async Task FeedAsync(ReadOnlyMemory<byte> input)
    {
        while (!input.IsEmpty)
        {
            int bytes = await TakeRoomAsync(Math.Min(PieceBytes, input.Length)).ConfigureAwait(false);
            if (bytes == 0)
                break;
            await SendAsync("input " + Base64(input[..bytes])).ConfigureAwait(false);
            input = input[bytes..];
        }
        _isFeeding = false;
        Tell(new ExecFrame(ExecFrameKind.InputTaken, default));
    }

    // How much may be sent now; 0 when nobody wants any more.
    private async Task<int> TakeRoomAsync(int most)
    {
        for (;;)
        {
            Task changed;
            lock (_lock)
            {
                if (_isInputOver)
                    return 0;
                int bytes = Math.Min(most, _room);
                _room -= bytes;
                if (bytes > 0)
                    return bytes;
                changed = _roomChanged.Task;
            }
            await changed.ConfigureAwait(false);
        }
    }

    private void AddRoom(int bytes)
    {
        lock (_lock)
        {
            _room += bytes;
            SignalRoom();
        }
    }

    private void EndInput()
    {
        lock (_lock)
        {
            _isInputOver = true;
            SignalRoom();
        }
    }

    private void SignalRoom()
    {
        _roomChanged.TrySetResult();
        _roomChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    // Until the last thing has been told, or the client has gone.
    private async Task WriteAsync()
    {
        int shown = 0;
        await foreach (ExecFrame frame in _outgoing.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (!await client.WriteAsync(frame).ConfigureAwait(false))
                return;
            shown += frame.Kind is ExecFrameKind.Output or ExecFrameKind.Errors ? frame.Payload.Length : 0;
            if (shown < WindowBytes / 4 || !_hasPlace)
                continue;
            await SendAsync($"show {shown}").ConfigureAwait(false);
            shown = 0;
        }
    }
}
