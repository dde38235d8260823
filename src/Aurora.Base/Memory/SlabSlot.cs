using System.Runtime.InteropServices;

namespace Aurora.Base;

/// <summary>What precedes every object of a slab.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SlabSlot
{
    internal uint Index;

    /// <summary>Odd while the object is live.</summary>
    internal uint Generation;

    /// <summary>Who pays for it; null for root and the kernel.</summary>
    internal UserAccount* Account;

    /// <summary>The user an object of a slab is charged to.</summary>
    public static uint UserOf(void* value)
    {
        UserAccount* account = Of(value)->Account;
        return account == null ? 0 : account->User;
    }

    // SAFETY: the object came from a slab, so its slot precedes it in the same chunk.
    internal static SlabSlot* Of(void* value) => (SlabSlot*)value - 1;
}
