using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace Aurora.Linux.Tests;

/// <summary>Makes small ELF files: a text segment that holds the headers, a data segment with a zeroed tail, an interpreter if asked for.</summary>
internal static class ElfBuilder
{
    public const ulong TextAddress = 0x40_0000;
    public const int EntryOffset = 0x200;
    public const int DataOffset = 0x1100;
    public const int FileBytes = 0x1200;
    public const ulong ZeroedBytes = 0x2800;

    public static byte[] Build(bool isRelocatable = false, string? interpreter = null)
    {
        ulong text = isRelocatable ? 0 : TextAddress;
        byte[] file = new byte[FileBytes];
        "\u007FELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), (ushort)(isRelocatable ? 3 : 2));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), 62);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(24), text + EntryOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        file.AsSpan(EntryOffset, 0xE00).Fill(0xC3);
        file.AsSpan(DataOffset, FileBytes - DataOffset).Fill(0xAA);
        var headers = new List<(uint Type, uint Flags, ulong Offset, ulong Address, ulong Bytes, ulong Memory)>
        {
            (1, 5, 0, text, 0x1000, 0x1000),
            (1, 6, DataOffset, text + 0x2100, FileBytes - DataOffset, ZeroedBytes),
            (0x6474E551, 6, 0, 0, 0, 0),
        };
        if (interpreter != null)
        {
            byte[] path = Encoding.UTF8.GetBytes(interpreter + "\0");
            path.CopyTo(file, 0x180);
            headers.Insert(0, (3, 4, 0x180, text + 0x180, (ulong)path.Length, (ulong)path.Length));
        }
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), (ushort)headers.Count);
        for (int i = 0; i < headers.Count; i++)
        {
            Span<byte> entry = file.AsSpan(64 + (56 * i), 56);
            BinaryPrimitives.WriteUInt32LittleEndian(entry, headers[i].Type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], headers[i].Flags);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], headers[i].Offset);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], headers[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], headers[i].Bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], headers[i].Memory);
        }
        return file;
    }
}
