// COM2 carries text lines both ways: out, the kernel log and control lines that begin with '@'; in, commands of the launcher. A line that
// does not fit into the transmit ring is not cut: the ring is flushed by polling first, because a lost control line would leave the
// launcher waiting. Who has much to say waits until little is queued, so that others are heard soon, and the ring has room for them.
using System;

namespace Aurora.Hal;

/// <summary>The kernel's log and command line channel to the host.</summary>
public sealed class ControlChannel
{
    /// <summary>The longest command accepted, in bytes, without its newline.</summary>
    public const int MaxCommandBytes = 256;

    private const int MuchBytes = 4096;

    private readonly SerialPort _port;
    private readonly byte[] _command = new byte[MaxCommandBytes];
    private int _length;
    private bool _isOverlong;

    public ControlChannel(SerialPort port) => _port = port;

    /// <summary>Posted when command bytes have arrived.</summary>
    public int InputEvent => _port.InputEvent;

    /// <summary>Commands ignored because they were too long.</summary>
    public uint OverlongCount { get; private set; }

    /// <summary>
    /// True while so little is queued that more may be added which can wait. Every interrupt of the port takes some of it away.
    /// </summary>
    public bool IsCalm => _port.Queued < MuchBytes;

    /// <summary>Writes one line and its newline.</summary>
    public void WriteLine(ReadOnlySpan<byte> text)
    {
        if (_port.Room < text.Length + 1)
            _port.Flush();
        WriteAll(text);
        WriteAll("\n"u8);
    }

    /// <summary>
    /// The next whole command, without its newline; false when there is none yet. The span is valid until the next call.
    /// </summary>
    public bool TryReadCommand(out ReadOnlySpan<byte> command)
    {
        byte value = 0;
        while (_port.Read(new Span<byte>(ref value)) == 1)
        {
            if (value is not ((byte)'\n' or (byte)'\r'))
            {
                Append(value);
                continue;
            }
            bool isWhole = _length > 0 && !_isOverlong;
            if (_isOverlong)
                Complain();
            command = _command.AsSpan(0, _length);
            _length = 0;
            _isOverlong = false;
            if (isWhole)
                return true;
        }
        command = default;
        return false;
    }

    private void Complain()
    {
        OverlongCount++;
        WriteLine("control: a command of more than 256 bytes is not obeyed"u8);
    }

    private void Append(byte value)
    {
        if (_length < MaxCommandBytes)
            _command[_length++] = value;
        else
            _isOverlong = true;
    }

    private void WriteAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = _port.Write(bytes);
            bytes = bytes[count..];
            if (!bytes.IsEmpty)
                _port.Flush();
        }
    }
}
