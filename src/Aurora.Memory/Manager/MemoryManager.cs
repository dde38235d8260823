// Virtual memory, one service object. The parts, each in its own file: Objects (life of VmObjects, cloning, size), Pages (kernel access and
// copy-on-write), ReverseMap (who shows a page), Faults, Spaces (address spaces, fork), Map / Unmap / Protect / Remap / Break (system
// calls on mappings), PageIn (reading from the store), Reclaim (dropping what the store has), Freeze / Merge (checkpoints), Verify (debug
// invariants).
//
// Rules that hold between any two operations:
//  - An entry of a page table has its write bit only if the frame is referenced once, by a leaf of an object whose path is private, the
//    frame is not in flight, the slot is dirty, and the entry is on the object's protect list.
//  - A slot is dirty exactly if the object's current change set has an entry for the page (Forced entries aside).
//  - Whoever replaces or removes a frame has cleared every entry that shows it, with invalidation, before it goes on.
// Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Objects, address spaces, faults, page-in and freezing. Constructed once at boot; every call under the kernel lock.</summary>
public sealed unsafe partial class MemoryManager
{
    private const int MaxGroups = 256;

    // Page tables and tree nodes of the smallest programs: they count for who makes an address space, though they come from elsewhere.
    private const int LeastTablePages = 10;

    private readonly ObjectTracker?[] _trackers = new ObjectTracker?[MaxGroups];
    private readonly PageAllocator _pages;
    private readonly PageTables _tables;
    private readonly RadixTree _tree;
    private readonly ChangeLog _log;
    private readonly PageInTable _pageIns;
    private readonly TlbControl _tlb;
    private readonly ThreadWaker _waker;
    private readonly FiberScheduler _fibers;
    private readonly FiberQueue* _reclaimWork;
    private readonly Slab<VmObject> _objects;
    private readonly Slab<Mapping> _mappings;
    private readonly Slab<AddressSpace> _spaces;
    private readonly WaitQueue* _frameWaiters;
    private readonly FrameNumber _zeroFrame;
    private readonly bool _verify;
    private readonly SeededMemoryFaults _seeded;
    private readonly ulong _maxHotPages;
    private readonly int _maxMappingsPerSpace;
    private int _epochsInFlight;

    /// <summary>
    /// Builds the service. <paramref name="templateRoot"/> is a top-level page table whose kernel half every address space gets, or
    /// frame 0 where there is no MMU.
    /// </summary>
    public MemoryManager(
        PageAllocator pages, FramePool frames, TlbControl tlb, ThreadWaker waker, FiberScheduler fibers, FrameNumber templateRoot,
        in MemoryOptions options)
    {
        _pages = pages;
        Frames = frames;
        _tlb = tlb;
        _waker = waker;
        _fibers = fibers;
        _tables = new PageTables(frames, templateRoot) { Seeded = options.Seeded };
        _tree = new RadixTree(frames);
        _log = new ChangeLog(pages, _tables, frames, options);
        _pageIns = new PageInTable(pages, waker, fibers, options.MaxPageIns);
        _objects = new Slab<VmObject>(pages, options.MaxObjects, ChargeKind.MemoryObject);
        _mappings = new Slab<Mapping>(pages, options.MaxMappings, ChargeKind.Mapping);
        _spaces = new Slab<AddressSpace>(pages, options.MaxSpaces, ChargeKind.AddressSpace, LeastTablePages * PageSize.Bytes);
        _frameWaiters = (WaitQueue*)pages.Allocate(1);
        Panic.Unless(_frameWaiters != null, "memory: no room for the wait queue"u8);
        _reclaimWork = (FiberQueue*)(_frameWaiters + 1);
        _zeroFrame = frames.AllocateZeroed(FrameFlags.Data | FrameFlags.Kernel);
        Panic.Unless(_zeroFrame.Value != 0, "memory: no frame for the zero page"u8);
        _verify = options.Verify;
        _seeded = options.Seeded;
        _maxHotPages = options.MaxHotPages;
        _maxOverlaysPerFile = options.MaxOverlaysPerFile > 0 ? options.MaxOverlaysPerFile : int.MaxValue;
        _maxMappingsPerSpace = options.MaxMappingsPerSpace > 0 ? options.MaxMappingsPerSpace : MappingTable.MaxMappings;
    }

    public FramePool Frames { get; }

    /// <summary>Who holds the objects of files; set once, before there are any.</summary>
    public FileKeeper? Keeper { get; set; }

    internal PageTables Tables => _tables;

    /// <summary>Live objects, mappings and address spaces of all groups, for statistics and leak tests.</summary>
    public int ObjectCount => _objects.Count;
    public int MappingTotal => _mappings.Count;
    public int SpaceCount => _spaces.Count;

    /// <summary>Change sets and list chunks in use, frozen ones included.</summary>
    public int ChangeStructures => _log.SetCount + _log.ChunkCount;

    /// <summary>Makes a group known, before any object of it is created or restored.</summary>
    public void AttachGroup(ObjectTracker tracker) => _trackers[tracker.Index] = tracker;

    /// <summary>True when the group has changed pages, clones, truncations or new objects since its last freeze.</summary>
    public bool HasChanges(ObjectTracker tracker) => _log.GroupAt(tracker.Index)->First != null;

    /// <summary>At least as many pages as the group's next freeze would take.</summary>
    public ulong DirtyPagesOf(ObjectTracker tracker) => _log.GroupAt(tracker.Index)->DirtyPages;

    /// <summary>
    /// At least as many as the operations of the group's next freeze beside its pages: objects that change, clones, truncations.
    /// </summary>
    public ulong OperationsOf(ObjectTracker tracker)
    {
        ChangeLog.Group* group = _log.GroupAt(tracker.Index);
        return group->Count + group->ClonesAndCuts;
    }

    /// <summary>Dirty pages and operations together: asked for after every system call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ChangesOf(ObjectTracker tracker)
    {
        ChangeLog.Group* group = _log.GroupAt(tracker.Index);
        return group->DirtyPages + group->Count + group->ClonesAndCuts;
    }

    private bool Has(SeededMemoryFaults fault) => (_seeded & fault) != 0;

    private ObjectTracker TrackerOf(ObjectHeader* header)
    {
        ObjectTracker? tracker = _trackers[header->Group];
        Panic.Unless(tracker != null, "memory: an object of a group that was never attached"u8);
        return tracker;
    }

    // No frame is free. Those of epochs in flight may be free soon, and reclaim finds others: both are worth waiting for.
    private MemoryStatus NoMemory(out WaitQueue* wait)
    {
        wait = null;
        if (HasReclaim)
            _fibers.WakeOne(ReclaimWork);
        if (HasReclaim ? IsExhausted : _epochsInFlight == 0)
            return MemoryStatus.OutOfMemory;
        wait = _frameWaiters;
        return MemoryStatus.WouldBlock;
    }
}
