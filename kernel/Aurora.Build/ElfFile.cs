// Reads the parts of a 64-bit little-endian ELF file that the build needs: sections, symbols, relocations with addends.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Aurora.Build;

/// <summary>A section header and where its contents are.</summary>
public sealed record ElfSection(string Name, uint Type, ulong Address, long Offset, long Size, int Link, int Info);

/// <summary>A symbol; in an object file Value is an offset into its section.</summary>
public sealed record ElfSymbol(string Name, ulong Value, int Section);

/// <summary>A relocation: the place in its section and the symbol it refers to.</summary>
public readonly record struct ElfRelocation(ulong Offset, int Symbol);

public sealed class ElfFile
{
    private const int SymbolTableType = 2;
    private const int RelocationType = 4;
    private const int SymbolBytes = 24;
    private const int RelocationBytes = 24;

    private readonly byte[] _bytes;

    public ElfFile(byte[] bytes)
    {
        _bytes = bytes;
        if (bytes.Length < 64 || U32(0) != 0x464C457F || bytes[4] != 2)
            throw new InvalidDataException("not a 64-bit ELF file");
        Sections = ReadSections();
        Symbols = ReadSymbols();
    }

    public IReadOnlyList<ElfSection> Sections { get; }

    public IReadOnlyList<ElfSymbol> Symbols { get; }

    public ReadOnlySpan<byte> Contents(ElfSection section) => _bytes.AsSpan((int)section.Offset, (int)section.Size);

    public ElfSection? Find(string name)
    {
        foreach (ElfSection section in Sections)
        {
            if (section.Name == name)
                return section;
        }
        return null;
    }

    /// <summary>The relocations of a section, in the order of the file.</summary>
    public IReadOnlyList<ElfRelocation> RelocationsOf(int section)
    {
        var relocations = new List<ElfRelocation>();
        foreach (ElfSection table in Sections)
        {
            if (table.Type != RelocationType || table.Info != section)
                continue;
            for (long at = table.Offset; at < table.Offset + table.Size; at += RelocationBytes)
                relocations.Add(new ElfRelocation(U64(at), (int)U32(at + 12)));
        }
        return relocations;
    }

    private List<ElfSection> ReadSections()
    {
        long table = (long)U64(40);
        int entryBytes = U16(58);
        int count = U16(60);
        long names = (long)U64(table + ((long)U16(62) * entryBytes) + 24);
        var sections = new List<ElfSection>(count);
        for (int i = 0; i < count; i++)
        {
            long at = table + ((long)i * entryBytes);
            sections.Add(new ElfSection(
                Text(names + U32(at)), U32(at + 4), U64(at + 16), (long)U64(at + 24), (long)U64(at + 32), (int)U32(at + 40), (int)U32(at + 44)));
        }
        return sections;
    }

    private List<ElfSymbol> ReadSymbols()
    {
        var symbols = new List<ElfSymbol>();
        foreach (ElfSection table in Sections)
        {
            if (table.Type != SymbolTableType)
                continue;
            long names = Sections[table.Link].Offset;
            for (long at = table.Offset; at < table.Offset + table.Size; at += SymbolBytes)
                symbols.Add(new ElfSymbol(Text(names + U32(at)), U64(at + 8), U16(at + 6)));
        }
        return symbols;
    }

    private string Text(long offset)
    {
        ReadOnlySpan<byte> rest = _bytes.AsSpan((int)offset);
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private ushort U16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan((int)offset));
    private uint U32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan((int)offset));
    private ulong U64(long offset) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan((int)offset));
}
