// The reference counts of all data blocks, cached in a fixed number of page frames. See SpaceFormat for the layout on the device.
// Commits only turn free blocks into New ones, in memory; counts change only while a cut is made, by one fiber. A frame with changes is written
// before it is given away, one with New blocks leaves their numbers in the NewBlockTable. A frame being read or written is Busy: others wait for
// it. A page keeps its parent in memory, so that writing it never needs another frame: whoever waits for a frame waits for the
// device only. Protected by the kernel lock.
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
}

internal enum FrameState : byte
{
    Empty,
    Busy,
    Ready,
}

/// <summary>The cached space map: finding, loading and writing its pages.</summary>
internal sealed unsafe partial class SpaceMap
{
    private const int Buckets = 512;

    private readonly StoreContext _context;
    private readonly SpaceFrame* _frames;
    private readonly SpaceFrame** _buckets;

    // One page for an eviction's copy, one for the copies handed to a batch (which copies again at once).
    private readonly byte* _bounce;
    private readonly byte* _outgoing;
    private readonly int _frameCount;
    private readonly NewBlockTable _newBlocks;
    private bool _isBounceBusy;

    // Pages written by the cut being made are still on their way through its batch: read again now, they would be old.
    private bool _isBatchPending;
    private int _hand;

    /// <summary>Pages needed by the constructor, besides one for each frame.</summary>
    public static int OverheadPages(int frames)
        => (int)PageSize.PagesFor((ulong)(frames + 1) * (ulong)sizeof(SpaceFrame)) + (Buckets * 8 / PageSize.Bytes) + 2;

    public SpaceMap(StoreContext context, byte* memory, int frames, FreedExtents freed)
    {
        _context = context;
        Freed = freed;
        _newBlocks = new NewBlockTable(context.Pages, frames);
        _frameCount = frames;
        byte* overhead = memory + ((long)frames * PageSize.Bytes);
        _frames = (SpaceFrame*)(overhead + (2 * PageSize.Bytes));
        _bounce = overhead;
        _outgoing = overhead + PageSize.Bytes;
        _buckets = (SpaceFrame**)(memory + ((long)(frames + OverheadPages(frames)) * PageSize.Bytes) - (Buckets * 8));
        for (int i = 0; i < frames; i++)
            _frames[i].Data = memory + ((long)i * PageSize.Bytes);
    }

    /// <summary>What the cut being made, and the one before it, have freed.</summary>
    public FreedExtents Freed { get; }

    // The frame behind the last is only a place to wait: for the bounce page, or for the batch.
    private FiberQueue* FrameWaiters => &_frames[_frameCount].Waiters;

    /// <summary>Returns what was allocated beyond the constructor's memory.</summary>
    public void FreeMemory() => _newBlocks.Free();

    private SpaceFrame* Find(int level, ulong index)
    {
        SpaceFrame* frame = _buckets[BucketOf(level, index)];
        while (frame != null && (frame->Index != index || frame->Level != level))
            frame = frame->NextInBucket;
        return frame;
    }

    /// <summary>Pins the page of the map, reading it when it is not in memory. Blocks.</summary>
    private StoreStatus Pin(int level, ulong index, out SpaceFrame* pinned)
    {
        pinned = null;
        while (true)
        {
            SpaceFrame* frame = Find(level, index);
            if (frame == null)
            {
                StoreStatus status = Load(level, index);
                if (status != StoreStatus.Ok)
                    return status;
                continue;
            }
            if (frame->State == FrameState.Busy)
            {
                _context.Fibers.Block(&frame->Waiters);
                continue;
            }
            frame->Pins++;
            frame->IsRecent = true;
            pinned = frame;
            return StoreStatus.Ok;
        }
    }

    private static void Unpin(SpaceFrame* frame)
    {
        if (frame != null)
            frame->Pins--;
    }

