// The vDSO of a group: one memory object of two pages (VmObjectFlags.Clock), which all its programs show, the data (ClockPage) below the
// code. It comes with the group's first execve and ends with the last mapping; the group does not hold it. What is saved of it is that
// there is one. Nobody can write to it: no mapping may, and it is no file's. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>What a group knows of its clock object.</summary>
internal unsafe struct ClockPlace
{
    /// <summary>Null when there is none. It holds no reference: the object's end clears it.</summary>
    public VmObject* Object;
}

/// <summary>Gives programs the clock object of their group.</summary>
public sealed unsafe class ClockObjects
{
    /// <summary>The data and the code.</summary>
    public const ulong Pages = 2;

    private readonly MemoryState _state;
    private readonly VmObjects _objects;
    private readonly SpaceMappings _list;
    private readonly ClockPages _pages;

    internal ClockObjects(MemoryState state, VmObjects objects, SpaceMappings list, ClockPages pages)
    {
        _state = state;
        _objects = objects;
        _list = list;
        _pages = pages;
    }

    /// <summary>The clock object of a group, or null.</summary>
    public VmObject* Of(ObjectTracker group) => _state.ClockObjects.At(group.Index)->Object;

    /// <summary>True for the object of a mapping whose pages are made when somebody reads them, where nothing of it is in memory.</summary>
    public bool IsMade(VmObject* target) => target->IsClock && _pages.AreMade;

    /// <summary>A mapping of the data, as opposed to the code.</summary>
    public static bool IsData(Mapping* mapping) => mapping->Object->IsClock && mapping->PageOffset == ClockPages.DataPage;

    /// <summary>A clock object is the one that its group has.</summary>
    internal bool IsSound(VmObject* target) => !target->IsClock || _state.ClockObjects.At(target->Header.Group)->Object == target;

    /// <summary>What the check before commit and a restore both ask of a mapping of an object.</summary>
    internal static bool MayShow(Mapping* mapping, VmObject* target)
    {
        const MappingFlags Marks = MappingFlags.DontFork | MappingFlags.Locked;
        return !target->IsClock
            || ((mapping->Flags & ~Marks) == 0 && (mapping->MaxProtection & Protection.Write) == 0 && mapping->File.IsNone
                && mapping->Pages <= Pages && mapping->PageOffset <= Pages - mapping->Pages);
    }

    /// <summary>
    /// Maps the data and the code into the address space of a new program, at a place if it is free, and says where the code is: nowhere in
    /// a machine that has none. Ok, OverLimit (no room) or OutOfMemory, and nothing has changed then.
    /// </summary>
    public MemoryStatus MapInto(AddressSpace* space, VirtualAddress wanted, out VirtualAddress code)
    {
        code = default;
        if (!_pages.AreMade)
            return MemoryStatus.Ok;
        const ulong bytes = Pages << PageSize.Shift;
        ulong start = wanted.Value;
        bool isUsable = start >= AddressSpace.UserStart && start <= AddressSpace.UserEnd - bytes
            && AddressRanges.IsFree(space, start, start + bytes);
        if (!isUsable && !FreeRanges.Find(space, bytes, out start))
            return MemoryStatus.OverLimit;
        VmObject* target = Hold(_state.TrackerOf(&space->Header));
        if (target == null)
            return MemoryStatus.OutOfMemory;
        Mapping* data = _list.Reserve(space, 2) ? Add(space, target, start, ClockPages.DataPage, Protection.Read) : null;
        Mapping* above = data == null ? null
            : Add(space, target, start + PageSize.Bytes, ClockPages.CodePage, Protection.Read | Protection.Execute);
        if (data != null && above == null)
            _list.End(data);
        _objects.Release(target);
        if (above == null)
            return MemoryStatus.OutOfMemory;
        code = above->Start;
        return MemoryStatus.Ok;
    }

    /// <summary>The clock of a group goes another way from now on.</summary>
    public void ClockChanged(ObjectTracker group)
    {
        VmObject* target = Of(group);
        if (target != null)
            _pages.Rewrite(target);
    }

    // The group's object, or a new one, with a reference for the caller.
    private VmObject* Hold(ObjectTracker group)
    {
        ClockPlace* place = _state.ClockObjects.At(group.Index);
        if (place->Object != null)
            _objects.Retain(place->Object);
        else
            place->Object = _objects.Create(group, Pages, VmObjectFlags.Clock);
        return place->Object;
    }

    private Mapping* Add(AddressSpace* space, VmObject* target, ulong start, ulong page, Protection protection)
    {
        Mapping model = default;
        model.Start = new VirtualAddress(start);
        model.Pages = 1;
        model.PageOffset = page;
        model.Protection = protection;
        model.MaxProtection = protection;
        return _list.Add(space, target, &model);
    }
}
