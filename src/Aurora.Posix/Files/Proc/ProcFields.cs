using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The forms of numbers and lines in /proc.</summary>
internal static class ProcFields
{
    public const ulong TickNanoseconds = 10_000_000;
    private const int KilobytesPerPage = PageSize.Bytes / 1024;

    public static void WriteLine(ReadOnlySpan<byte> text, ref Utf8Writer writer)
    {
        writer.Append(text);
        writer.Append((byte)'\n');
    }

    public static void WriteLine(uint value, ref Utf8Writer writer)
    {
        writer.AppendDecimal(value);
        writer.Append((byte)'\n');
    }

    public static void WriteLine(int value, ref Utf8Writer writer)
    {
        writer.AppendDecimal(value);
        writer.Append((byte)'\n');
    }

    public static void WriteField(ulong value, ref Utf8Writer writer)
    {
        writer.Append((byte)' ');
        writer.AppendDecimal(value);
    }

    public static void WriteHundredths(ulong value, ref Utf8Writer writer)
    {
        writer.AppendDecimal(value / 100);
        writer.Append((byte)'.');
        writer.AppendDecimal(value % 100, 2, (byte)'0');
    }

    public static void WriteKilobytes(ReadOnlySpan<byte> label, ulong pages, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.AppendDecimal(pages * KilobytesPerPage, 8);
        writer.Append(" kB\n"u8);
    }

    public static void WriteNumber(ReadOnlySpan<byte> label, uint value, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.Append((byte)'\t');
        writer.AppendDecimal(value);
        writer.Append((byte)'\n');
    }

    public static void WriteFour(uint a, uint b, uint c, uint d, ref Utf8Writer writer)
    {
        writer.Append((byte)'\t');
        writer.AppendDecimal(a);
        writer.Append((byte)'\t');
        writer.AppendDecimal(b);
        writer.Append((byte)'\t');
        writer.AppendDecimal(c);
        writer.Append((byte)'\t');
        writer.AppendDecimal(d);
        writer.Append((byte)'\n');
    }

    public static void WriteMask(ReadOnlySpan<byte> label, ulong mask, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.AppendHex(mask, 16);
        writer.Append((byte)'\n');
    }
}
