using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Ipc;

/// <summary>All System V objects of the machine, and where each group's are. Made once at boot. Protected by the kernel lock.</summary>
public sealed unsafe class IpcState
{
    private struct Place
    {
        public IpcSpace* Space;
        public UndoList* FirstUndoList;
    }

    private readonly GroupTable<Place> _places;
    private readonly Slab<IpcSpace> _spaces;

    public IpcState(PageAllocator pages, TrackedObjects tracked)
    {
        Tracked = tracked;
        Ids = new IpcIds(pages);
        _places = new GroupTable<Place>(tracked);
        _spaces = new Slab<IpcSpace>(pages, GroupTable.MaxGroups);
        Pages = pages;
        Waiters = new Slab<IpcWaiter>(pages, ProcessTable.MaxThreads);
        Queues = new Slab<MessageQueue>(pages, 1 << 16, ChargeKind.MessageQueue);
        Messages = new Slab<Message>(pages, 1 << 20, ChargeKind.Message);
        Named = new Slab<NamedQueue>(pages, 1 << 16, ChargeKind.NamedQueue);
        Sets = new Slab<SemaphoreSet>(pages, 1 << 16, ChargeKind.SemaphoreSet);
        Blocks = new Slab<SemaphoreBlock>(pages, 1 << 18, ChargeKind.SemaphoreBlock);
        Undos = new Slab<SemaphoreUndo>(pages, 1 << 18, ChargeKind.SemaphoreUndo);
        UndoLists = new Slab<UndoList>(pages, ProcessTable.MaxThreads);
        Segments = new Slab<SharedSegment>(pages, 1 << 16, ChargeKind.SharedSegment);
    }

    internal TrackedObjects Tracked { get; }
    internal IpcIds Ids { get; }
    internal PageAllocator Pages { get; }
    internal Slab<SharedSegment> Segments { get; }
    internal Slab<IpcWaiter> Waiters { get; }
    internal Slab<MessageQueue> Queues { get; }
    internal Slab<Message> Messages { get; }
    internal Slab<NamedQueue> Named { get; }

    internal Slab<SemaphoreSet> Sets { get; }
    internal Slab<SemaphoreBlock> Blocks { get; }
    internal Slab<SemaphoreUndo> Undos { get; }
    internal Slab<UndoList> UndoLists { get; }

    /// <summary>The undo lists of a group, that with the highest number first.</summary>
    internal ref UndoList* FirstUndoList(ObjectTracker group) => ref _places.At(group.Index)->FirstUndoList;

    /// <summary>Removed queues and sets, and queues without names and files, that are being ended.</summary>
    internal IpcObject* FirstEnding;

    /// <summary>True while a removed object of a group is being ended.</summary>
    internal bool IsEndingOf(ObjectTracker group)
    {
        IpcObject* ending = FirstEnding;
        while (ending != null && ending->Header.Group != group.Index)
            ending = ending->Ipc.NextEnding;
        return ending != null;
    }

    /// <summary>A removed object is to be ended.</summary>
    internal void PutOff(IpcObject* removed)
    {
        removed->Ipc.NextEnding = FirstEnding;
        FirstEnding = removed;
    }

    /// <summary>An object is not on the list of those any more.</summary>
    internal void ForgetEnding(IpcObject* ended)
    {
        fixed (IpcObject** first = &FirstEnding)
        {
            IpcObject** link = first;
            while (*link != ended)
                link = &(*link)->Ipc.NextEnding;
            *link = ended->Ipc.NextEnding;
        }
    }

    /// <summary>Leaves alone what is being ended of a group whose restore has failed.</summary>
    internal void ForgetEnding(ObjectTracker group)
    {
        fixed (IpcObject** first = &FirstEnding)
        {
            for (IpcObject** link = first; *link != null;)
            {
                if ((*link)->Header.Group == group.Index)
                    *link = (*link)->Ipc.NextEnding;
                else
                    link = &(*link)->Ipc.NextEnding;
            }
        }
    }

    /// <summary>Null while a group has had no System V object and no setting.</summary>
    public IpcSpace* Of(ObjectTracker group) => _places.At(group.Index)->Space;

    /// <summary>Those of the group that an object belongs to.</summary>
    public IpcSpace* Of(ObjectHeader* header) => _places.At(header->Group)->Space;

    /// <summary>The settings of a group.</summary>
    public IpcSettings SettingsOf(ObjectTracker group)
    {
        IpcSpace* space = Of(group);
        return space == null ? IpcSettings.Default : space->Settings;
    }

    /// <summary>As <see cref="Of(ObjectTracker)"/>, made if need be; null without memory.</summary>
    internal IpcSpace* Make(ObjectTracker group)
    {
        IpcSpace* space = Of(group);
        if (space != null)
            return space;
        space = Allocate(group);
        if (space == null)
            return null;
        space->Settings = IpcSettings.Default;
        space->NamedSettings = NamedQueueSettings.Default;
        space->Segments.ChosenId = space->Sets.ChosenId = space->Queues.ChosenId = space->Named.ChosenId = -1;
        group.Register(&space->Header, ObjectKind.IpcSpace);
        return space;
    }

    /// <summary>One to be filled by a restore; null without memory or when the group has one already.</summary>
    internal IpcSpace* Allocate(ObjectTracker group)
    {
        Place* place = _places.At(group.Index);
        return place->Space != null ? null : place->Space = _spaces.Allocate();
    }

    /// <summary>The group ends, and has no objects any more.</summary>
    internal void End(ObjectTracker group)
    {
        IpcSpace* space = Of(group);
        if (space == null)
            return;
        Ids.Free(&space->Segments);
        Ids.Free(&space->Sets);
        Ids.Free(&space->Queues);
        Ids.Free(&space->Named);
        group.Remove(&space->Header);
        _spaces.Free(space);
        _places.At(group.Index)->Space = null;
    }
}
