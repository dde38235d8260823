// Maps the segments of an image into a new address space. The part of a segment that is in the file is a private mapping of it; what the last
// page holds behind that part is zeroed; the rest is anonymous memory. Nothing here is seen by anybody until execve commits.
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Linux.Elf;

/// <summary>Maps executables.</summary>
public static unsafe class ProgramMapper
{
    /// <summary>Maps an image; <paramref name="bias"/> is what was added to its addresses. A relocatable one goes near <paramref name="hint"/>.</summary>
    public static AccessResult Map(
        MemoryManager memory, UserMemory user, AddressSpace* space, in ProgramFile file, in ElfImage image, ulong hint, out ulong bias)
    {
        bias = 0;
        if (image.IsRelocatable)
        {
            MemoryStatus reserved = Reserve(memory, space, in image, hint, out bias);
            if (reserved != MemoryStatus.Ok)
                return new AccessResult { Status = reserved };
        }
        for (int i = 0; i < image.SegmentCount; i++)
        {
            ElfSegment segment = image.Segments[i];
            segment.Address += bias;
            AccessResult result = MapSegment(memory, user, space, in file, in segment);
            if (!result.IsOk)
                return result;
        }
        return new AccessResult { Status = MemoryStatus.Ok };
    }

    // Finds room for all segments at once by mapping their whole range without access; the segments then replace parts of it.
    private static MemoryStatus Reserve(MemoryManager memory, AddressSpace* space, in ElfImage image, ulong hint, out ulong bias)
    {
        ulong start = image.Start & ~PageSize.OffsetMask;
        var request = new MapRequest
        {
            Address = new VirtualAddress(hint),
            Length = image.End - start,
            Placement = MapPlacement.Hint,
        };
        MemoryStatus status = memory.Mappings.Map(space, in request, out VirtualAddress address);
        bias = status == MemoryStatus.Ok ? unchecked(address.Value - start) : 0;
        if (status == MemoryStatus.Ok)
            status = memory.Mappings.Unmap(space, address, PageSize.PagesFor(request.Length) << PageSize.Shift);
        return status;
    }

    private static AccessResult MapSegment(
        MemoryManager memory, UserMemory user, AddressSpace* space, in ProgramFile file, in ElfSegment segment)
    {
        ulong start = segment.Address & ~PageSize.OffsetMask;
        ulong fileEnd = segment.Address + segment.FileBytes;
        ulong mappedEnd = segment.FileBytes == 0 ? start : RoundUp(fileEnd);
        bool hasTail = segment.MemoryBytes > segment.FileBytes && mappedEnd > fileEnd && segment.FileBytes != 0;
        Protection first = hasTail ? segment.Protection | Protection.Read | Protection.Write : segment.Protection;
        if (mappedEnd > start)
        {
            var request = new MapRequest
            {
                Address = new VirtualAddress(start),
                Length = mappedEnd - start,
                Placement = MapPlacement.FixedNoReplace,
                Protection = first,
                Object = file.Data,
                PageOffset = segment.FileOffset >> PageSize.Shift,
                File = file.Inode,
            };
            AccessResult mapped = new() { Status = memory.Mappings.Map(space, in request, out _) };
            if (!mapped.IsOk)
                return mapped;
        }
        if (hasTail)
        {
            AccessResult zeroed = ZeroTail(memory, user, space, fileEnd, mappedEnd, start, in segment, first);
            if (!zeroed.IsOk)
                return zeroed;
        }
        return MapRest(memory, space, mappedEnd, in segment);
    }

    private static AccessResult ZeroTail(MemoryManager memory, UserMemory user, AddressSpace* space, ulong fileEnd, ulong mappedEnd, ulong start,
        in ElfSegment segment, Protection first)
    {
        AccessResult filled = user.Fill(space, new VirtualAddress(fileEnd), mappedEnd - fileEnd, 0);
        if (!filled.IsOk || first == segment.Protection)
            return filled;
        return new AccessResult { Status = memory.Mappings.Protect(space, new VirtualAddress(start), mappedEnd - start,
            segment.Protection) };
    }

    private static AccessResult MapRest(MemoryManager memory, AddressSpace* space, ulong mappedEnd, in ElfSegment segment)
    {
        ulong end = RoundUp(segment.End);
        if (end <= mappedEnd)
            return new AccessResult { Status = MemoryStatus.Ok };
        var request = new MapRequest
        {
            Address = new VirtualAddress(mappedEnd),
            Length = end - mappedEnd,
            Placement = MapPlacement.FixedNoReplace,
            Protection = segment.Protection,
        };
        return new AccessResult { Status = memory.Mappings.Map(space, in request, out _) };
    }

    private static ulong RoundUp(ulong address) => (address + PageSize.OffsetMask) & ~PageSize.OffsetMask;
}
