using System;

namespace Aurora.Base;

/// <summary>Formats text into a caller's buffer without allocating. Text that does not fit is cut off; <see cref="Truncated"/> tells.</summary>
public ref struct Utf8Writer
{
    private readonly Span<byte> _buffer;
    private int _length;

    public Utf8Writer(Span<byte> buffer) => _buffer = buffer;

    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];
    public readonly int Length => _length;
    public bool Truncated { readonly get; private set; }

    public void Append(scoped ReadOnlySpan<byte> text)
    {
        int room = _buffer.Length - _length;
        if (text.Length > room)
        {
            Truncated = true;
            text = text[..room];
        }
        text.CopyTo(_buffer[_length..]);
        _length += text.Length;
    }

    public void Append(byte character) => Append(new ReadOnlySpan<byte>(in character));

    public void AppendDecimal(long value)
    {
        if (value < 0)
        {
            Append((byte)'-');
            AppendDecimal(unchecked((ulong)-value));
            return;
        }
        AppendDecimal((ulong)value);
    }

    public void AppendDecimal(ulong value, int minimumWidth = 1, byte padding = (byte)' ')
    {
        Span<byte> digits = stackalloc byte[20];
        int start = digits.Length;
        do
        {
            digits[--start] = (byte)('0' + (value % 10));
            value /= 10;
        }
        while (value != 0);
        for (int width = digits.Length - start; width < minimumWidth; width++)
            Append(padding);
        Append(digits[start..]);
    }

    /// <summary>Appends lower-case hexadecimal digits, at least <paramref name="minimumWidth"/> of them, no prefix.</summary>
    public void AppendHex(ulong value, int minimumWidth = 1)
    {
        Span<byte> digits = stackalloc byte[16];
        int start = digits.Length;
        do
        {
            digits[--start] = "0123456789abcdef"u8[(int)(value & 15)];
            value >>= 4;
        }
        while (value != 0);
        while (digits.Length - start < minimumWidth && start > 0)
            digits[--start] = (byte)'0';
        Append(digits[start..]);
    }

    public void AppendOctal(ulong value)
    {
        Span<byte> digits = stackalloc byte[22];
        int start = digits.Length;
        do
        {
            digits[--start] = (byte)('0' + (value & 7));
            value >>= 3;
        }
        while (value != 0);
        Append(digits[start..]);
    }
}
