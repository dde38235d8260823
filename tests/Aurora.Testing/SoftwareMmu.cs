using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Testing;

/// <summary>Invalidations that are forgotten on purpose, to see whether a test notices.</summary>
[System.Flags]
public enum DroppedInvalidations
{
    None = 0,
    Pages = 1,
    Spaces = 2,
    Everything = 4,
}

/// <summary>
/// What a CPU does with page tables, for host tests: walks the four levels, checks present, user, write and no-execute, and keeps every
/// translation it has used until it is told to forget it, so that a missing invalidation shows as a stale access. At the first store
/// through a translation it sets the entry's dirty bit; one that it keeps as dirty it does not look up again.
/// </summary>
public sealed unsafe class SoftwareMmu(FramePool frames) : TlbControl
{
    private readonly Dictionary<(ulong Root, ulong Page), ulong> _translations = [];

    /// <summary>How often anything was invalidated.</summary>
    public int Invalidations { get; private set; }

    public int Shootdowns { get; private set; }

    public DroppedInvalidations Dropped { get; init; }

    public override void InvalidatePage(FrameNumber root, VirtualAddress address)
    {
        Invalidations++;
        if ((Dropped & DroppedInvalidations.Pages) == 0)
            _translations.Remove((root.Value, address.Value >> 12));
    }

    public override void InvalidateSpace(FrameNumber root)
    {
        Invalidations++;
        foreach ((ulong Root, ulong Page) key in new List<(ulong Root, ulong Page)>(_translations.Keys))
        {
            if (key.Root == root.Value && (Dropped & DroppedInvalidations.Spaces) == 0)
                _translations.Remove(key);
        }
    }

    public override void InvalidateAll()
    {
        Invalidations++;
        Shootdowns++;
        if ((Dropped & DroppedInvalidations.Everything) == 0)
            _translations.Clear();
    }

    /// <summary>The byte a program would access, or null: then it takes a fault.</summary>
    public byte* Access(FrameNumber root, ulong address, FaultAccess access)
    {
        (ulong, ulong) key = (root.Value, address >> 12);
        if (!_translations.TryGetValue(key, out ulong entry))
        {
            entry = Walk(root, address, out _);
            if ((entry & 1) == 0)
                return null;
            _translations[key] = entry;
        }
        bool isAllowed = (entry & 4) != 0
            && (access != FaultAccess.Write || (entry & 2) != 0)
            && (access != FaultAccess.Execute || entry >> 63 == 0);
        if (!isAllowed)
        {
            // A CPU drops the translation that caused a fault.
            _translations.Remove(key);
            return null;
        }
        if (access == FaultAccess.Write && (entry & PageEntry.Dirty) == 0)
        {
            entry = Walk(root, address, out ulong* place);
            if ((entry & 7) != 7)
            {
                _translations.Remove(key);
                return null;
            }
            *place |= PageEntry.Dirty;
            _translations[key] = entry | PageEntry.Dirty;
        }
        return frames.AddressOf(new FrameNumber((entry & 0x000F_FFFF_FFFF_F000) >> 12)) + (address & 4095);
    }

    private ulong Walk(FrameNumber root, ulong address, out ulong* place)
    {
        ulong table = root.Value;
        ulong rights = 2 | 4;
        ulong noExecute = 0;
        for (int shift = 39; ; shift -= 9)
        {
            place = (ulong*)frames.AddressOf(new FrameNumber(table)) + ((address >> shift) & 511);
            ulong entry = *place;
            if ((entry & 1) == 0)
                return 0;
            rights &= entry;
            noExecute |= entry & (1UL << 63);
            if (shift == 12)
                return (entry & ~(6UL | (1UL << 63))) | rights | noExecute;
            table = (entry & 0x000F_FFFF_FFFF_F000) >> 12;
        }
    }
}
