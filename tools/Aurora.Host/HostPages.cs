using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Host;

/// <summary>Page-aligned memory for host tools. What is still taken when it is disposed goes back then.</summary>
public sealed unsafe class HostPages() : PageAllocator(new KernelLock()), IDisposable
{
    private readonly HashSet<nint> _taken = [];

    public override void* Allocate(int pages)
    {
        nuint bytes = (nuint)pages * PageSize.Bytes;
        void* memory = NativeMemory.AlignedAlloc(bytes, PageSize.Bytes);
        NativeMemory.Clear(memory, bytes);
        _taken.Add((nint)memory);
        return memory;
    }

    public override void Free(void* memory, int pages)
    {
        _taken.Remove((nint)memory);
        NativeMemory.AlignedFree(memory);
    }

    public void Dispose()
    {
        foreach (nint memory in _taken)
            NativeMemory.AlignedFree((void*)memory);
        _taken.Clear();
    }
}
