// Managed memory. The kernel has no garbage collector: objects are made while it boots, from a bump pointer, and live for ever. Once
// boot is complete the heap is sealed, and an allocation is a broken invariant that panics with a trace of who tried. Objects that are
// made to describe a failure (exceptions) come from a small reserve, so that the failure itself is what gets reported.
namespace Aurora.Runtime;

/// <summary>The boot-time heap of managed objects.</summary>
public static unsafe class KernelHeap
{
    private const ulong Alignment = 8;
    private const int ReserveBytes = 16384;

    private static byte* s_next;
    private static byte* s_end;
    private static byte* s_reserve;
    private static ulong s_reserveUsed;

    /// <summary>True once boot is complete and allocation is over.</summary>
    public static bool IsSealed { get; private set; }

    /// <summary>The bytes handed out so far.</summary>
    public static ulong UsedBytes { get; private set; }

    /// <summary>Gives the heap a zeroed region to allocate from; what is left of the previous one is forgotten.</summary>
    public static void Provide(void* memory, ulong bytes)
    {
        s_next = (byte*)memory;
        s_end = s_next + bytes;
        if (s_reserve == null)
            s_reserve = (byte*)Allocate(ReserveBytes);
    }

    /// <summary>Ends allocation for good.</summary>
    public static void Seal() => IsSealed = true;

    /// <summary>Zeroed memory for an object.</summary>
    internal static void* Allocate(ulong bytes)
    {
        if (IsSealed)
            RuntimeFailure.Fail("heap: allocation after the heap was sealed"u8);
        bytes = (bytes + (Alignment - 1)) & ~(Alignment - 1);
        if (bytes > (ulong)(s_end - s_next))
            RuntimeFailure.Fail("heap: the boot heap is full"u8);
        void* memory = s_next;
        s_next += bytes;
        UsedBytes += bytes;
        return memory;
    }

    /// <summary>Memory for an object that describes a failure; works after sealing. The kernel stops soon after, so nothing is returned.</summary>
    internal static void* AllocateFromReserve(ulong bytes)
    {
        bytes = (bytes + (Alignment - 1)) & ~(Alignment - 1);
        if (bytes > ReserveBytes - s_reserveUsed)
            RuntimeFailure.Fail("heap: failure while reporting a failure"u8);
        void* memory = s_reserve + s_reserveUsed;
        s_reserveUsed += bytes;
        return memory;
    }
}
