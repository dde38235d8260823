using System;
using System.IO;
using System.IO.Compression;
using ZstdSharp;

namespace Aurora.Images.Root;

/// <summary>Opens what may be compressed: its first bytes say how.</summary>
internal static class Compression
{
    private static readonly byte[] _gzipMagic = [0x1F, 0x8B];
    private static readonly byte[] _zstandardMagic = [0x28, 0xB5, 0x2F, 0xFD];

    /// <summary>The contents of a stream that can be read from its start again; closing it closes the stream.</summary>
    public static Stream Unpack(Stream packed) => Unpack(packed, packed);

    /// <summary>The same where <paramref name="packed"/> gives the bytes of <paramref name="start"/> and cannot go back.</summary>
    public static Stream Unpack(Stream start, Stream packed)
    {
        Span<byte> magic = stackalloc byte[4];
        int length = start.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        start.Position = 0;
        if (magic[..length].StartsWith(_gzipMagic))
            return new GZipStream(packed, CompressionMode.Decompress);
        return magic[..length].SequenceEqual(_zstandardMagic) ? new ZstandardStream(packed) : packed;
    }

    // The library's own exception becomes that of damaged data.
    private sealed class ZstandardStream(Stream packed) : DecompressionStream(packed, leaveOpen: false)
    {
        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return base.Read(buffer);
            }
            catch (ZstdException failure)
            {
                throw new InvalidDataException(failure.Message, failure);
            }
        }
    }
}
