using System;
using System.IO;
using System.Security.Cryptography;

namespace Aurora.Images.Root;

/// <summary>
/// Passes on what is read from a stream, hashes it, and refuses more of it than a bound: that of the whole, and a nearer one that who
/// reads sets as he goes on. Without a hash it can be sought in when the stream can; what is passed over is not counted. Closing it closes
/// the stream.
/// </summary>
internal sealed class CheckedStream(Stream source, long mostBytes, IncrementalHash? hash = null) : Stream
{
    private long _next = long.MaxValue;

    /// <summary>How many bytes were read.</summary>
    public long Count { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => hash == null && source.CanSeek;
    public override bool CanWrite => false;
    public override long Length => source.Length;

    public override long Position
    {
        get => CanSeek ? source.Position : Count;
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <summary>From here on at most so many bytes can be read until the next call of this.</summary>
    public void AllowOnly(long bytes) => _next = bytes < long.MaxValue - Count ? Count + bytes : long.MaxValue;

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        Count += count;
        if (Count > mostBytes)
            throw new InvalidDataException($"more than {mostBytes} bytes");
        if (Count > _next)
            throw new InvalidDataException("a header that is longer than any");
        hash?.AppendData(buffer[..count]);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin)
        => CanSeek ? source.Seek(offset, origin) : throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool isDisposing)
    {
        if (isDisposing)
            source.Dispose();
        base.Dispose(isDisposing);
    }
}
