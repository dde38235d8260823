// Where a new mapping goes that names no place: into the highest free range that is large enough. A space remembers what its last search
// has passed over, so that a program that maps and maps does not look at all its mappings each time (Linux had the same until it had trees
// of gaps, as cached_hole_size): from an address up to the top of the search no gap is larger than so many bytes. Adding a mapping keeps
// that true, but in the guard of a stack; where one goes, or shrinks, the address moves above the gap that this leaves. Protected by the
// kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>What is known of the gaps of a space: those from From to Top have at most Bytes. Nothing while Top is zero. Not
/// captured.</summary>
internal struct GapBound
{
    public ulong From;
    public ulong Top;
    public ulong Bytes;
}

/// <summary>Finds free ranges of an address space.</summary>
internal static unsafe class FreeRanges
{
    /// <summary>Pages that stay free below a stack.</summary>
    public const ulong StackGuardPages = 256;

    /// <summary>The highest free range below MapTop, or above it if there is none; stacks keep their guard gap.</summary>
    public static bool Find(AddressSpace* space, ulong bytes, out ulong start)
    {
        GapBound known = space->Gaps;
        ulong top = space->MapTop.Value;
        if (known.Top != top || bytes <= known.Bytes)
            known = new GapBound { From = AddressSpace.UserEnd, Top = top };
        if (FindBelow(space, bytes, ref known, out start))
        {
            space->Gaps = known;
            return true;
        }
        known = new GapBound { From = AddressSpace.UserEnd, Top = AddressSpace.UserEnd };
        return FindBelow(space, bytes, ref known, out start);
    }

    /// <summary>A mapping below the one with this index, or the end of it, has gone.</summary>
    public static void NoteFreed(AddressSpace* space, int indexAbove)
    {
        ulong end = indexAbove < space->Count ? space->Table[indexAbove]->Start.Value : AddressSpace.UserEnd;
        space->Gaps.From = Math.Max(space->Gaps.From, end);
    }

    /// <summary>
    /// The mapping with this index has come. In the guard of a stack it sets free what is below: there the stack no longer keeps others
    /// away.
    /// </summary>
    public static void NoteAdded(AddressSpace* space, int index)
    {
        bool endsGuard = index + 1 < space->Count && (space->Table[index + 1]->Flags & MappingFlags.GrowsDown) != 0;
        if (endsGuard)
            NoteFreed(space, index);
    }

    private static bool FindBelow(AddressSpace* space, ulong bytes, ref GapBound known, out ulong start)
    {
        for (int index = MappingTable.FirstEndingAfter(space, known.From); index >= 0; index--)
        {
            ulong low = index == 0 ? AddressSpace.UserStart : space->Table[index - 1]->End.Value;
            ulong high = Math.Min(HighestUsable(space, index), known.Top);
            if (high >= low && high - low >= bytes)
            {
                start = high - bytes;
                known.From = high;
                return true;
            }
            if (high > low)
                known.Bytes = Math.Max(known.Bytes, high - low);
        }
        start = 0;
        return false;
    }

    // The end of the gap below a mapping.
    private static ulong HighestUsable(AddressSpace* space, int index)
    {
        if (index == space->Count)
            return AddressSpace.UserEnd;
        Mapping* above = space->Table[index];
        const ulong guard = StackGuardPages << PageSize.Shift;
        ulong start = above->Start.Value;
        if ((above->Flags & MappingFlags.GrowsDown) == 0)
            return start;
        return start > guard ? start - guard : 0;
    }
}
