// Bytes on a text line: base64 as in RFC 4648, padded, without line breaks. What is read must be exactly what would be written: whole
// groups of four, '=' at the end only, and no bits left over. So there is one text for some bytes.
using System;

namespace Aurora.Base;

/// <summary>Base64, without allocating.</summary>
public static class Base64Text
{
    private const byte Padding = (byte)'=';
    private const int Invalid = -1;

    /// <summary>How many characters so many bytes take.</summary>
    public static int LengthOf(int bytes) => (bytes + 2) / 3 * 4;

    /// <summary>Appends the text of some bytes.</summary>
    public static void Append(ref Utf8Writer writer, scoped ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i += 3)
        {
            int left = bytes.Length - i;
            int bits = (bytes[i] << 16) | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
            writer.Append(LetterOf(bits >> 18));
            writer.Append(LetterOf(bits >> 12));
            writer.Append(left > 1 ? LetterOf(bits >> 6) : Padding);
            writer.Append(left > 2 ? LetterOf(bits) : Padding);
        }
    }

    /// <summary>Reads a text; false when it is not one, or there is no room for its bytes. Nothing is read of an empty one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, Span<byte> destination, out int bytes)
    {
        bytes = 0;
        if (text.Length % 4 != 0)
            return false;
        for (int i = 0; i < text.Length; i += 4)
        {
            ReadOnlySpan<byte> group = text.Slice(i, 4);
            int count = i + 4 < text.Length || group[3] != Padding ? 3 : group[2] != Padding ? 2 : 1;
            if (!TryRead(group, count, out int bits) || destination.Length - bytes < count)
                return false;
            for (int shift = 16; shift > 16 - (8 * count); shift -= 8)
                destination[bytes++] = (byte)(bits >> shift);
        }
        return true;
    }

    // A group that stands for so many bytes; the bits that belong to none are zero.
    private static bool TryRead(ReadOnlySpan<byte> group, int count, out int bits)
    {
        bits = 0;
        for (int i = 0; i <= count; i++)
        {
            int value = ValueOf(group[i]);
            if (value == Invalid)
                return false;
            bits |= value << (18 - (6 * i));
        }
        return (bits & ((1 << (24 - (8 * count))) - 1)) == 0;
    }

    private static byte LetterOf(int bits)
    {
        int value = bits & 63;
        return (byte)(value switch
        {
            < 26 => 'A' + value,
            < 52 => 'a' + value - 26,
            < 62 => '0' + value - 52,
            62 => '+',
            _ => '/',
        });
    }

    private static int ValueOf(byte letter) => letter switch
    {
        >= (byte)'A' and <= (byte)'Z' => letter - 'A',
        >= (byte)'a' and <= (byte)'z' => letter - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => letter - '0' + 52,
        (byte)'+' => 62,
        (byte)'/' => 63,
        _ => Invalid,
    };
}
