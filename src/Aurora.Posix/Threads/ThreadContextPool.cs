// A thread's UserContext and XSAVE image live together in a 2-KiB block: the context at offset 0 (so that its XMM fields are 16-byte
// aligned), the image at 1024 (64-byte aligned, as XSAVE demands). Slabs cannot promise that alignment.
using System;
using Aurora.Base;

namespace Aurora.Posix.Threads;

/// <summary>Allocates the register blocks of threads.</summary>
public sealed unsafe class ThreadContextPool
{
    /// <summary>Memory of one thread's registers.</summary>
    internal const int BlockBytes = 2048;

    private const int ImageOffset = 1024;
    private readonly PageAllocator _pages;
    private void* _firstFree;

    public ThreadContextPool(PageAllocator pages)
    {
        Panic.Unless(sizeof(UserContext) <= ImageOffset, "threads: the register context has outgrown its block"u8);
        _pages = pages;
    }

    /// <summary>A zeroed context whose ExtendedState points to a zeroed image; null when there is no memory.</summary>
    public UserContext* Allocate()
    {
        if (_firstFree == null && !Grow())
            return null;
        byte* block = (byte*)_firstFree;
        _firstFree = *(void**)block;
        new Span<byte>(block, BlockBytes).Clear();
        UserContext* context = (UserContext*)block;
        context->ExtendedState = block + ImageOffset;
        return context;
    }

    public void Free(UserContext* context)
    {
        *(void**)context = _firstFree;
        _firstFree = context;
    }

    private bool Grow()
    {
        byte* page = (byte*)_pages.Allocate(1);
        if (page == null)
            return false;
        Free((UserContext*)(page + BlockBytes));
        Free((UserContext*)page);
        return true;
    }
}
