using System;
using System.IO;
using System.Security.Cryptography;

namespace Aurora.Images.Root;

/// <summary>
/// Passes on what is read from a stream, hashes it, and refuses more of it than a bound: that of the whole, and a nearer one that who
/// reads sets as he goes on. Without a hash it can be sought in when the stream can; what is passed over is not counted. Closing it closes
/// the stream.
/// </summary>
internal sealed class CheckedStream(Stream source, long mostBytes, IncrementalHash? hash = null) : ReadOnlyStream
{
    private long _next = long.MaxValue;

    /// <summary>How many bytes were read.</summary>
    public long Count { get; private set; }

    public override bool CanSeek => hash == null && source.CanSeek;
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
        // No more than shows that there is too much.
        long left = Math.Min(mostBytes, _next) - Count;
        int count = source.Read(buffer.Length > left ? buffer[..(int)(left + 1)] : buffer);
        Count += count;
        if (Count > mostBytes)
            throw new InvalidDataException($"more than {mostBytes} bytes");
        if (Count > _next)
            throw new InvalidDataException("a header that is longer than any");
        hash?.AppendData(buffer[..count]);
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin)
        => CanSeek ? source.Seek(offset, origin) : throw new NotSupportedException("what is hashed is read from the beginning to its end");

    protected override void Dispose(bool isDisposing)
    {
        if (isDisposing)
            source.Dispose();
        base.Dispose(isDisposing);
    }
}
