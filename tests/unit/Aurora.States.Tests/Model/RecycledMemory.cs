// A fuzzer makes a hundred thousand kernels. Their memory is used again: what one leaves is what it used, and only that is cleaned.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Testing;

namespace Aurora.States.Tests;

/// <summary>Pages for one kernel after another, from one native block.</summary>
internal sealed unsafe class RecycledPages(int blockPages) : HostPageAllocator
{
    private readonly byte* _block = (byte*)NativeMemory.AlignedAlloc((nuint)blockPages * PageSize.Bytes, PageSize.Bytes);
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
            if (_used + pages > blockPages)
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
internal sealed class RecycledMemory(int groups)
{
    private const int PagesPerGroup = 4096;
    private const int FramesPerGroup = 1024;

    private static readonly Dictionary<int, Stack<RecycledMemory>> _unused = [];

    public RecycledPages Pages { get; } = new(groups * PagesPerGroup);
    public HostFramePool Frames { get; } = new(groups * FramesPerGroup);

    /// <summary>Memory for a kernel with so many groups.</summary>
    public static RecycledMemory Take(int groups)
    {
        lock (_unused)
            return _unused.TryGetValue(groups, out Stack<RecycledMemory>? unused) && unused.TryPop(out RecycledMemory? memory)
                ? memory : new RecycledMemory(groups);
    }

    public void Return()
    {
        Pages.Reset();
        Frames.Reset();
        lock (_unused)
        {
            if (!_unused.TryGetValue(groups, out Stack<RecycledMemory>? unused))
                _unused[groups] = unused = new Stack<RecycledMemory>();
            unused.Push(this);
        }
    }
}
