// Kernel stacks live in their own window: an unmapped guard page, then the stack. Running off a stack hits the guard, which arrives as
// a double fault on its own stack and ends in a panic that says so. Stacks are never returned.
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>Makes guarded kernel stacks.</summary>
public static unsafe class KernelStacks
{
    private static ulong s_next = KernelLayout.StackWindow;

    /// <summary>A zeroed stack of whole pages; returns its highest address, 16-byte aligned, or zero when memory is short.</summary>
    public static ulong Allocate(FramePool frames, int pages)
    {
        ulong bottom = s_next + PageSize.Bytes;
        ulong top = bottom + ((ulong)pages << PageSize.Shift);
        Panic.Unless(top < KernelLayout.StackWindowEnd, "stacks: window exhausted"u8);
        for (ulong address = bottom; address != top; address += PageSize.Bytes)
        {
            FrameNumber frame = frames.AllocateZeroed(FrameFlags.Kernel);
            if (frame.Value == 0)
                return 0;
            KernelPageTables.MapStackPage(address, frame);
        }
        s_next = top;
        return top;
    }

    /// <summary>True for an address in the stack window: a fault there is a stack overflow.</summary>
    internal static bool IsStackAddress(ulong address) => address is >= KernelLayout.StackWindow and < KernelLayout.StackWindowEnd;
}
