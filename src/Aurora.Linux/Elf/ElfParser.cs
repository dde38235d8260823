// ELF64 headers (System V ABI, AMD64 supplement). A file is input from anybody: every offset and size is checked against the file and against
// the address space, with no arithmetic that can wrap, before anything is mapped. What is wrong in any way is ENOEXEC.
//
//   file header    64 bytes: identification, type, machine, entry, where the program headers are
//   program header 56 bytes: type, flags, file offset, address, physical address, bytes in file, bytes in memory, alignment
using System;
using System.Buffers.Binary;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Linux.Elf;

/// <summary>Checks and reads the headers of executables.</summary>
public static class ElfParser
{
    public const int HeaderBytes = 64;
    public const int ProgramHeaderBytes = 56;

    /// <summary>The most program headers a file may have.</summary>
    public const int MaxProgramHeaders = 64;

    private const ushort TypeExecutable = 2;
    private const ushort TypeShared = 3;
    private const ushort MachineX64 = 62;
    private const uint Load = 1;
    private const uint Interpreter = 3;
    private const uint HeaderTable = 6;
    private const uint GnuStack = 0x6474E551;
    private const uint FlagExecute = 1;
    private const uint FlagWrite = 2;
    private const uint FlagRead = 4;
    private const int MaxInterpreterBytes = 4096;

    /// <summary>Where the program headers are. False when this is no 64-bit x86-64 executable.</summary>
    public static bool ReadHeader(ReadOnlySpan<byte> header, ulong fileBytes, out ulong tableOffset, out int tableCount, out ElfImage image)
    {
        tableOffset = 0;
        tableCount = 0;
        image = default;
        if (header.Length < HeaderBytes || fileBytes < HeaderBytes)
            return false;
        // Magic, 64-bit class, little endian, version 1.
        if (!header[..7].SequenceEqual("\u007FELF\u0002\u0001\u0001"u8))
            return false;
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(header[16..]);
        if (type is not (TypeExecutable or TypeShared) || BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) != MachineX64
            || BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != 1)
            return false;
        image.IsRelocatable = type == TypeShared;
        image.Entry = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        tableOffset = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        tableCount = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        image.HeaderCount = tableCount;
        bool isSane = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]) == ProgramHeaderBytes
            && tableCount is > 0 and <= MaxProgramHeaders;
        return isSane && tableOffset <= fileBytes && (ulong)(tableCount * ProgramHeaderBytes) <= fileBytes - tableOffset;
    }

    /// <summary>Reads the program headers into the image. False when they do not describe something that can be loaded.</summary>
    public static bool ReadProgramHeaders(ReadOnlySpan<byte> table, ulong tableOffset, ulong fileBytes, ref ElfImage image)
    {
        ulong headersAddress = 0;
        for (int i = 0; i < image.HeaderCount; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * ProgramHeaderBytes, ProgramHeaderBytes);
            switch (BinaryPrimitives.ReadUInt32LittleEndian(entry))
            {
                case Load:
                    if (!AddSegment(entry, fileBytes, ref image))
                        return false;
                    break;
                case Interpreter:
                    if (!SetInterpreter(entry, fileBytes, ref image))
                        return false;
                    break;
                case HeaderTable:
                    headersAddress = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]);
                    break;
                case GnuStack:
                    image.HasExecutableStack = (BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]) & FlagExecute) != 0;
                    break;
            }
        }
        if (image.SegmentCount == 0 || !IsEntryPossible(in image))
            return false;
        image.HeadersAddress = FindHeaders(in image, headersAddress, tableOffset);
        return true;
    }

    private static bool AddSegment(ReadOnlySpan<byte> entry, ulong fileBytes, ref ElfImage image)
    {
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        var segment = new ElfSegment
        {
            FileOffset = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
            Address = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
            FileBytes = BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
            MemoryBytes = BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]),
            Protection = ((flags & FlagRead) != 0 ? Protection.Read : Protection.None)
                | ((flags & FlagWrite) != 0 ? Protection.Write : Protection.None)
                | ((flags & FlagExecute) != 0 ? Protection.Execute : Protection.None),
        };
        if (segment.MemoryBytes == 0)
            return segment.FileBytes == 0;
        ulong lowest = image.IsRelocatable ? 0 : AddressSpace.UserStart;
        bool isInFile = segment.FileOffset <= fileBytes && segment.FileBytes <= fileBytes - segment.FileOffset;
        bool isInMemory = segment.Address >= lowest && segment.Address < AddressSpace.UserEnd
            && segment.MemoryBytes <= AddressSpace.UserEnd - segment.Address;
        bool isAligned = (segment.FileOffset & PageSize.OffsetMask) == (segment.Address & PageSize.OffsetMask);
        if (!isInFile || !isInMemory || !isAligned || segment.FileBytes > segment.MemoryBytes || image.SegmentCount == ElfImage.MaxSegments)
            return false;
        // Ascending and on pages of their own: then no mapping replaces part of another.
        if (image.SegmentCount > 0 && (segment.Address & ~PageSize.OffsetMask) < RoundUp(image.End))
            return false;
        image.Segments[image.SegmentCount++] = segment;
        return true;
    }

    private static bool SetInterpreter(ReadOnlySpan<byte> entry, ulong fileBytes, ref ElfImage image)
    {
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
        ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]);
        if (image.InterpreterBytes != 0 || bytes is < 2 or > MaxInterpreterBytes || offset > fileBytes || bytes > fileBytes - offset)
            return false;
        image.InterpreterOffset = offset;
        image.InterpreterBytes = (int)bytes;
        return true;
    }

    private static bool IsEntryPossible(in ElfImage image)
        => image.Entry >= image.Start && image.Entry < image.End;

    // The header table's own entry names its address only if a segment really maps it there; else look for the segment that holds the table.
    private static ulong FindHeaders(in ElfImage image, ulong claimed, ulong tableOffset)
    {
        ulong tableBytes = (ulong)(image.HeaderCount * ProgramHeaderBytes);
        for (int i = 0; i < image.SegmentCount; i++)
        {
            ElfSegment segment = image.Segments[i];
            if (tableOffset < segment.FileOffset || tableOffset - segment.FileOffset > segment.FileBytes
                || tableBytes > segment.FileBytes - (tableOffset - segment.FileOffset))
                continue;
            ulong address = segment.Address + (tableOffset - segment.FileOffset);
            return claimed == 0 || claimed == address ? address : claimed >= segment.Address && claimed < segment.End ? claimed : address;
        }
        return 0;
    }

    private static ulong RoundUp(ulong address) => (address + PageSize.OffsetMask) & ~PageSize.OffsetMask;
}
