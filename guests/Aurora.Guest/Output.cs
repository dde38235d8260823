using System;
using Aurora.Base;

namespace Aurora.Guest;

/// <summary>Text for standard output, gathered and written a line at a time.</summary>
public ref struct Output
{
    private Utf8Writer _line;
    private int _column;

    public Output(Span<byte> buffer) => _line = new Utf8Writer(buffer);

    public void Text(scoped ReadOnlySpan<byte> text) => _line.Append(text);

    public void Number(ulong value) => _line.AppendDecimal(value);

    /// <summary>Pads the line with blanks up to a column.</summary>
    public void Column(int width)
    {
        _column += width;
        while (_line.Length < _column)
            _line.Append((byte)' ');
    }

    /// <summary>A time with three digits and the unit that suits it.</summary>
    public void Duration(ulong nanoseconds)
    {
        ulong unit = nanoseconds >= 1_000_000_000 ? 1_000_000_000UL : nanoseconds >= 1_000_000 ? 1_000_000UL : 1_000;
        _line.AppendDecimal(nanoseconds / unit);
        _line.Append((byte)'.');
        _line.AppendDecimal(nanoseconds % unit * 100 / unit, 2, (byte)'0');
        _line.Append(unit == 1_000_000_000 ? " s"u8 : unit == 1_000_000 ? " ms"u8 : " us"u8);
    }

    /// <summary>A size in the binary unit that suits it.</summary>
    public void Size(ulong bytes)
    {
        int shift = bytes >= 1UL << 30 ? 30 : bytes >= 1 << 20 ? 20 : bytes >= 1 << 10 ? 10 : 0;
        _line.AppendDecimal(bytes >> shift);
        if (shift != 0)
        {
            _line.Append((byte)'.');
            _line.AppendDecimal((bytes & ((1UL << shift) - 1)) * 10 >> shift);
        }
        _line.Append(shift == 30 ? " GiB"u8 : shift == 20 ? " MiB"u8 : shift == 10 ? " KiB"u8 : " B"u8);
    }

    /// <summary>Writes the line out and starts the next.</summary>
    public void End(Span<byte> buffer)
    {
        _line.Append((byte)'\n');
        GuestCalls.Write(1, _line.Written);
        _line = new Utf8Writer(buffer);
        _column = 0;
    }
}
