// The contents of regular files as seen by the kernel: sizing, punching, zeroing, and reading and writing for callers without a program
// (exec, host tools). Whatever may have to wait for a page does so before it changes anything.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Operations on the pages of regular files. Results carry the queue to wait on when a page is on its way.</summary>
public sealed unsafe class FileData(
    Inodes inodes, FileStamps stamps, MemoryManager memory, FileEnvironment environment)
{
    /// <summary>No file is longer: a position is a signed number of 64 bits.</summary>
    public const ulong MaxFileBytes = long.MaxValue;

    private static PageAccess Ready => new() { Status = MemoryStatus.Ok };

    /// <summary>
    /// Gets a file ready for a write: its object exists and is large enough, a gap before the write is zero, and the pages at both ends
    /// that will be written in part are in memory.
    /// </summary>
    internal PageAccess PrepareWrite(Inode* inode, ulong position, ulong bytes)
    {
        VmObject* data = inodes.DataOf(inode);
        if (data == null)
            return new PageAccess { Status = MemoryStatus.OutOfMemory };
        ulong end = position + bytes;
        PageAccess room = environment.Space.Take(inode->Header.Group, PageSize.PagesFor(end) - (position >> PageSize.Shift));
        if (!room.IsOk)
            return room;
        if (position > inode->Size)
        {
            PageAccess gap = ZeroTail(inode, inode->Size);
            if (!gap.IsOk)
                return gap;
        }
        ulong pages = PageSize.PagesFor(end);
        if (pages > data->SizePages)
        {
            MemoryStatus status = memory.Objects.Resize(data, pages);
            if (status != MemoryStatus.Ok)
                return new PageAccess { Status = status };
        }
        if ((position & PageSize.OffsetMask) != 0 || bytes < PageSize.Bytes)
        {
            PageAccess first = memory.Pages.GetForWrite(data, position >> PageSize.Shift, false);
            if (!first.IsOk)
                return first;
        }
        ulong last = (end - 1) >> PageSize.Shift;
        return (end & PageSize.OffsetMask) != 0 && last != position >> PageSize.Shift
            ? memory.Pages.GetForWrite(data, last, false)
            : Ready;
    }

    /// <summary>Records that bytes up to <paramref name="end"/> have been written.</summary>
    internal void Grown(Inode* inode, ulong end)
    {
        if (end > inode->Size)
            inode->Size = end;
        stamps.TouchContents(inode);
    }

    /// <summary>Sets the length of a file: cuts pages off, or adds a hole.</summary>
    public PageAccess Truncate(Inode* inode, ulong size)
    {
        if (inode->Data != null)
        {
            PageAccess tail = ZeroTail(inode, Math.Min(size, inode->Size));
            if (!tail.IsOk)
                return tail;
            MemoryStatus status = memory.Objects.Resize(inode->Data, PageSize.PagesFor(size));
            if (status != MemoryStatus.Ok)
                return new PageAccess { Status = status };
        }
        inode->Size = size;
        stamps.TouchContents(inode);
        return Ready;
    }

    /// <summary>
    /// Makes a range of a file zero; whole pages become holes. <paramref name="isWhole"/> is false when so many do that the caller must
    /// call again, after a checkpoint has had its chance.
    /// </summary>
    public PageAccess Punch(Inode* inode, ulong position, ulong bytes, out bool isWhole)
    {
        isWhole = true;
        ulong end = Math.Min(position + bytes, inode->Size);
        if (inode->Data == null || position >= end)
            return Ready;
        ulong firstWhole = PageSize.PagesFor(position);
        ulong endWhole = end >> PageSize.Shift;
        ulong firstPage = position >> PageSize.Shift;
        // Both partial pages first: once they are in memory nothing below waits.
        if (firstPage < firstWhole)
        {
            PageAccess head = memory.Pages.GetForWrite(inode->Data, firstPage, false);
            if (!head.IsOk)
                return head;
        }
        if ((end & PageSize.OffsetMask) != 0)
        {
            PageAccess last = memory.Pages.GetForWrite(inode->Data, endWhole, false);
            if (!last.IsOk)
                return last;
            ulong from = Math.Max(position, endWhole << PageSize.Shift);
            new Span<byte>(last.Address + (from & PageSize.OffsetMask), (int)(end - from)).Clear();
        }
        if (firstPage < firstWhole && firstPage < endWhole)
        {
            PageAccess head = memory.Pages.GetForWrite(inode->Data, firstPage, false);
            if (!head.IsOk)
                return head;
            int start = (int)(position & PageSize.OffsetMask);
            new Span<byte>(head.Address + start, PageSize.Bytes - start).Clear();
        }
        if (endWhole > firstWhole)
        {
            PageAccess discarded = memory.Holes.Discard(inode->Data, ref firstWhole, endWhole);
            if (!discarded.IsOk)
                return discarded;
            isWhole = firstWhole >= endWhole;
        }
        stamps.TouchContents(inode);
        return Ready;
    }

    /// <summary>Copies from a file into kernel memory; <paramref name="count"/> is what there was, less than asked for only at the
    /// end.</summary>
    public PageAccess Read(Inode* inode, ulong position, Span<byte> destination, out int count)
    {
        count = 0;
        while (count < destination.Length && position < inode->Size)
        {
            int start = (int)(position & PageSize.OffsetMask);
            int piece = (int)Math.Min(inode->Size - position, (ulong)Math.Min(destination.Length - count, PageSize.Bytes - start));
            if (inode->Data == null)
            {
                destination.Slice(count, piece).Clear();
            }
            else
            {
                PageAccess page = memory.Pages.GetForRead(inode->Data, position >> PageSize.Shift);
                if (!page.IsOk)
                    return page;
                new ReadOnlySpan<byte>(page.Address + start, piece).CopyTo(destination[count..]);
            }
            count += piece;
            position += (ulong)piece;
        }
        return Ready;
    }

    /// <summary>Copies kernel memory into a file, making it longer if need be; all or nothing if it has to wait.</summary>
    public PageAccess Write(Inode* inode, ulong position, ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty)
            return Ready;
        PageAccess ready = PrepareWrite(inode, position, (ulong)source.Length);
        if (!ready.IsOk)
            return ready;
        while (!source.IsEmpty)
        {
            int start = (int)(position & PageSize.OffsetMask);
            int piece = Math.Min(source.Length, PageSize.Bytes - start);
            PageAccess page = memory.Pages.GetForWrite(inode->Data, position >> PageSize.Shift, piece == PageSize.Bytes);
            if (!page.IsOk)
                return page;
            source[..piece].CopyTo(new Span<byte>(page.Address + start, piece));
            source = source[piece..];
            position += (ulong)piece;
            Grown(inode, position);
        }
        return Ready;
    }

    /// <summary>The error of an access that failed; WouldBlock must have been handled.</summary>
    public static Errno ErrorOf(in PageAccess access) => access.Status switch
    {
        MemoryStatus.Ok => Errno.Ok,
        MemoryStatus.WouldBlock => Errno.EAGAIN,
        MemoryStatus.OutOfMemory => Errno.ENOSPC,
        _ => Errno.EIO,
    };

    // A mapped file may carry stores beyond its end in its last page; they must not appear when it grows.
    private PageAccess ZeroTail(Inode* inode, ulong size)
    {
        int fromByte = (int)(size & PageSize.OffsetMask);
        return fromByte == 0 || inode->Data == null || size >> PageSize.Shift >= inode->Data->SizePages
            ? Ready
            : memory.Pages.ZeroTail(inode->Data, size >> PageSize.Shift, fromByte);
    }
}
