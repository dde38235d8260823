// The end of address spaces. Ending a mapping changes what the next checkpoint writes, and an epoch must be able to end between any few hundred of
// them: a space with many mappings is unmapped at once, put on a list, and taken apart in steps by the main loop. Nobody refers to it
// any more, so a restore that finds it half gone ends what is left.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>The most mappings that end in one step.</summary>
    public const int MappingsPerStep = 256;

    private AddressSpace* _firstEnding;

    /// <summary>True while some space is being taken apart: <see cref="EndSpacesStep"/> has work, and will free memory.</summary>
    public bool IsEndingSpaces => _firstEnding != null;

    /// <summary>Takes some space that has ended further apart, if there is one.</summary>
    public void EndSpacesStep()
    {
        AddressSpace* space = _firstEnding;
        if (space == null)
            return;
        int left = MappingsPerStep;
        for (; left > 0 && space->Count > 0; left--)
            EndMapping(space->Table[space->Count - 1]);
        if (space->Count > 0)
            return;
        _firstEnding = space->NextEnding;
        FreeSpace(space);
    }

    private void BeginEnd(AddressSpace* space)
    {
        ClearEntries(space, default, new VirtualAddress(AddressSpace.UserEnd));
        if (space->Count > MappingsPerStep)
        {
            space->NextEnding = _firstEnding;
            _firstEnding = space;
            return;
        }
        while (space->Count > 0)
            EndMapping(space->Table[space->Count - 1]);
        FreeSpace(space);
    }

    private void FreeSpace(AddressSpace* space)
    {
        MappingTable.Free(space, _pages);
        // Even when no page was resident: a CPU may still have this table loaded, and must leave it before the frame is reused.
        _tlb.InvalidateSpace(space->Root);
        _tables.DestroyRoot(space->Root);
        TrackerOf(&space->Header).Remove(&space->Header);
        _spaces.Free(space);
    }
}
