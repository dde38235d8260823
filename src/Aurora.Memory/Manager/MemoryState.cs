// What virtual memory knows, of all groups. Made once at boot; the tables grow by pages of the allocator, never by managed memory. The
// services beside it act on it and keep nothing of their own.
// Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The objects, mappings and address spaces there are, and the structures they share.</summary>
internal sealed unsafe class MemoryState
{
    // Page tables and tree nodes of the smallest programs: they count for who makes an address space, though they come from elsewhere.
    private const int LeastTablePages = 10;

    private readonly TrackedObjects _tracked;

    public MemoryState(
        PageAllocator pages, TrackedObjects tracked, FramePool frames, ThreadWaker waker, FiberScheduler fibers, FrameNumber templateRoot,
        in MemoryOptions options)
    {
        _tracked = tracked;
        Frames = frames;
        Tables = new PageTables(frames, templateRoot) { Seeded = options.Seeded };
        Tree = new RadixTree(frames);
        Log = new ChangeLog(pages, tracked, Tables, frames, options);
        Requests = new PageInTable(pages, waker, fibers, options.MaxPageIns);
        Objects = new Slab<VmObject>(pages, options.MaxObjects, ChargeKind.MemoryObject);
        Mappings = new Slab<Mapping>(pages, options.MaxMappings, ChargeKind.Mapping);
        Spaces = new Slab<AddressSpace>(pages, options.MaxSpaces, ChargeKind.AddressSpace, LeastTablePages * PageSize.Bytes);
        Reclaim = new ReclaimState(pages);
        Bases = new BaseFrames(frames, pages, tracked);
        ClockObjects = new GroupTable<ClockPlace>(tracked);
        Regions = new RegionState(pages, frames, options);
        ZeroFrame = frames.AllocateZeroed(FrameFlags.Data | FrameFlags.Kernel);
        Panic.Unless(ZeroFrame.Value != 0, "memory: no frame for the zero page"u8);
        Seeded = options.Seeded;
    }

    public FramePool Frames { get; }
    public PageTables Tables { get; }
    public RadixTree Tree { get; }
    public ChangeLog Log { get; }
    public PageInTable Requests { get; }
    public Slab<VmObject> Objects { get; }
    public Slab<Mapping> Mappings { get; }
    public Slab<AddressSpace> Spaces { get; }
    public ReclaimState Reclaim { get; }
    public BaseFrames Bases { get; }
    public RegionState Regions { get; }

    /// <summary>The clock object of each group.</summary>
    public GroupTable<ClockPlace> ClockObjects { get; }

    /// <summary>What a hole shows to whoever reads it.</summary>
    public FrameNumber ZeroFrame { get; }

    /// <summary>Deliberate bugs of the tests; none in a kernel.</summary>
    public SeededMemoryFaults Seeded { get; }

    /// <summary>The spaces that have ended and are being taken apart.</summary>
    public AddressSpace* FirstEnding;

    /// <summary>The group that is being restored, plus one; zero for none.</summary>
    public int Restoring;

    /// <summary>Where what has been restored lies, since a restore began.</summary>
    public PlaceRange RestoredSpaces;
    public PlaceRange RestoredObjects;

    /// <summary>The tracker of the group an object belongs to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ObjectTracker TrackerOf(ObjectHeader* header) => _tracked.Of(header);
}
