// Address spaces: creation and references.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Address spaces: creation, fork and end.</summary>
public sealed unsafe partial class AddressSpaces
{
    private readonly MemoryState _state;
    private readonly Slab<AddressSpace> _slab;
    private readonly PageTables _tables;
    private readonly TlbControl _tlb;
    private readonly ReverseMap _reverse;
    private readonly VmObjects _objects;
    private readonly SpaceMappings _list;

    internal AddressSpaces(MemoryState state, ReverseMap reverse, VmObjects objects, SpaceMappings list, TlbControl tlb)
    {
        _state = state;
        _slab = state.Spaces;
        _tables = state.Tables;
        _tlb = tlb;
        _reverse = reverse;
        _objects = objects;
        _list = list;
    }

    /// <summary>An empty address space with one reference, or null when out of memory.</summary>
    public AddressSpace* Create(ObjectTracker tracker, in SpaceLimits limits)
    {
        AddressSpace* space = New();
        if (space == null)
            return null;
        tracker.Register(&space->Header, ObjectKind.AddressSpace);
        space->Header.References = 1;
        space->MapTop = new VirtualAddress(AddressSpace.DefaultMapTop);
        space->Limits = limits;
        return space;
    }

    public void Retain(AddressSpace* space) => space->Header.References++;

    /// <summary>
    /// Drops a reference; with the last one the space ends: at once, or in steps when it has many mappings. <paramref name="process"/> is
    /// who has used it, where it is not the one whose call it is.
    /// </summary>
    public void Release(AddressSpace* space, int process = 0)
    {
        Panic.Unless(space->Header.References > 0, "memory: released an address space nobody refers to"u8);
        if (--space->Header.References == 0)
            BeginEnd(space, process);
    }

    // A space without an identity, or null when out of memory.
    internal AddressSpace* New()
    {
        AddressSpace* space = _slab.Allocate();
        if (space == null)
            return null;
        space->Root = _tables.CreateRoot();
        if (space->Root.Value != 0)
            return space;
        _slab.Free(space);
        return null;
    }
}
