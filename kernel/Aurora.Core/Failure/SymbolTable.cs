// The kernel's own symbols, put into the image by the build (Aurora.Build/SymbolTableBuilder.cs) so that a panic can name methods and
// walk any stack. Little-endian; addresses are offsets from the image base, both tables are sorted by address:
//
//   0   magic "ASYM", function count, row count, zero           (4 × u32)
//   16  functions: {address, offset of the name in the text}    (2 × u32 each)
//   …   rows: {address u32, CFA offset in words u16, offset of the saved RBP below the CFA in words u8, kind u8}
//   …   text: for each name its length (u8) and its UTF-8 bytes
//
// A row holds from its address to the next one's. Kind: 0 = unknown, 1 = CFA is RSP + offset, 2 = CFA is RBP + offset.
using System;
using System.Buffers.Binary;

namespace Aurora.Core;

/// <summary>How the caller's registers are found at one instruction.</summary>
public struct UnwindRule
{
    public bool IsKnown;
    public bool CfaFromRbp;
    public uint CfaOffset;

    /// <summary>How far below the CFA the caller's RBP is saved; zero when RBP still has it.</summary>
    public uint SavedRbpOffset;
}

/// <summary>Looks up functions and unwind rules; malformed tables find nothing.</summary>
public readonly ref struct SymbolTable
{
    private const uint Magic = 0x4D595341;
    private const int HeaderBytes = 16;
    private const int EntryBytes = 8;
    private const int WordBytes = 8;

    private readonly ReadOnlySpan<byte> _functions;
    private readonly ReadOnlySpan<byte> _rows;
    private readonly ReadOnlySpan<byte> _text;

    public SymbolTable(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || U32(bytes, 0) != Magic)
            return;
        ulong functionBytes = U32(bytes, 4) * (ulong)EntryBytes;
        ulong rowBytes = U32(bytes, 8) * (ulong)EntryBytes;
        if (functionBytes + rowBytes > (ulong)(bytes.Length - HeaderBytes))
            return;
        _functions = bytes.Slice(HeaderBytes, (int)functionBytes);
        _rows = bytes.Slice(HeaderBytes + (int)functionBytes, (int)rowBytes);
        _text = bytes[(HeaderBytes + (int)functionBytes + (int)rowBytes)..];
    }

    /// <summary>The function that contains an offset from the image base; false when there is none.</summary>
    public bool TryFindFunction(uint address, out ReadOnlySpan<byte> name, out uint offsetInFunction)
    {
        name = default;
        offsetInFunction = 0;
        int entry = LastAtOrBefore(_functions, address);
        if (entry < 0)
            return false;
        offsetInFunction = address - U32(_functions, entry);
        uint text = U32(_functions, entry + 4);
        if (text >= (uint)_text.Length || text + 1 + _text[(int)text] > (uint)_text.Length)
            return false;
        name = _text.Slice((int)text + 1, _text[(int)text]);
        return true;
    }

    /// <summary>The rule for an instruction; not known when the table has none.</summary>
    public UnwindRule RuleAt(uint address)
    {
        int entry = LastAtOrBefore(_rows, address);
        if (entry < 0)
            return default;
        byte kind = _rows[entry + 7];
        return new UnwindRule
        {
            IsKnown = kind != 0,
            CfaFromRbp = kind == 2,
            CfaOffset = BinaryPrimitives.ReadUInt16LittleEndian(_rows[(entry + 4)..]) * (uint)WordBytes,
            SavedRbpOffset = _rows[entry + 6] * (uint)WordBytes,
        };
    }

    /// <summary>The byte position of the last entry whose address is not above the one asked for, or -1.</summary>
    private static int LastAtOrBefore(ReadOnlySpan<byte> entries, uint address)
    {
        int low = 0;
        int high = entries.Length / EntryBytes;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (U32(entries, middle * EntryBytes) <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low == 0 ? -1 : (low - 1) * EntryBytes;
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
