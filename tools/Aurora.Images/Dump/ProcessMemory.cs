// The memory of a process of an image, read page by page through the kernel's own memory code: what a program has written to private
// mappings of files lies over the files, clones read what they were cloned from, holes are zeroes. Pages are read once, and dropped every
// now and then as the kernel does when frames are short: however large the process is, little of it is held.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Images.Dump;

/// <summary>Reads the mappings of the process with this number.</summary>
internal sealed unsafe class ProcessMemory(StoredGroup group, int id)
{
    // 64 MiB.
    private const ulong MostPagesHeld = 16384;

    // The hand comes to a page once to mark it as idle and once to drop it; where it stands when it starts is not known.
    private const int RoundsToEvict = 3;

    private readonly MemoryManager _memory = group.Session.Memory;
    private ulong _pagesRead;

    /// <summary>How many pages of a mapping there are to read: it may go beyond the end of its file.</summary>
    public static ulong ReadablePages(Mapping* mapping)
    {
        ulong end = ObjectPages.EndOf(mapping->Object);
        bool isReadable = mapping->Protection != Protection.None && end > mapping->PageOffset;
        return isReadable ? Math.Min(mapping->Pages, end - mapping->PageOffset) : 0;
    }

    /// <summary>
    /// Moves on to the next page of a mapping that is not a hole; false when there is none. Pages are counted from its start.
    /// </summary>
    public bool FindData(Mapping* mapping, ref ulong page)
    {
        ulong end = mapping->PageOffset + ReadablePages(mapping);
        ulong at = mapping->PageOffset + page;
        for (bool isFound = at >= end; !isFound;)
        {
            PageAccess access = _memory.Holes.SeekShown(mapping->Object, ref at, end, out isFound);
            if (access.IsOk)
                continue;
            isFound = false;
            Wait(in access, mapping, at - mapping->PageOffset);
        }
        page = at - mapping->PageOffset;
        return at < end;
    }

    /// <summary>The contents of a page of a mapping that can be read; valid until the next call.</summary>
    public ReadOnlySpan<byte> PageOf(Mapping* mapping, ulong page)
    {
        if (_pagesRead++ % MostPagesHeld == MostPagesHeld - 1)
            Evict();
        PageAccess access;
        while (!(access = _memory.Pages.GetForRead(mapping->Object, mapping->PageOffset + page)).IsOk)
            Wait(in access, mapping, page);
        return new ReadOnlySpan<byte>(access.Address, PageSize.Bytes);
    }

    /// <summary>Reads some bytes of an address space; false when not all of them are mapped and readable.</summary>
    public bool TryRead(AddressSpace* space, ulong address, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            Mapping* mapping = address < AddressSpace.UserEnd ? MappingTable.Find(space, new VirtualAddress(address)) : null;
            ulong page = mapping == null ? 0 : (address - mapping->Start.Value) >> PageSize.Shift;
            if (mapping == null || page >= ReadablePages(mapping))
                return false;
            int offset = (int)(address & PageSize.OffsetMask);
            int count = Math.Min(PageSize.Bytes - offset, destination.Length);
            PageOf(mapping, page).Slice(offset, count).CopyTo(destination);
            destination = destination[count..];
            address += (ulong)count;
        }
        return true;
    }

    // Nobody else runs: what is waited for is done at once.
    private void Wait(in PageAccess access, Mapping* mapping, ulong page)
    {
        if (access.Status == MemoryStatus.OutOfMemory)
            throw new ImageException($"not enough memory to read process {id} of {group.Description}");
        if (access.Status == MemoryStatus.WouldBlock)
        {
            group.Pager.Serve();
            return;
        }
        StoreStatus failure = group.Pager.LastFailure;
        string reason = failure == StoreStatus.Ok ? access.Status.ToString() : group.Image.Explain(failure);
        ulong address = mapping->Start.Value + (page << PageSize.Shift);
        throw new ImageException(
            $"process {id} of {group.Description}: the memory at 0x{address:x} cannot be read: {reason}; "
            + "aurora fsck tells what else is damaged, and an earlier checkpoint may be whole (--at)");
    }

    private void Evict()
    {
        for (int rounds = 0; rounds < RoundsToEvict;)
            rounds += _memory.Reclaim.Step() ? 1 : 0;
    }
}
