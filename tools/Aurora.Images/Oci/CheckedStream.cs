using System;
using System.IO;
using System.Security.Cryptography;

namespace Aurora.Images.Oci;

/// <summary>Passes on what is read from a stream, hashes it, and refuses more of it than a bound.</summary>
internal sealed class CheckedStream(Stream source, long mostBytes, IncrementalHash? hash = null) : Stream
{
    private long _count;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _count;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        _count += count;
        if (_count > mostBytes)
            throw new InvalidDataException($"more than {mostBytes} bytes");
        hash?.AppendData(buffer[..count]);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
