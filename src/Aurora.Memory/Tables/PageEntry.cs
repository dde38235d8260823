using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>
/// The bits of an x86-64 page-table entry (Intel SDM vol. 3, 4.5). Accessed and dirty are set when an entry is made, so that the CPU
/// does not write to a table on its own; but for the dirty bit of opened pages, which tells whether somebody has stored (OpenedPages).
/// </summary>
public static class PageEntry
{
    public const ulong Present = 1UL << 0;
    public const ulong Writable = 1UL << 1;
    public const ulong User = 1UL << 2;
    public const ulong Accessed = 1UL << 5;
    public const ulong Dirty = 1UL << 6;

    /// <summary>
    /// For software: made writable before anybody stored, and without <see cref="Dirty"/>, which the CPU sets at the first store.
    /// </summary>
    public const ulong Opened = 1UL << 9;
    public const ulong NoExecute = 1UL << 63;
    public const ulong FrameMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>What an entry that points to the next lower table carries; the last level alone decides about access.</summary>
    public const ulong TableBits = Present | Writable | User | Accessed;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FrameNumber FrameOf(ulong entry) => new((entry & FrameMask) >> PageSize.Shift);

    /// <summary>A user page that can be read, and executed if asked for; never written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadOnly(FrameNumber frame, bool executable) =>
        frame.Address.Value | Present | User | Accessed | (executable ? 0 : NoExecute);
}
