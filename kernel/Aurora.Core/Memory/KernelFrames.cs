using System;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>The machine's frame pool: single frames out of the buddy allocator.</summary>
public sealed unsafe class KernelFrames : FramePool
{
    private readonly BuddyAllocator _buddy;

    internal KernelFrames(BuddyAllocator buddy, FrameInfo* infos, ulong bound)
        : base((byte*)KernelLayout.DirectMap, infos, bound)
    {
        _buddy = buddy;
        TotalFrames = buddy.FreeFrames;
    }

    public override ulong FreeFrames => _buddy.FreeFrames;

    public override ulong TotalFrames { get; }

    protected override ulong TakeFrame() => _buddy.Take();

    protected override void ReturnFrame(ulong frame) => _buddy.Return(frame);

    /// <summary>Contiguous frames for the kernel's own use, each with one reference; frame 0 when there are none beyond the reserved ones.</summary>
    internal FrameNumber AllocateRun(ulong count)
    {
        if (_buddy.FreeFrames < ReservedFrames + count)
            return default;
        ulong start = count == 1 ? _buddy.Take() : _buddy.TakeRun(count);
        if (start == 0)
            return default;
        for (ulong frame = start; frame < start + count; frame++)
        {
            FrameInfo* info = InfoOf(new FrameNumber(frame));
            info->References = 1;
            info->Flags = FrameFlags.Kernel;
        }
        return new FrameNumber(start);
    }

    internal void FreeRun(FrameNumber start, ulong count)
    {
        for (ulong frame = start.Value; frame < start.Value + count; frame++)
        {
            FrameInfo* info = InfoOf(new FrameNumber(frame));
            Panic.Unless(info->Flags == FrameFlags.Kernel && info->References == 1 && info->Pins == 0, "frames: freed kernel pages still in use"u8);
            *info = default;
        }
        if (count == 1)
            _buddy.Return(start.Value);
        else
            _buddy.ReturnRun(start.Value, count);
    }
}
