namespace Aurora.Base;

/// <summary>
/// Supplies page-aligned unmanaged memory. In the kernel it is physically contiguous, mapped once and for good (the direct map), so
/// a device may read and write it; on the host it is aligned native memory.
/// </summary>
public abstract unsafe class PageAllocator
{
    /// <summary>Zeroed memory of <paramref name="pages"/> × 4 KiB, or null when there is none.</summary>
    public abstract void* Allocate(int pages);

    /// <summary>Returns memory obtained from <see cref="Allocate"/> with the same page count.</summary>
    public abstract void Free(void* memory, int pages);
}
