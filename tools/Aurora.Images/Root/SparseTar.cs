// Sparse files in pax archives, GNU format 1.0: the entry's name and length are in extended attributes, and its data begins with a map of
// decimal numbers, each on a line: how many runs, then the start and the length of each; filled up to a whole block of 512 bytes. The data
// of the runs follow one after another.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.Globalization;
using System.IO;

namespace Aurora.Images.Root;

/// <summary>Reads what GNU tar says about holes.</summary>
internal static class SparseTar
{
    private const int BlockBytes = 512;
    private const int MaxDigits = 19;
    private const string NameKey = "GNU.sparse.name";
    private const string LengthKey = "GNU.sparse.realsize";

    /// <summary>The name of a sparse file; null when the entry is none.</summary>
    public static string? NameOf(TarEntry entry)
        => entry is PaxTarEntry pax && pax.ExtendedAttributes.TryGetValue(NameKey, out string? name) ? name : null;

    /// <summary>How to find where an entry's data belongs; null when it has no holes.</summary>
    public static Func<Stream, FileLayout>? LayoutOf(TarEntry entry, string archive)
    {
        if (NameOf(entry) is not { } name)
            return null;
        var pax = (PaxTarEntry)entry;
        string Attribute(string key) => pax.ExtendedAttributes.TryGetValue(key, out string? text) ? text : "";
        if (Attribute("GNU.sparse.major") != "1" || !TryParse(Attribute(LengthKey), out long length))
            throw new ImageException(
                $"{archive}: {name} is a sparse file of a form that is not known: pack it with tar --format=posix --sparse");
        return stream => ReadMap(stream, length, $"{archive}: {name}");
    }

    private static FileLayout ReadMap(Stream stream, long length, string place)
    {
        long read = 0;
        long count = ReadNumber(stream, ref read, place);
        var runs = new List<DataRun>();
        long end = 0;
        for (long i = 0; i < count; i++)
        {
            long start = ReadNumber(stream, ref read, place);
            long bytes = ReadNumber(stream, ref read, place);
            if (start < end || bytes > length - start)
                throw new ImageException($"{place}: its map of holes contradicts itself");
            end = start + bytes;
            runs.Add(new DataRun(start, bytes, 0));
        }
        for (; read % BlockBytes != 0; read++)
            ReadByte(stream, place);
        return new FileLayout(length, Placed(runs, read));
    }

    private static List<DataRun> Placed(List<DataRun> runs, long source)
    {
        for (int i = 0; i < runs.Count; i++)
        {
            runs[i] = runs[i] with { SourceStart = source };
            source += runs[i].Bytes;
        }
        return runs;
    }

    private static long ReadNumber(Stream stream, ref long read, string place)
    {
        string digits = "";
        for (int c; (c = ReadByte(stream, place)) != '\n'; digits += (char)c)
        {
            read++;
            if (digits.Length == MaxDigits)
                throw new ImageException($"{place}: its map of holes is damaged");
        }
        read++;
        return TryParse(digits, out long value) ? value : throw new ImageException($"{place}: its map of holes is damaged");
    }

    private static int ReadByte(Stream stream, string place)
        => stream.ReadByte() is >= 0 and int c ? c : throw new ImageException($"{place}: its map of holes ends early");

    private static bool TryParse(string text, out long value)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
