// The end of address spaces. Ending a mapping changes what the next checkpoint writes, and an epoch must be able to end between any few
// hundred of them: a space with many mappings is unmapped at once, put on a list, and taken apart in steps by the main loop. Nobody refers
// to it any more, so a restore that finds it half gone ends what is left.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class AddressSpaces
{
    /// <summary>The most mappings that end in one step.</summary>
    public const int MappingsPerStep = 256;

    /// <summary>True while some space is being taken apart: <see cref="EndStep"/> has work, and will free memory.</summary>
    public bool IsEnding => _state.FirstEnding != null;

    /// <summary>As <see cref="IsEnding"/>, of one group.</summary>
    public bool IsEndingOf(ObjectTracker group)
    {
        AddressSpace* space = _state.FirstEnding;
        while (space != null && space->Header.Group != group.Index)
            space = space->NextEnding;
        return space != null;
    }

    /// <summary>Takes some space that has ended further apart, if there is one.</summary>
    public void EndStep()
    {
        AddressSpace* space = _state.FirstEnding;
        if (space == null)
            return;
        int left = MappingsPerStep;
        for (; left > 0 && space->Count > 0; left--)
            _list.End(space->Table[space->Count - 1]);
        if (space->Count > 0)
            return;
        _state.FirstEnding = space->NextEnding;
        FreeSpace(space);
    }

    /// <summary>Nobody refers to the space: it ends, now or in steps; a process was the last to use it.</summary>
    internal void BeginEnd(AddressSpace* space, int process = 0)
    {
        // At once, however many there are: whoever waits for the end of the process sees that it has left them.
        _list.DetachAll(space, process);
        _reverse.ClearEntries(space, default, new VirtualAddress(AddressSpace.UserEnd));
        if (space->Count > MappingsPerStep)
        {
            space->NextEnding = _state.FirstEnding;
            _state.FirstEnding = space;
            return;
        }
        while (space->Count > 0)
            _list.End(space->Table[space->Count - 1]);
        FreeSpace(space);
    }

    private void FreeSpace(AddressSpace* space)
    {
        _list.FreeTable(space);
        // Even when no page was resident: a CPU may still have this table loaded, and must leave it before the frame is reused.
        _tlb.InvalidateSpace(space->Root);
        _tables.DestroyRoot(space->Root);
        _state.TrackerOf(&space->Header).Remove(&space->Header);
        _slab.Free(space);
    }
}
