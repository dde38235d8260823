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
        if (!frames.TryReserve((ulong)pages))
            return 0;
        for (ulong address = bottom; address != top; address += PageSize.Bytes)
        {
            FrameNumber frame = frames.AllocateReserved(FrameFlags.Kernel);
            PageContents.Clear(frames.AddressOf(frame));
            KernelPageTables.MapStackPage(address, frame);
        }
        s_next = top;
        return top;
    }

    /// <summary>True for an address that lies on some kernel stack, not in a guard page.</summary>
    internal static bool IsMapped(ulong address) => address >= KernelLayout.StackWindow && address < s_next && KernelPageTables.IsMapped(address);

    /// <summary>True for an address in the stack window: a fault there is a stack overflow.</summary>
    internal static bool IsStackAddress(ulong address) => address is >= KernelLayout.StackWindow and < KernelLayout.StackWindowEnd;
}
