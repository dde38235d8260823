using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>
/// The values of radix-tree slots. Zero is a hole. A marker (hole or InStore) in a slot of an upper node stands for its whole subtree.
/// In leaves Dirty says that the object's current change set has an entry for the page; it may stand alone: the page became a hole.
/// In an ephemeral group there are no entries: it says that the store does not have the page, and leaves are shared with it.
/// </summary>
internal static class Slot
{
    public const ulong Hole = 0;

    /// <summary>The upper bits hold the frame: of the page in a leaf, of the child node above.</summary>
    public const ulong Resident = 1;
    public const ulong Dirty = 2;
    public const ulong InStore = 4;

    /// <summary>In leaves: evicted, or asked for: in the store for certain, whatever <see cref="VmObject.StoredLimit"/> says.</summary>
    public const ulong Evicted = InStore | 16;

    /// <summary>The store could not deliver the page.</summary>
    public const ulong Bad = 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(FrameNumber frame) => frame.Address.Value | Resident;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FrameNumber FrameOf(ulong slot) => new(slot >> PageSize.Shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsResident(ulong slot) => (slot & Resident) != 0;

    /// <summary>True if the store has the page; the plain marker counts only below the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsStored(ulong slot, ulong page, ulong storedLimit) => slot == Evicted || (slot == InStore && page < storedLimit);

    public static bool IsHole(ulong slot) => (slot & (Resident | InStore | Bad)) == 0;
}
