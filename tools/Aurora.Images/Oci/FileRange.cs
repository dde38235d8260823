using System;
using System.IO;
using Aurora.Images.Root;
using Microsoft.Win32.SafeHandles;

namespace Aurora.Images.Oci;

/// <summary>A part of a file that stays open: reads come from the file, not from the position of another stream.</summary>
internal sealed class FileRange(SafeFileHandle file, long start, long length) : ReadOnlyStream
{
    private long _position;

    public override bool CanSeek => true;
    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => _position = value is >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    public override int Read(Span<byte> buffer)
    {
        long left = Math.Max(0, length - _position);
        int count = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, left)], start + _position);
        if (count == 0 && left > 0 && buffer.Length > 0)
            throw new EndOfStreamException("the archive is cut off");
        _position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => length + offset,
    };
}
