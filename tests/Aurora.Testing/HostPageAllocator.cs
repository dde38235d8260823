using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Testing;

/// <summary>Page-aligned native memory that counts what is outstanding, so that a test can assert that nothing leaks.</summary>
public sealed unsafe class HostPageAllocator : PageAllocator
{
    public long PagesOutstanding { get; private set; }

    /// <summary>When set, allocations beyond this many outstanding pages fail.</summary>
    public long PageLimit { get; set; } = long.MaxValue;

    public override void* Allocate(int pages)
    {
        if (PagesOutstanding + pages > PageLimit)
            return null;
        PagesOutstanding += pages;
        nuint bytes = (nuint)pages * PageSize.Bytes;
        void* memory = NativeMemory.AlignedAlloc(bytes, PageSize.Bytes);
        NativeMemory.Clear(memory, bytes);
        return memory;
    }

    public override void Free(void* memory, int pages)
    {
        PagesOutstanding -= pages;
        NativeMemory.AlignedFree(memory);
    }
}
