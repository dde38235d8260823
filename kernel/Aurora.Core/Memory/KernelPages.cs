using System;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Contiguous zeroed pages of the direct map, for kernel structures and device buffers.</summary>
public sealed unsafe class KernelPages : PageAllocator
{
    private readonly KernelFrames _frames;

    internal KernelPages(KernelFrames frames) => _frames = frames;

    public override void* Allocate(int pages)
    {
        if (pages <= 0)
            return null;
        FrameNumber start = _frames.AllocateRun((ulong)pages);
        if (start.Value == 0)
            return null;
        byte* memory = _frames.AddressOf(start);
        // SAFETY: the run is pages × 4 KiB of the direct map and nobody else's.
        for (int page = 0; page < pages; page++)
            new Span<byte>(memory + ((long)page << PageSize.Shift), PageSize.Bytes).Clear();
        return memory;
    }

    public override void Free(void* memory, int pages) => _frames.FreeRun(_frames.FrameOf(memory), (ulong)pages);
}
