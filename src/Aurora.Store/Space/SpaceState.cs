// How many blocks are what, and which cuts the map's marks are about. Every data block is free, used (with a reference), New
// (allocated, not yet referenced by a tree), or freed and waiting: for the cut being made (FreedByCut), for the one after
// (FreedByLast), for a view (Ages, ViewMarks). Protected by the kernel lock.
namespace Aurora.Store;

/// <summary>The counters of the space map.</summary>
internal sealed unsafe class SpaceState
{
    /// <summary>Blocks that can be allocated now.</summary>
    public ulong FreeBlocks;

    /// <summary>Blocks with a reference.</summary>
    public ulong UsedBlocks;

    /// <summary>Allocated, and not yet referenced by a tree.</summary>
    public ulong NewBlocks;
    public int FramesWithNew;

    /// <summary>Freed blocks that are due behind the cut being made, or the last one made: it has freed them.</summary>
    public ulong FreedByCut;

    /// <summary>Freed blocks that are due at that cut. Those due before are in Ages.</summary>
    public ulong FreedByLast;

    /// <summary>Freed blocks that have marks of an age, or are released; they are counted nowhere else.</summary>
    public ulong ViewMarks;
    public readonly ViewAges Ages = new();

    /// <summary>The cut being made, or the last one made.</summary>
    public ulong Cut;
    public ulong DurableCut;

    /// <summary>Marks that are due at this cut, or before, are free blocks.</summary>
    public ulong ReusableCut;

    /// <summary>The index of the data block where the next search starts.</summary>
    public ulong Cursor;

    /// <summary>Freed, and not free yet.</summary>
    public ulong PendingFreeBlocks => FreedByCut + FreedByLast + Ages.TotalWaiting + ViewMarks;

    /// <summary>Takes over the state of a superblock.</summary>
    public void Start(ulong cut, ulong dataBlocks, ulong usedBlocks, ulong freedBlocks)
    {
        Cut = cut;
        DurableCut = cut;
        ReusableCut = cut;
        UsedBlocks = usedBlocks;
        FreedByCut = freedBlocks;
        FreeBlocks = dataBlocks - usedBlocks - freedBlocks;
    }

    /// <summary>Counts change from here on as part of this cut.</summary>
    public void BeginCut(ulong cut)
    {
        Cut = cut;
        FreedByLast = FreedByCut;
        FreedByCut = 0;
    }

    /// <summary>A frame has more New blocks, or fewer. Known ones come back from the table, or go there, and are counted already.</summary>
    public void AddNew(SpaceFrame* frame, int blocks, bool isKnown = false)
    {
        FramesWithNew += (frame->NewBlocks + blocks > 0 ? 1 : 0) - (frame->NewBlocks > 0 ? 1 : 0);
        frame->NewBlocks += blocks;
        if (!isKnown)
            NewBlocks += (ulong)(long)blocks;
    }

    /// <summary>A frame has more marks that only memory knows, or fewer.</summary>
    public void AddViewMarks(SpaceFrame* frame, int marks)
    {
        frame->ViewMarks += marks;
        ViewMarks += (ulong)(long)marks;
    }

    /// <summary>The counter of the blocks without such marks that are due at a cut.</summary>
    public ref ulong WaitingFor(ulong due)
    {
        if (due > Cut)
            return ref FreedByCut;
        if (due == Cut && DurableCut < Cut)
            return ref FreedByLast;
        return ref Ages.WaitingFor(Ages.First(due));
    }
}
