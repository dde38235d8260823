// Writes the table that the kernel's panic reads (Aurora.Core/Failure/SymbolTable.cs has the format): functions by address with their
// C# names, and what the frame of each looks like.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Aurora.Build;

public static class SymbolTableBuilder
{
    public const uint Magic = 0x4D595341;
    private const ulong ImageBase = 0xffff_ffff_8000_0000;
    private const int MaxNameBytes = 160;

    /// <summary>The bytes of the .symbols section for a linked image.</summary>
    public static byte[] Build(ElfFile image, MethodNames names)
    {
        SortedDictionary<ulong, string> functions = FunctionsOf(image, names);
        ElfSection frames = image.Find(".eh_frame") ?? throw new InvalidDataException("the image has no .eh_frame section");
        List<UnwindRow> rows = WithoutShadowedEnds(UnwindRows.Read(image.Contents(frames), frames.Address));
        var text = new MemoryStream();
        var output = new MemoryStream();
        using var writer = new BinaryWriter(output);
        writer.Write(Magic);
        writer.Write(functions.Count);
        writer.Write(rows.Count);
        writer.Write(0);
        foreach ((ulong address, string name) in functions)
        {
            writer.Write(checked((uint)(address - ImageBase)));
            writer.Write((uint)text.Position);
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            int length = Math.Min(bytes.Length, MaxNameBytes);
            text.WriteByte((byte)length);
            text.Write(bytes, 0, length);
        }
        foreach (UnwindRow row in rows)
        {
            writer.Write(checked((uint)(row.Address - ImageBase)));
            writer.Write(checked((ushort)(row.CfaOffset / 8)));
            writer.Write(checked((byte)(row.SavedRbpOffset / 8)));
            writer.Write((byte)(!row.IsKnown ? 0 : row.CfaFromRbp ? 2 : 1));
        }
        writer.Write(text.ToArray());
        return output.ToArray();
    }

    /// <summary>Where one function's end is the next one's start, the start wins.</summary>
    private static List<UnwindRow> WithoutShadowedEnds(List<UnwindRow> rows)
        => rows.GroupBy(row => row.Address).Select(group => group.OrderBy(row => row.IsKnown).Last()).ToList();

    private static SortedDictionary<ulong, string> FunctionsOf(ElfFile image, MethodNames names)
    {
        var functions = new SortedDictionary<ulong, string>();
        int text = image.Sections.ToList().FindIndex(section => section.Name == ".text");
        foreach (ElfSymbol symbol in image.Symbols)
        {
            // A dot marks a local label of an assembly routine.
            if (symbol.Section != text || symbol.Name.Length == 0 || symbol.Name.Contains('.', StringComparison.Ordinal))
                continue;
            // An exported method has two names at one address: the C# one is wanted.
            if (names.TryDemangle(symbol.Name, out string name) || !functions.ContainsKey(symbol.Value))
                functions[symbol.Value] = name;
        }
        return functions;
    }
}
