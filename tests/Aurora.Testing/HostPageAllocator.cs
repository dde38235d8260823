using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Testing;

/// <summary>Page-aligned native memory that counts what is outstanding, so that a test can assert that nothing leaks.</summary>
public unsafe class HostPageAllocator() : PageAllocator(new KernelLock()), IDisposable
{
    private readonly HashSet<nint> _outstanding = [];

    public long PagesOutstanding { get; protected set; }

    /// <summary>When set, allocations beyond this many outstanding pages fail.</summary>
    public long PageLimit { get; set; } = long.MaxValue;

    /// <inheritdoc/>
    public override ulong BytesLeftForUsers
    {
        get
        {
            if (PageLimit == long.MaxValue)
                return ulong.MaxValue;
            long limit = PageLimit - (PageLimit / UserAccounts.MemoryReserveShare);
            return (ulong)Math.Max(0, limit - PagesOutstanding) * PageSize.Bytes;
        }
    }

    public override void* Allocate(int pages)
    {
        if (PagesOutstanding + pages > PageLimit)
            return null;
        PagesOutstanding += pages;
        nuint bytes = (nuint)pages * PageSize.Bytes;
        void* memory = NativeMemory.AlignedAlloc(bytes, PageSize.Bytes);
        NativeMemory.Clear(memory, bytes);
        _outstanding.Add((nint)memory);
        return memory;
    }

    public override void Free(void* memory, int pages)
    {
        PagesOutstanding -= pages;
        Panic.Unless(_outstanding.Remove((nint)memory), "host pages: gave back what was not taken"u8);
        NativeMemory.AlignedFree(memory);
    }

    /// <summary>Gives back whatever is still outstanding: the machine it belonged to is gone.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        foreach (nint memory in _outstanding)
            NativeMemory.AlignedFree((void*)memory);
        _outstanding.Clear();
        PagesOutstanding = 0;
    }
}
