// A fuzzer makes a hundred thousand kernels. Their memory is used again: what one leaves is what it used, and only that is cleaned.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Testing;

namespace Aurora.States.Tests;

/// <summary>Pages for one kernel after another, from one native block.</summary>
internal sealed unsafe class RecycledPages : HostPageAllocator
{
    private const int BlockPages = 4096;

    private readonly byte* _block = (byte*)NativeMemory.AlignedAlloc(BlockPages * (nuint)PageSize.Bytes, PageSize.Bytes);
    private readonly Dictionary<int, Stack<nint>> _free = [];
    private int _used;

    public override void* Allocate(int pages)
    {
        void* memory;
        if (_free.TryGetValue(pages, out Stack<nint>? free) && free.Count > 0)
        {
            memory = (void*)free.Pop();
        }
        else
        {
            if (_used + pages > BlockPages)
                return null;
            memory = _block + ((nuint)_used * PageSize.Bytes);
            _used += pages;
        }
        PagesOutstanding += pages;
        new Span<byte>(memory, pages * PageSize.Bytes).Clear();
        return memory;
    }

    public override void Free(void* memory, int pages)
    {
        PagesOutstanding -= pages;
        if (!_free.TryGetValue(pages, out Stack<nint>? free))
            _free[pages] = free = new Stack<nint>();
        free.Push((nint)memory);
    }

    /// <summary>Takes everything back; the kernel that had it is gone.</summary>
    public void Reset()
    {
        _free.Clear();
        _used = 0;
        PagesOutstanding = 0;
        ForgetAccounts();
    }
}

/// <summary>The memory of one kernel, for another one afterwards.</summary>
internal sealed class RecycledMemory
{
    private const int FrameCount = 1024;

    private static readonly Stack<RecycledMemory> _unused = new();

    public RecycledPages Pages { get; } = new();
    public HostFramePool Frames { get; } = new(FrameCount);

    public static RecycledMemory Take()
    {
        lock (_unused)
            return _unused.TryPop(out RecycledMemory? memory) ? memory : new RecycledMemory();
    }

    public void Return()
    {
        Pages.Reset();
        Frames.Reset();
        lock (_unused)
            _unused.Push(this);
    }
}
