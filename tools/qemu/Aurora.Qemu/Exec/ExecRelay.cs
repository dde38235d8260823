// The launcher's side of `aurora exec`: any number of clients come by a socket, each has one program run, and the kernel is spoken to
// for all of them on the one control channel. Numbers of programs are not used again, so what is still on its way about one that is over
// is recognised. A kernel that starts again, after a panic or when the whole machine goes back, knows of no program: the clients are
// told.
using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>Runs programs in a machine for those who come by its socket.</summary>
internal sealed class ExecRelay : IAsyncDisposable
{
    private static readonly TimeSpan _farewell = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _retry = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly Func<string, Task> _send;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, ExecRelayClient> _clients = [];
    private readonly Dictionary<Task, ExecFrames> _connections = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _accepting;
    private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _last;

    /// <param name="listener">Listens, and is the relay's from now on.</param>
    /// <param name="send">Sends a line to the kernel.</param>
    public ExecRelay(Socket listener, Func<string, Task> send)
    {
        _listener = listener;
        _send = send;
        _accepting = AcceptAsync();
    }

    /// <summary>The kernel has said something.</summary>
    public void OnEvent(ControlEvent item)
    {
        switch (item)
        {
            case ExecEvent exec:
                if (Find(exec.Number) is { } program)
                    program.Receive(exec);
                else if (exec.Word == "go")
                    // Whoever asked has gone, or has been told that the machine restarted.
                    _ = _send(FormattableString.Invariant($"exec {exec.Number} forget"));
                break;
            case ReadyEvent or ResumedEvent:
                LoseAll("the machine restarted meanwhile: what was started goes on, if it is there, alone");
                _ready.TrySetResult();
                break;
            case PanicEvent:
                // It listens again when it has started.
                if (_ready.Task.IsCompleted)
                    _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                LoseAll("the kernel panicked, and the machine restarts: what was started goes on, if it is there, alone");
                break;
        }
    }

    /// <summary>The machine has ended: who is still there is told.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        LoseAll("the machine has ended");
        Task[] left;
        lock (_lock)
            left = [.. _connections.Keys];
        // Those who do not read what they are told are left.
        await Task.WhenAny(Task.WhenAll(left), Task.Delay(_farewell)).ConfigureAwait(false);
        lock (_lock)
            foreach (ExecFrames frames in _connections.Values)
                frames.Dispose();
        await Task.WhenAll(left).ConfigureAwait(false);
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                Socket socket = await _listener.AcceptAsync(_ended.Token).ConfigureAwait(false);
                Keep(new ExecFrames(new NetworkStream(socket, ownsSocket: true)));
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Who came has gone again; or there are too many open files, which may be over a little later.
                await Task.Delay(_retry).ConfigureAwait(false);
            }
        }
    }

    private void Keep(ExecFrames frames)
    {
        Task serving = ServeAsync(frames);
        lock (_lock)
            _connections.Add(serving, frames);
        _ = serving.ContinueWith(
            _ =>
            {
                lock (_lock)
                    _connections.Remove(serving);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ServeAsync(ExecFrames frames)
    {
        await Task.Yield();
        using ExecFrames client = frames;
        if (await frames.ReadAsync().ConfigureAwait(false) is not { } first || ExecRequest.Decode(first) is not { } request)
            return;
        try
        {
            await _ready.Task.WaitAsync(_ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await frames.WriteAsync(new ExecFrame(ExecFrameKind.Lost, "the machine has ended"u8.ToArray())).ConfigureAwait(false);
            return;
        }
        ulong number = Interlocked.Increment(ref _last);
        var program = new ExecRelayClient(number, frames, _send);
        lock (_lock)
            _clients.Add(number, program);
        // It may have been the last moment.
        if (_ended.IsCancellationRequested)
            program.Lose("the machine has ended", isGone: true);
        try
        {
            await program.RunAsync(request.Command, request.Text).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
                _clients.Remove(number);
        }
    }

    private ExecRelayClient? Find(ulong number)
    {
        lock (_lock)
            return _clients.GetValueOrDefault(number);
    }

    private void LoseAll(string reason)
    {
        ExecRelayClient[] clients;
        lock (_lock)
            clients = [.. _clients.Values];
        foreach (ExecRelayClient client in clients)
            client.Lose(reason, isGone: true);
    }
}
