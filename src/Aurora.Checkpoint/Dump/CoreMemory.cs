// The memory of a process, which none of its threads changes meanwhile, read page by page through the kernel's own memory code: what a
// program has written to private mappings of files lies over the files, clones read what they were cloned from, holes are zeroes. A page
// is copied as soon as it is there: while whoever takes the file is waited for it may be evicted.
using System;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Checkpoint;

/// <summary>Reads mappings for a core file. False from any of its methods: the pages' owner has said that they cannot be had.</summary>
internal sealed unsafe class CoreMemory(MemoryManager memory, CorePages pages)
{
    /// <summary>
    /// How many pages of a mapping there are to read: it may go beyond the end of its file. What the vDSO reads is not the process's.
    /// </summary>
    public static ulong ReadablePages(Mapping* mapping)
    {
        ulong end = ObjectPages.EndOf(mapping->Object);
        bool isReadable = mapping->Protection != Protection.None && end > mapping->PageOffset && !ClockObjects.IsData(mapping);
        return isReadable ? Math.Min(mapping->Pages, end - mapping->PageOffset) : 0;
    }

    /// <summary>
    /// Moves on to the next page of a mapping that is not a hole, or to its end. Pages are counted from its start.
    /// </summary>
    public bool FindData(Mapping* mapping, ref ulong page)
    {
        if (memory.ClockObjects.IsMade(mapping->Object))
            return true;
        ulong end = mapping->PageOffset + ReadablePages(mapping);
        ulong at = mapping->PageOffset + page;
        for (bool isFound = at >= end; !isFound;)
        {
            pages.Pass();
            PageAccess access = memory.Holes.SeekShown(mapping->Object, ref at, end, out isFound);
            if (access.IsOk)
                continue;
            isFound = false;
            if (!pages.Await(in access, AddressOf(mapping, at - mapping->PageOffset)))
                return false;
        }
        page = at - mapping->PageOffset;
        return true;
    }

    /// <summary>Copies a page of a mapping that can be read.</summary>
    public bool Read(Mapping* mapping, ulong page, byte* destination)
    {
        pages.Pass();
        PageAccess access;
        while (!(access = memory.Pages.GetForRead(mapping->Object, mapping->PageOffset + page)).IsOk)
        {
            if (!pages.Await(in access, AddressOf(mapping, page)))
                return false;
        }
        new ReadOnlySpan<byte>(access.Address, PageSize.Bytes).CopyTo(new Span<byte>(destination, PageSize.Bytes));
        return true;
    }

    /// <summary>
    /// Reads some bytes of an address space with a page as buffer; nothing is there when not all of them are mapped and readable.
    /// </summary>
    public bool Read(AddressSpace* space, ulong address, Span<byte> destination, byte* buffer, out bool isThere)
    {
        isThere = true;
        while (!destination.IsEmpty && isThere)
        {
            Mapping* mapping = address < AddressSpace.UserEnd ? MappingTable.Find(space, new VirtualAddress(address)) : null;
            ulong page = mapping == null ? 0 : (address - mapping->Start.Value) >> PageSize.Shift;
            isThere = mapping != null && page < ReadablePages(mapping);
            if (!isThere)
                return true;
            if (!Read(mapping, page, buffer))
                return false;
            int offset = (int)(address & PageSize.OffsetMask);
            int count = Math.Min(PageSize.Bytes - offset, destination.Length);
            new ReadOnlySpan<byte>(buffer + offset, count).CopyTo(destination);
            destination = destination[count..];
            address += (ulong)count;
        }
        return true;
    }

    private static ulong AddressOf(Mapping* mapping, ulong page) => mapping->Start.Value + (page << PageSize.Shift);
}
