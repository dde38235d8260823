using System;

namespace Aurora.Hal;

/// <summary>
/// Reads physical memory that firmware filled in. The kernel's implementation looks through the direct map; tests look into an array.
/// </summary>
public abstract unsafe class PhysicalMemory
{
    /// <summary>
    /// A pointer to <paramref name="length"/> bytes at <paramref name="address"/>, or null when any of them is outside what may be read.
    /// </summary>
    public abstract byte* View(ulong address, ulong length);

    /// <summary>The same as a span; false when the range may not be read or is longer than a span can be.</summary>
    public bool TryView(ulong address, ulong length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > int.MaxValue || address > ulong.MaxValue - length)
            return false;
        byte* pointer = View(address, length);
        if (pointer == null)
            return false;
        // SAFETY: View vouches for length bytes at pointer.
        bytes = new ReadOnlySpan<byte>(pointer, (int)length);
        return true;
    }
}
