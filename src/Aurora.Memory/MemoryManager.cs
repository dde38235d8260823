using Aurora.Base;
namespace Aurora.Memory;
#pragma warning disable CA1801, IDE0060
/// <summary>Virtual memory: objects, address spaces, faults, page-in and freezing. All under the kernel lock.</summary>
public sealed unsafe class MemoryManager
{
    public MemoryManager(PageAllocator pages, FramePool frames, TlbControl tlb, ThreadWaker waker, FiberScheduler fibers, FrameNumber templateRoot, in MemoryOptions options) { Frames = frames; }
    public FramePool Frames { get; }
    /// <summary>Makes a group known, before any object of it is created or restored.</summary>
    public void AttachGroup(ObjectTracker tracker) => Later();

    // Objects. CreateObject and CloneObject return an object with one reference, or null when out of memory. Restored ones have none until linked.
    public VmObject* CreateObject(ObjectTracker tracker, ulong sizePages, VmObjectFlags flags) { Later(); return null; }
    public VmObject* CloneObject(VmObject* source) { Later(); return null; }
    public void Retain(VmObject* target) => Later();
    /// <summary>Drops a reference; the last one ends the object.</summary>
    public void Release(VmObject* target) => Later();
    /// <summary>Sets the size: growing adds holes, shrinking cuts pages (unmapping them everywhere). Ok or OutOfMemory.</summary>
    public MemoryStatus Resize(VmObject* target, ulong sizePages) { Later(); return 0; }
    /// <summary>Zeroes a page from a byte on: for the last page of a file whose length is not a multiple of the page.</summary>
    public PageAccess ZeroTail(VmObject* target, ulong page, int fromByte) { Later(); return default; }
    /// <summary>Makes pages holes. Ok or OutOfMemory.</summary>
    public MemoryStatus Discard(VmObject* target, ulong firstPage, ulong pages) { Later(); return 0; }

    // Kernel access to pages: valid until the kernel next sleeps.
    public PageAccess GetPageForRead(VmObject* target, ulong page) { Later(); return default; }
    /// <summary>With overwrite the caller writes all 4096 bytes: nothing is read in or copied.</summary>
    public PageAccess GetPageForWrite(VmObject* target, ulong page, bool overwrite) { Later(); return default; }

    // Address spaces. CreateSpace: one reference, no mappings.
    public AddressSpace* CreateSpace(ObjectTracker tracker, in SpaceLimits limits) { Later(); return null; }
    public MemoryStatus ForkSpace(AddressSpace* parent, out AddressSpace* child) { Later(); child = null; return 0; }
    public void Retain(AddressSpace* space) => Later();
    public void Release(AddressSpace* space) => Later();
    public MemoryStatus Map(AddressSpace* space, in MapRequest request, out VirtualAddress address) { Later(); address = default; return 0; }
    public MemoryStatus Unmap(AddressSpace* space, VirtualAddress address, ulong length) { Later(); return 0; }
    public MemoryStatus Protect(AddressSpace* space, VirtualAddress address, ulong length, Protection protection) { Later(); return 0; }
    public MemoryStatus Remap(AddressSpace* space, in RemapRequest request, out VirtualAddress address) { Later(); address = default; return 0; }
    public void StartBreak(AddressSpace* space, VirtualAddress start) => Later();
    /// <summary>brk(2): moves the break if it can; returns where it is afterwards.</summary>
    public VirtualAddress SetBreak(AddressSpace* space, VirtualAddress requested) { Later(); return default; }
    /// <summary>madvise(MADV_DONTNEED): private anonymous pages become zero, others are only unmapped.</summary>
    public MemoryStatus DropPages(AddressSpace* space, VirtualAddress address, ulong length) { Later(); return 0; }
    public Mapping* FindMapping(AddressSpace* space, VirtualAddress address) { Later(); return null; }
    public Mapping* MappingAt(AddressSpace* space, int index) { Later(); return null; }
    public int MappingCount(AddressSpace* space) { Later(); return 0; }
    public bool IsRangeMapped(AddressSpace* space, VirtualAddress address, ulong length) { Later(); return false; }

    public FaultResult HandleFault(AddressSpace* space, VirtualAddress address, FaultAccess access) { Later(); return default; }

    // Page-in: pager fibers block on PageInWork, take, read, complete.
    public FiberQueue* PageInWork => null;
    public PageInRequest* TakePageInRequest() { Later(); return null; }
    /// <summary>Frame: allocated by the pager with FrameFlags.Data, passed with Ok; the manager takes it over.</summary>
    public void CompletePageIn(PageInRequest* request, PageInStatus status, FrameNumber frame) => Later();

    // Checkpoint.
    public void Freeze(ObjectTracker tracker, FrozenEpoch* epoch) => Later();
    /// <summary>The epoch is durable.</summary>
    public void ReleaseEpoch(FrozenEpoch* epoch) => Later();
    /// <summary>The epoch failed: what it froze is dirty again.</summary>
    public void MergeEpoch(FrozenEpoch* epoch) => Later();
    /// <summary>For groups that are not persisted: forgets what is dirty, keeps the memory of the lists bounded.</summary>
    public void DropTracking(ObjectTracker tracker) => Later();
    public bool HasChanges(ObjectTracker tracker) { Later(); return false; }
    private static void Later() => Panic.Fail("memory: not wired up"u8);
}
