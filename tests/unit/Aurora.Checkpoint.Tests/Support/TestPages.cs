using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint.Tests;

/// <summary>Native pages that can run out on demand and all go back at the end.</summary>
internal sealed unsafe class TestPages() : PageAllocator(new KernelLock()), IDisposable
{
    private readonly Dictionary<nint, int> _live = [];

    /// <summary>When true every allocation fails.</summary>
    public bool IsExhausted { get; set; }

    /// <summary>How many more allocations succeed; null for as many as wanted.</summary>
    public int? Remaining { get; set; }

    /// <summary>When true only those who may use the reserve get something.</summary>
    public bool IsLowForUsers { get; set; }

    /// <summary>Pages handed out and not returned, and the most there may be.</summary>
    public int Taken { get; private set; }
    public int Limit { get; set; } = int.MaxValue;

    /// <summary>What is said to be left; null for as much as wanted.</summary>
    public ulong? Left { get; set; }

    public override ulong BytesLeft => Left ?? base.BytesLeft;

    public override void* Allocate(int pages)
    {
        if (IsExhausted || (IsLowForUsers && Accounts.IsLimited) || Remaining == 0 || Taken > Limit - pages)
            return null;
        Remaining--;
        nuint bytes = (nuint)pages * PageSize.Bytes;
        void* memory = NativeMemory.AlignedAlloc(bytes, PageSize.Bytes);
        NativeMemory.Clear(memory, bytes);
        _live.Add((nint)memory, pages);
        Taken += pages;
        return memory;
    }

    public override void Free(void* memory, int pages)
    {
        if (_live.Remove((nint)memory))
            Taken -= pages;
        NativeMemory.AlignedFree(memory);
    }

    public void Dispose()
    {
        foreach (nint memory in _live.Keys)
            NativeMemory.AlignedFree((void*)memory);
        _live.Clear();
    }
}
