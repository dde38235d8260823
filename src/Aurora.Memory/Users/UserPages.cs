// Where a stretch of a program's memory is, found once: whoever has made sure that it is there (UserMemory.Probe) may copy from it without
// another walk through the page tables. It holds until the kernel sleeps, and while nothing replaces a page that the program sees there: a
// store to an object that has mappings may.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The pages of a stretch of user memory in the direct map. Zeroed or cleared it is none.</summary>
public unsafe struct UserPages
{
    /// <summary>As many as 64 KiB may touch; of a longer stretch the beginning is known.</summary>
    public const int Capacity = 17;

    private fixed ulong _pages[Capacity];
    private int _count;
    private ulong _start;
    private ulong _length;

    /// <summary>None. The places stay as they are: none of them is known.</summary>
    public static void Clear(out UserPages pages)
    {
        Unsafe.SkipInit(out pages);
        pages._count = 0;
        pages._start = pages._length = 0;
    }

    /// <summary>The next bytes of the stretch, up to the end of a page or of the stretch.</summary>
    internal void Add(VirtualAddress address, byte* at, ulong bytes)
    {
        if (_count == 0)
            _start = address.Value;
        if (_count == Capacity)
            return;
        _pages[_count++] = (ulong)at - address.PageOffset;
        _length += bytes;
    }

    /// <summary>True if all of so many bytes from an address on have been found.</summary>
    public readonly bool Covers(VirtualAddress address, int bytes)
    {
        ulong distance = address.Value - _start;
        return distance < _length && (ulong)bytes <= _length - distance;
    }

    /// <summary>Copies bytes that are covered.</summary>
    public readonly void CopyTo(VirtualAddress address, Span<byte> destination)
    {
        int page = (int)((address.Value >> PageSize.Shift) - (_start >> PageSize.Shift));
        while (!destination.IsEmpty)
        {
            int count = Math.Min(PageSize.Bytes - (int)address.PageOffset, destination.Length);
            // SAFETY: the bytes lie within one frame, that of a page that was found.
            new ReadOnlySpan<byte>((byte*)_pages[page++] + address.PageOffset, count).CopyTo(destination);
            destination = destination[count..];
            address += (ulong)count;
        }
    }
}
