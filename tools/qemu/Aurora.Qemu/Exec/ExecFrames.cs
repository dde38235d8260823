// What goes between a launcher and those who want programs run, on a UNIX socket: frames of a kind (1 byte), the number of bytes that
// follow (4 bytes, little-endian), and these.
//
// From the client, a request first; then input, the next piece of which may follow when the one before has been taken; then its end. To
// it, output and errors as they come, taken and closed for the input; in the end one frame that says how it ended. A client that goes
// before that leaves the program without its streams.
using System;
using System.Buffers.Binary;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>What a frame is.</summary>
internal enum ExecFrameKind : byte
{
    None,

    /// <summary><see cref="ExecRequest"/>.</summary>
    Request,
    Input,
    EndOfInput,

    Output,
    Errors,

    /// <summary>The last piece of input has been passed on.</summary>
    InputTaken,

    /// <summary>Nobody reads the input any more.</summary>
    InputClosed,

    /// <summary>
    /// The last ones, each with a number (4 bytes): a process id, an exit status, an errno of the program's or of the group's.
    /// </summary>
    Began,
    Ended,
    NotStarted,
    Refused,

    /// <summary>The last one: Aurora itself failed, with words that say how.</summary>
    Lost,
}

/// <summary>A frame.</summary>
internal readonly record struct ExecFrame(ExecFrameKind Kind, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Nothing more is said after it.</summary>
    public bool IsLast => Kind is >= ExecFrameKind.Began and <= ExecFrameKind.Lost;

    /// <summary>The number of the frames that have one; 0 for one that is too short.</summary>
    public int Number => Payload.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(Payload.Span) : 0;

    /// <summary>A frame with a number.</summary>
    public static ExecFrame With(ExecFrameKind kind, int number)
    {
        byte[] payload = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(payload, number);
        return new ExecFrame(kind, payload);
    }
}

/// <summary>Frames on a stream.</summary>
internal sealed class ExecFrames(Stream stream) : IDisposable
{
    /// <summary>More than the strings of any program.</summary>
    private const int MostBytes = 2 << 20;

    private const int HeaderBytes = 5;

    /// <summary>The next frame; null when the other side has gone, or does not speak this language.</summary>
    public async Task<ExecFrame?> ReadAsync(CancellationToken cancellation = default)
    {
        try
        {
            byte[] header = new byte[HeaderBytes];
            await stream.ReadExactlyAsync(header, cancellation).ConfigureAwait(false);
            int bytes = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(1));
            if (bytes is < 0 or > MostBytes)
                return null;
            byte[] payload = new byte[bytes];
            await stream.ReadExactlyAsync(payload, cancellation).ConfigureAwait(false);
            return new ExecFrame((ExecFrameKind)header[0], payload);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Sends a frame; false when the other side has gone.</summary>
    public async Task<bool> WriteAsync(ExecFrame frame)
    {
        byte[] bytes = new byte[HeaderBytes + frame.Payload.Length];
        bytes[0] = (byte)frame.Kind;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), frame.Payload.Length);
        frame.Payload.CopyTo(bytes.AsMemory(HeaderBytes));
        try
        {
            await stream.WriteAsync(bytes).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    public void Dispose() => stream.Dispose();
}
