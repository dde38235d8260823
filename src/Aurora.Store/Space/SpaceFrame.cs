using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A page of the space map in memory.</summary>
internal unsafe struct SpaceFrame
{
    public byte* Data;
    public ulong Index;
    public int Level;
    public FrameState State;
    public bool IsDirty;
    public bool IsRecent;

    /// <summary>True when the slot in the parent's entry was chosen by the cut now being made, so that it may be written again.</summary>
    public ulong SlotCut;
    public int Pins;
    public int NewBlocks;

    /// <summary>Marks that only memory knows: of an age, or released.</summary>
    public int ViewMarks;

    /// <summary>The frame of the parent page, pinned as long as this one is in use; null at the top.</summary>
    public SpaceFrame* Parent;
    public SpaceFrame* NextInBucket;
    public FiberQueue Waiters;

    public readonly SpacePageHeader* Header => (SpacePageHeader*)Data;

    /// <summary>On level 0: a count for each block of the group.</summary>
    public readonly ushort* Counts => (ushort*)(Data + SpacePageHeader.Bytes);

    public readonly Span<ushort> CountSpan => new(Counts, SpacePage.BlocksPerGroup);

    /// <summary>Above level 0: what is known about the pages below.</summary>
    public readonly SpaceEntry* Entries => (SpaceEntry*)(Data + SpacePageHeader.Bytes);
}

internal enum FrameState : byte
{
    Empty,
    Busy,
    Ready,
}
