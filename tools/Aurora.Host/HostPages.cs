using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Host;

/// <summary>Page-aligned memory for host tools.</summary>
public sealed unsafe class HostPages : PageAllocator
{
    public override void* Allocate(int pages)
    {
        nuint bytes = (nuint)pages * PageSize.Bytes;
        void* memory = NativeMemory.AlignedAlloc(bytes, PageSize.Bytes);
        NativeMemory.Clear(memory, bytes);
        return memory;
    }

    public override void Free(void* memory, int pages) => NativeMemory.AlignedFree(memory);
}
