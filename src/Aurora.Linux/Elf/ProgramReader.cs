// Reads parts of an executable through its pages. A page that is not in memory is asked for once and the caller waits for it; the next dispatch
// finds it there. Pages that the loader will write into are fetched through the file's own object first, for the same reason.
using System;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Linux.Elf;

/// <summary>Reads the bytes of a <see cref="ProgramFile"/>.</summary>
public static unsafe class ProgramReader
{
    /// <summary>Copies bytes from the file; beyond its end they are zero.</summary>
    public static PageAccess Read(MemoryManager memory, in ProgramFile file, ulong offset, Span<byte> destination)
    {
        destination.Clear();
        int done = 0;
        while (done < destination.Length && offset < file.Bytes)
        {
            PageAccess page = memory.Pages.GetForRead(file.Data, offset >> PageSize.Shift);
            if (!page.IsOk)
                return page;
            int start = (int)(offset & PageSize.OffsetMask);
            int count = (int)Math.Min(file.Bytes - offset, (ulong)Math.Min(destination.Length - done, PageSize.Bytes - start));
            new ReadOnlySpan<byte>(page.Address + start, count).CopyTo(destination[done..]);
            done += count;
            offset += (ulong)count;
        }
        return new PageAccess { Status = MemoryStatus.Ok };
    }

    /// <summary>Reads and checks an executable's headers. Status Ok and false means: not an executable.</summary>
    public static PageAccess ReadImage(MemoryManager memory, in ProgramFile file, out ElfImage image, out bool isExecutable)
    {
        isExecutable = false;
        image = default;
        Span<byte> header = stackalloc byte[ElfParser.HeaderBytes];
        PageAccess access = Read(memory, in file, 0, header);
        if (!access.IsOk || !ElfParser.ReadHeader(header, file.Bytes, out ulong offset, out int count, out image))
            return access;
        Span<byte> table = stackalloc byte[ElfParser.MaxProgramHeaders * ElfParser.ProgramHeaderBytes];
        table = table[..(count * ElfParser.ProgramHeaderBytes)];
        access = Read(memory, in file, offset, table);
        if (access.IsOk)
            isExecutable = ElfParser.ReadProgramHeaders(table, offset, file.Bytes, ref image);
        return access.IsOk && isExecutable ? FetchTails(memory, in file, in image) : access;
    }

    // The page in which a segment's file part ends is zeroed behind it: it must be in memory before the mapping is made.
    private static PageAccess FetchTails(MemoryManager memory, in ProgramFile file, in ElfImage image)
    {
        for (int i = 0; i < image.SegmentCount; i++)
        {
            ElfSegment segment = image.Segments[i];
            ulong end = segment.FileOffset + segment.FileBytes;
            if (segment.MemoryBytes == segment.FileBytes || (end & PageSize.OffsetMask) == 0 || segment.FileBytes == 0)
                continue;
            PageAccess page = memory.Pages.GetForRead(file.Data, end >> PageSize.Shift);
            if (!page.IsOk)
                return page;
        }
        return new PageAccess { Status = MemoryStatus.Ok };
    }
}
