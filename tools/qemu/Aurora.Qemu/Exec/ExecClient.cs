// The client's side of `aurora exec`. Standard input is read by a thread of its own, left behind at the end: nothing can interrupt a
// read from a terminal. It reads on when what it read before has been taken.
using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>How a program ended that was to be run.</summary>
public enum ExecEnd
{
    /// <summary>With an exit status.</summary>
    Ended,

    /// <summary>In the background: it has begun, as a process with this id.</summary>
    Began,

    /// <summary>It could not be loaded, for an errno.</summary>
    NotStarted,

    /// <summary>The group, or the machine, could not run it, for an errno.</summary>
    Refused,

    /// <summary>Nothing more is known of it; the words say why.</summary>
    Lost,

    /// <summary>The reader of standard output, or of the errors, has gone.</summary>
    OutputClosed,
}

/// <summary>How a program ended that was to be run.</summary>
public sealed record ExecOutcome(ExecEnd End, int Number = 0, string Words = "");

/// <summary>Has a program run in a machine, with the standard streams of this process.</summary>
public static class ExecClient
{
    private const int PieceBytes = 4096;
    private const int Errors = 2;

    // What is known of the piece of input that has been sent.
    private sealed class Input
    {
        private readonly object _lock = new();
        private bool _isTaken, _isClosed;

        public void Note(bool isClosed)
        {
            lock (_lock)
            {
                _isTaken |= !isClosed;
                _isClosed |= isClosed;
                Monitor.PulseAll(_lock);
            }
        }

        // False when nobody wants any more.
        public bool AwaitTaken()
        {
            lock (_lock)
            {
                while (!_isTaken && !_isClosed)
                    Monitor.Wait(_lock);
                _isTaken = false;
                return !_isClosed;
            }
        }
    }

    /// <summary>
    /// Runs a program in the machine that runs with a disk; null when there is none. Its output goes to a descriptor.
    /// </summary>
    public static async Task<ExecOutcome?> RunAsync(
        string disk, ExecRequest request, CancellationToken cancellation, int output = StandardStreams.Output, bool hasInput = true)
    {
        if (ExecSocket.Connect(disk) is not { } socket)
            return null;
        using var frames = new ExecFrames(new NetworkStream(socket, ownsSocket: true));
        await frames.WriteAsync(new ExecFrame(ExecFrameKind.Request, request.Encode())).ConfigureAwait(false);
        var input = new Input();
        if (!hasInput)
            await frames.WriteAsync(new ExecFrame(ExecFrameKind.EndOfInput, default)).ConfigureAwait(false);
        else if (!request.IsDetached)
            new Thread(() => Forward(input, frames)) { IsBackground = true, Name = "exec input" }.Start();
        while (await frames.ReadAsync(cancellation).ConfigureAwait(false) is { } frame)
        {
            if (frame.IsLast)
                return OutcomeOf(frame);
            if (frame.Kind is ExecFrameKind.InputTaken or ExecFrameKind.InputClosed)
                input.Note(isClosed: frame.Kind == ExecFrameKind.InputClosed);
            else if (frame.Kind is ExecFrameKind.Output or ExecFrameKind.Errors && Show(frame, output) is { } end)
                return end;
        }
        return new ExecOutcome(ExecEnd.Lost, Words: "the machine's launcher has ended");
    }

    // Null when it has been written.
    private static ExecOutcome? Show(ExecFrame frame, int output)
    {
        try
        {
            bool isWritten = StandardStreams.Write(frame.Kind == ExecFrameKind.Output ? output : Errors, frame.Payload.Span);
            return isWritten ? null : new ExecOutcome(ExecEnd.OutputClosed);
        }
        catch (IOException failure)
        {
            return new ExecOutcome(ExecEnd.Lost, Words: $"its output cannot be written here: {failure.Message}");
        }
    }

    private static ExecOutcome OutcomeOf(ExecFrame frame) => frame.Kind switch
    {
        ExecFrameKind.Ended => new ExecOutcome(ExecEnd.Ended, frame.Number),
        ExecFrameKind.Began => new ExecOutcome(ExecEnd.Began, frame.Number),
        ExecFrameKind.NotStarted => new ExecOutcome(ExecEnd.NotStarted, frame.Number),
        ExecFrameKind.Refused => new ExecOutcome(ExecEnd.Refused, frame.Number),
        _ => new ExecOutcome(ExecEnd.Lost, Words: Encoding.UTF8.GetString(frame.Payload.Span)),
    };

    private static void Forward(Input input, ExecFrames frames)
    {
        byte[] buffer = new byte[PieceBytes];
        int count;
        while ((count = StandardStreams.Read(StandardStreams.Input, buffer)) > 0)
        {
            if (!frames.WriteAsync(new ExecFrame(ExecFrameKind.Input, buffer.AsMemory(0, count))).GetAwaiter().GetResult())
                return;
            if (!input.AwaitTaken())
                return;
        }
        frames.WriteAsync(new ExecFrame(ExecFrameKind.EndOfInput, default)).GetAwaiter().GetResult();
    }
}
