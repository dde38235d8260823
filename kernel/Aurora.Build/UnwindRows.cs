// Reads .eh_frame (LSB 10.6, DWARF 4 section 6.4): what the stack frame looks like at every instruction. Of the rules only those that the
// kernel's unwinder uses are kept: the canonical frame address (from RSP or RBP) and where RBP was saved. Code without an entry
// (assembly) is marked as unknown.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;

namespace Aurora.Build;

/// <summary>From Address on: CFA = register + CfaOffset; RBP is saved SavedRbpOffset below the CFA (0: unchanged).</summary>
public readonly record struct UnwindRow(ulong Address, int CfaOffset, bool CfaFromRbp, int SavedRbpOffset, bool IsKnown);

public static class UnwindRows
{
    private const int Rbp = 6;
    private const int Rsp = 7;

    /// <summary>The rows of the section linked at <paramref name="address"/>, sorted.</summary>
    public static List<UnwindRow> Read(ReadOnlySpan<byte> section, ulong address)
    {
        var rows = new List<UnwindRow>();
        var commonCodes = new Dictionary<int, byte[]>();
        int at = 0;
        while (at + 4 <= section.Length)
        {
            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(section[at..]);
            if (length == 0)
                break;
            int start = at + 4;
            int common = (int)BinaryPrimitives.ReadUInt32LittleEndian(section[start..]);
            ReadOnlySpan<byte> entry = section.Slice(start + 4, length - 4);
            if (common == 0)
                commonCodes[at] = ReadCommon(entry);
            else
                ReadFunction(entry, address + (ulong)(start + 4), commonCodes[start - common], rows);
            at = start + length;
        }
        rows.Sort((left, right) => left.Address.CompareTo(right.Address));
        return rows;
    }

    /// <summary>The initial instructions of a common entry ("zR" or "zLR", pointers relative and 32 bits wide, as ilc writes them).</summary>
    private static byte[] ReadCommon(ReadOnlySpan<byte> entry)
    {
        int at = 1;
        int end = at + entry[at..].IndexOf((byte)0);
        if (entry[at] != 'z')
            throw new InvalidDataException("eh_frame: unexpected augmentation");
        at = end + 1;
        ReadNumber(entry, ref at);
        int dataFactor = ReadSigned(entry, ref at);
        if (dataFactor != -8)
            throw new InvalidDataException("eh_frame: unexpected data alignment");
        at++;
        int augmentation = (int)ReadNumber(entry, ref at);
        return entry[(at + augmentation)..].ToArray();
    }

    private static void ReadFunction(ReadOnlySpan<byte> entry, ulong entryAddress, byte[] initial, List<UnwindRow> rows)
    {
        ulong start = entryAddress + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(entry);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        int at = 8;
        int augmentation = (int)ReadNumber(entry, ref at);
        var state = new UnwindRow(start, 8, false, 0, true);
        Execute(initial, ref state, null);
        Execute(entry[(at + augmentation)..], ref state, rows);
        rows.Add(state);
        rows.Add(new UnwindRow(start + length, 0, false, 0, false));
    }

    /// <summary>Runs call frame instructions; each advance adds the row that ends there.</summary>
    private static void Execute(ReadOnlySpan<byte> code, ref UnwindRow row, List<UnwindRow>? rows)
    {
        var saved = new Stack<UnwindRow>();
        int at = 0;
        while (at < code.Length)
        {
            byte operation = code[at++];
            int operand = operation & 0x3F;
            switch (operation >> 6)
            {
                case 1:
                    Advance(ref row, rows, (ulong)operand);
                    continue;
                case 2:
                    Save(ref row, operand, (int)ReadNumber(code, ref at));
                    continue;
                case 3:
                    Save(ref row, operand, 0);
                    continue;
            }
            switch (operand)
            {
                case 0x00: break;
                case 0x02: Advance(ref row, rows, code[at]); at += 1; break;
                case 0x03: Advance(ref row, rows, BinaryPrimitives.ReadUInt16LittleEndian(code[at..])); at += 2; break;
                case 0x04: Advance(ref row, rows, BinaryPrimitives.ReadUInt32LittleEndian(code[at..])); at += 4; break;
                case 0x0A: saved.Push(row); break;
                case 0x0B: row = saved.Pop() with { Address = row.Address }; break;
                case 0x0C:
                    row = WithRegister(row, (int)ReadNumber(code, ref at));
                    row = row with { CfaOffset = (int)ReadNumber(code, ref at) };
                    break;
                case 0x0D: row = WithRegister(row, (int)ReadNumber(code, ref at)); break;
                case 0x0E: row = row with { CfaOffset = (int)ReadNumber(code, ref at) }; break;
                default: throw new InvalidDataException($"eh_frame: unexpected instruction 0x{operation:x2}");
            }
        }
    }

    private static void Advance(ref UnwindRow row, List<UnwindRow>? rows, ulong delta)
    {
        rows?.Add(row);
        row = row with { Address = row.Address + delta };
    }

    private static void Save(ref UnwindRow row, int register, int factored)
    {
        if (register == Rbp)
            row = row with { SavedRbpOffset = factored * 8 };
    }

    private static UnwindRow WithRegister(UnwindRow row, int register) => register switch
    {
        Rsp => row with { CfaFromRbp = false },
        Rbp => row with { CfaFromRbp = true },
        _ => throw new InvalidDataException($"eh_frame: frame address from register {register}"),
    };

    private static ulong ReadNumber(ReadOnlySpan<byte> code, ref int at)
    {
        ulong value = 0;
        int shift = 0;
        byte part;
        do
        {
            part = code[at++];
            value |= (ulong)(part & 0x7F) << shift;
            shift += 7;
        }
        while ((part & 0x80) != 0);
        return value;
    }

    private static int ReadSigned(ReadOnlySpan<byte> code, ref int at)
    {
        int start = at;
        long value = (long)ReadNumber(code, ref at);
        int bits = 7 * (at - start);
        return (int)(value << (64 - bits) >> (64 - bits));
    }
}