    private StoreStatus Load(int level, ulong index)
    {
        StoreStatus status = ParentEntry(level, index, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        status = TakeFrame(out SpaceFrame* frame);
        if (status != StoreStatus.Ok || Find(level, index) != null)
        {
            // Another fiber may have loaded it while this one made room.
            Unpin(parent);
            return status;
        }
        Insert(frame, level, index);
        frame->Parent = parent;
        SpaceEntry found = *entry;
        status = Read(frame, found);
        if (status == StoreStatus.Ok && level == 0)
            AddNew(frame, _newBlocks.Restore(index, CountsOf(frame)), isKnown: true);
        if (status != StoreStatus.Ok)
            Remove(frame);
        frame->State = status == StoreStatus.Ok ? FrameState.Ready : FrameState.Empty;
        _context.Fibers.WakeAll(&frame->Waiters);
        return status;
    }

    private StoreStatus Read(SpaceFrame* frame, SpaceEntry entry)
    {
        SpacePageHeader* header = (SpacePageHeader*)frame->Data;
        frame->IsDirty = false;
        frame->NewBlocks = 0;
        frame->ViewMarks = 0;
        frame->SlotCut = 0;
        if (entry.IsPresent == 0)
        {
            StoreContext.Clear(frame->Data, PageSize.Bytes);
            header->Magic = StoreFormat.SpaceMagic;
            header->Level = (uint)frame->Level;
            header->Index = frame->Index;
            return StoreStatus.Ok;
        }
        if (entry.Slot >= SpacePage.Slots)
            return _context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, 0, 0, frame->Index);
        ulong block = BlockOf(frame->Level, frame->Index, entry.Slot);
        StoreStatus status = _context.ReadBlock(block, frame->Data);
        if (status != StoreStatus.Ok)
            return status;
        if (BlockChecksum.OfSpacePage(_context.HashSeed, block, frame->Data) != entry.Checksum)
            return _context.Refuse(StoreStatus.BadChecksum, FaultPlace.SpaceMap, block, 0, frame->Index);
        if (header->Magic != StoreFormat.SpaceMagic || header->Level != (uint)frame->Level || header->Index != frame->Index || header->Cut > _cut)
            return _context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, frame->Index);
        if (frame->Level == 0
            && new Span<ushort>(CountsOf(frame), SpacePage.BlocksPerGroup).ContainsAnyInRange(SpacePage.FirstAge, SpacePage.New))
            return _context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, frame->Index, SpacePage.New);
        frame->SlotCut = header->Cut;
        return StoreStatus.Ok;
    }

    /// <summary>The entry about a page that is in memory.</summary>
    private SpaceEntry* EntryOf(SpaceFrame* frame)
        => frame->Parent == null
            ? (SpaceEntry*)_context.Super->SpaceRoots + frame->Index
            : EntryIn(frame->Parent, frame->Index % SpacePage.EntriesPerPage);

    /// <summary>The entry about a page; the frame that holds it (null for the superblock) comes back pinned.</summary>
    private StoreStatus ParentEntry(int level, ulong index, out SpaceEntry* entry, out SpaceFrame* parent)
    {
        entry = null;
        parent = null;
        if (level == SpacePage.Levels - 1)
        {
            entry = (SpaceEntry*)_context.Super->SpaceRoots + index;
            return StoreStatus.Ok;
        }
        StoreStatus status = Pin(level + 1, index / SpacePage.EntriesPerPage, out parent);
        if (status == StoreStatus.Ok)
            entry = EntryIn(parent, index % SpacePage.EntriesPerPage);
        return status;
    }

    private static SpaceEntry* EntryIn(SpaceFrame* frame, ulong entry) => (SpaceEntry*)(frame->Data + SpacePageHeader.Bytes) + entry;

    private static ushort* CountsOf(SpaceFrame* frame) => (ushort*)(frame->Data + SpacePageHeader.Bytes);

    private ulong BlockOf(int level, ulong index, int slot)
    {
        ulong start = level switch
        {
            0 => _context.Geometry.Level0Start,
            1 => _context.Geometry.Level1Start,
            _ => _context.Geometry.Level2Start,
        };
        return start + (index * SpacePage.Slots) + (ulong)slot;
    }

    private static int BucketOf(int level, ulong index) => (int)(((index * 3) + (ulong)level) % Buckets);

    private void Insert(SpaceFrame* frame, int level, ulong index)
    {
        frame->Level = level;
        frame->Index = index;
        frame->State = FrameState.Busy;
        frame->Pins = 0;
        SpaceFrame** bucket = &_buckets[BucketOf(level, index)];
        frame->NextInBucket = *bucket;
        *bucket = frame;
    }

    private void Remove(SpaceFrame* frame)
    {
        SpaceFrame** link = &_buckets[BucketOf(frame->Level, frame->Index)];
        while (*link != frame)
            link = &(*link)->NextInBucket;
        *link = frame->NextInBucket;
        Unpin(frame->Parent);
        frame->Parent = null;
    }
}
