// Virtual memory: the services of this assembly, put together once at boot over one MemoryState. Nothing here acts; who uses memory calls
// the service. Each knows only those above it:
//
//   PageTables, RadixTree, ChangeLog, PageInTable   structures                FrameShortage   who waits for frames, the signal to reclaim
//   ReverseMap      who shows a page                                          Overlays        private mappings of files
//   VmObjects       life of objects, cloning, size                            PageIns         reading from the store
//   ObjectPages     kernel access, copy-on-write                              ObjectHoles     discarding and finding holes
//   SpaceMappings   the mappings in a space     Windows   what they show of their object     AddressSpaces   creation, fork, end
//   Mappings, Remaps, ProgramBreak, MappingMarks    system calls on mappings  Faults          page faults
//   WriteAround     pages opened for the stores to come                      RegionBooks     which thread has made what dirty of regions
//   Epochs, HotPages, OpenedPages   checkpoints   CleanFrames, BaseFrames, Reclaim   what the store has, keeping and dropping it
//   Residency   what is in memory   Regions   persists of regions   ClockPages, ClockObjects   the vDSO
//   MemoryRestore   records to objects                                        MemoryVerifier  debug invariants
//
// Rules that hold between any two operations:
//  - An entry of a page table has its write bit only if the frame is referenced once, by a leaf of an object whose path is private, the
//    frame is not in flight, the slot is dirty, and the entry is on the object's protect list.
//  - A slot is dirty exactly if the object's current change set has an entry for the page (Forced entries aside); of a region, if one
//    list of a thread has it.
//  - Whoever replaces or removes a frame has cleared every entry that shows it, with invalidation, before it goes on.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The services of virtual memory. Constructed once at boot; every call under the kernel lock.</summary>
public sealed class MemoryManager
{
    private readonly SpaceMappings _list;

    /// <summary>
    /// Builds the services. <paramref name="templateRoot"/> is a top-level page table whose kernel half every address space gets, or
    /// frame 0 where there is no MMU; <paramref name="keeper"/> holds the objects of files, and is null where there are none;
    /// <paramref name="segments"/> those of shared segments. Without <paramref name="clocks"/> and <paramref name="source"/> programs get
    /// no vDSO.
    /// </summary>
    public MemoryManager(
        PageAllocator pages, TrackedObjects tracked, FramePool frames, TlbControl tlb, ThreadWaker waker, FiberScheduler fibers,
        FrameNumber templateRoot, FileKeeper? keeper, in MemoryOptions options, SegmentKeeper? segments = null, GroupClocks? clocks = null,
        ClockSource? source = null)
    {
        var state = new MemoryState(pages, tracked, frames, waker, fibers, templateRoot, options);
        State = state;
        Shortage = new FrameShortage(state, waker, fibers);
        var reverse = new ReverseMap(state, tlb);
        var overlays = new Overlays(state);
        var books = new RegionBooks(state, fibers);
        Objects = new VmObjects(state, overlays, reverse, tlb, keeper, books);
        var clockPages = new ClockPages(state, clocks, source);
        PageIns = new PageIns(state, Shortage, clockPages);
        Pages = new ObjectPages(state, overlays, reverse, PageIns, Shortage, books);
        Holes = new ObjectHoles(state, Pages, PageIns, reverse);
        _list = new SpaceMappings(state, pages, Objects, reverse, segments, options);
        var windows = new Windows(state, Objects, Holes, _list);
        ClockObjects = new ClockObjects(state, Objects, _list, clockPages);
        Spaces = new AddressSpaces(state, reverse, Objects, _list, tlb);
        Mappings = new Mappings(state, Objects, Holes, reverse, _list, windows);
        Remaps = new Remaps(state, Objects, Mappings, _list, windows);
        Break = new ProgramBreak(state, Mappings, _list, windows);
        Marks = new MappingMarks(state, _list);
        var hot = new HotPages(state, Pages, options);
        var opened = new OpenedPages(state);
        Faults = new Faults(
            state, overlays, Pages, PageIns, Shortage, windows, new WriteAround(state, Pages, tlb, options), books, tlb);
        Residency = new Residency(state, overlays);
        Verifier = new MemoryVerifier(state, overlays, Pages, Holes);
        Epochs = new Epochs(state, new CloneIndex(pages), hot, opened, Shortage, Verifier, tlb, options.Verify);
        Clean = new CleanFrames(state);
        Reclaim = new Reclaim(state, reverse, Clean);
        Restore = new MemoryRestore(state, Objects, Spaces, _list);
        Regions = new Regions(state, Objects, books, reverse, Restore, waker, tlb);
    }

    public FramePool Frames => State.Frames;
    public FrameShortage Shortage { get; }
    public VmObjects Objects { get; }
    public ObjectPages Pages { get; }
    public ObjectHoles Holes { get; }
    public PageIns PageIns { get; }
    public AddressSpaces Spaces { get; }
    public Mappings Mappings { get; }
    public Remaps Remaps { get; }
    public ProgramBreak Break { get; }
    public MappingMarks Marks { get; }
    public Faults Faults { get; }
    public Residency Residency { get; }
    public Epochs Epochs { get; }
    public CleanFrames Clean { get; }
    public BaseFrames Bases => State.Bases;
    public Reclaim Reclaim { get; }
    public MemoryRestore Restore { get; }
    public MemoryVerifier Verifier { get; }
    public Regions Regions { get; }
    public ClockObjects ClockObjects { get; }

    internal MemoryState State { get; }

    internal PageTables Tables => State.Tables;

    /// <summary>Live objects, mappings and address spaces of all groups, for statistics and leak tests.</summary>
    public int ObjectCount => State.Objects.Count;
    public int MappingTotal => State.Mappings.Count;
    public int SpaceCount => State.Spaces.Count;

    /// <summary>Change sets and list chunks in use, frozen ones included.</summary>
    public int ChangeStructures => State.Log.SetCount + State.Log.ChunkCount;

    /// <summary>The most mappings of an address space.</summary>
    public int MaxMappingsPerSpace => _list.Most;
}
