// Tree nodes in memory: a fixed number of frames found by (block, checksum). Nodes never change once written, and a block that is freed and
// written again has another checksum, so an entry can be old but never wrong. A frame being read is Busy; others wait for it. The checksum and
// the structure are verified once, when the node is read. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A cached node.</summary>
internal unsafe struct NodeFrame
{
    public byte* Data;
    public ulong Block;
    public ulong Checksum;

    /// <summary>The key of the last entry.</summary>
    public ulong LastKey;
    public FrameState State;
    public bool IsRecent;
    public int Pins;
    public NodeFrame* NextInBucket;
    public FiberQueue Waiters;

    public readonly NodeHeader* Header => (NodeHeader*)Data;

    public readonly MapEntry* Entries => (MapEntry*)(Data + NodeHeader.Bytes);

    public readonly byte* Payload => Data + NodeHeader.Bytes;
}

/// <summary>The cache of tree nodes.</summary>
internal sealed unsafe class NodeCache
{
    /// <summary>In PinWithin: a root, whose first key no parent says. Keys are always smaller.</summary>
    public const ulong AnyKey = ulong.MaxValue;

    private const int Buckets = 2048;

    private readonly StoreContext _context;
    private readonly NodeFrame* _frames;
    private readonly NodeFrame** _buckets;
    private readonly int _frameCount;
    private int _hand;

    /// <summary>Pages needed by the constructor, besides one for each frame.</summary>
    public static int OverheadPages(int frames)
        => (int)PageSize.PagesFor((ulong)frames * (ulong)sizeof(NodeFrame)) + (Buckets * 8 / PageSize.Bytes);

    public NodeCache(StoreContext context, byte* memory, int frames)
    {
        _context = context;
        _frameCount = frames;
        _buckets = (NodeFrame**)(memory + ((long)frames * PageSize.Bytes));
        _frames = (NodeFrame*)((byte*)_buckets + (Buckets * 8));
        for (int i = 0; i < frames; i++)
            _frames[i].Data = memory + ((long)i * PageSize.Bytes);
    }

    /// <summary>
    /// Pins a node met on the way down: its keys must start with the one its parent says and end before <paramref name="high"/>. Without this a
    /// corrupt tree could lead to one node on many ways, and a walk would take for ever. Blocks.
    /// </summary>
    public StoreStatus PinWithin(TreeKind kind, in NodePointer pointer, ulong firstKey, ulong high, out NodeFrame* pinned)
    {
        StoreStatus status = Pin(kind, pointer, out pinned);
        if (status != StoreStatus.Ok || ((firstKey == AnyKey || pinned->Header->FirstKey == firstKey) && pinned->LastKey < high))
            return status;
        Unpin(pinned);
        pinned = null;
        return _context.Refuse(StoreStatus.Corrupt, PlaceOf(kind), pointer.Block);
    }

    /// <summary>Pins the node, reading and checking it when it is not in memory. Blocks.</summary>
    public StoreStatus Pin(TreeKind kind, in NodePointer pointer, out NodeFrame* pinned)
    {
        pinned = null;
        while (true)
        {
            NodeFrame* frame = Find(pointer.Block, pointer.Checksum);
            if (frame == null)
            {
                StoreStatus status = Load(kind, pointer);
                if (status != StoreStatus.Ok)
                    return status;
                continue;
            }
            if (frame->State == FrameState.Busy)
            {
                _context.Fibers.Block(&frame->Waiters);
                continue;
            }
            // The same bytes can be asked for in another role only through a corrupt pointer.
            if (frame->Header->Kind != kind || frame->Header->Level != pointer.Level)
                return _context.Refuse(StoreStatus.Corrupt, PlaceOf(kind), pointer.Block);
            frame->Pins++;
            frame->IsRecent = true;
            pinned = frame;
            return StoreStatus.Ok;
        }
    }

    /// <summary>
    /// A node that is dropped and cannot be read takes with it what it refers to: that stays allocated, and the cut goes on. Nothing that
    /// is still wanted is touched, so that damage to one file or checkpoint, once it is deleted, harms no other.
    /// </summary>
    public StoreStatus ForgiveDrop(StoreStatus status)
    {
        if (status is not (StoreStatus.BadChecksum or StoreStatus.Corrupt or StoreStatus.DeviceError))
            return status;
        KernelLog.Line("store: something that was deleted cannot be read; the space it held stays allocated"u8);
        return StoreStatus.Ok;
    }

    /// <summary>The pointer to a child of a pinned inner node.</summary>
    public static NodePointer ChildOf(NodeFrame* frame, int index)
    {
        MapEntry* entry = &frame->Entries[index];
        return new NodePointer { Block = entry->Block, Checksum = entry->Checksum, Level = (byte)(frame->Header->Level - 1) };
    }

    /// <summary>Where the keys of a child of a pinned inner node end, given where the node's own do.</summary>
    public static ulong HighOf(NodeFrame* frame, int index, ulong high)
        => index + 1 < frame->Header->Count ? frame->Entries[index + 1].Key : high;

    public static void Unpin(NodeFrame* frame) => frame->Pins--;

    /// <summary>Keeps a copy of a node that was just built; it is only a convenience, so a full cache is no failure.</summary>
    public void Add(ulong block, ulong checksum, void* contents)
    {
        if (Find(block, checksum) != null)
            return;
        NodeFrame* frame = TakeFrame();
        if (frame == null)
            return;
        StoreContext.Copy(contents, frame->Data, PageSize.Bytes);
        Insert(frame, block, checksum);
        frame->LastKey = LastKeyOf(frame);
        frame->State = FrameState.Ready;
    }

    public static FaultPlace PlaceOf(TreeKind kind) => kind switch
    {
        TreeKind.Objects => FaultPlace.ObjectTree,
        TreeKind.Pages => FaultPlace.PageTree,
        TreeKind.Volumes => FaultPlace.VolumeTable,
        _ => FaultPlace.HistoryTree,
    };

    private StoreStatus Load(TreeKind kind, in NodePointer pointer)
    {
        if (!_context.Geometry.IsDataBlock(pointer.Block) || pointer.Level >= StoreFormat.MaxLevels)
            return _context.Refuse(StoreStatus.Corrupt, PlaceOf(kind), pointer.Block);
        NodeFrame* frame = TakeFrame();
        if (frame == null)
            return StoreStatus.OutOfMemory;
        Insert(frame, pointer.Block, pointer.Checksum);
        frame->State = FrameState.Busy;
        StoreStatus status = _context.ReadBlock(pointer.Block, frame->Data);
        _context.Statistics.NodesRead++;
        if (status == StoreStatus.Ok && BlockChecksum.OfNode(_context.HashSeed, pointer.Block, frame->Data) != pointer.Checksum)
            status = _context.Refuse(StoreStatus.BadChecksum, PlaceOf(kind), pointer.Block);
        if (status == StoreStatus.Ok && !NodeCheck.IsValid(frame->Data, kind, pointer, _context.Geometry))
            status = _context.Refuse(StoreStatus.Corrupt, PlaceOf(kind), pointer.Block);
        if (status == StoreStatus.Ok)
        {
            frame->LastKey = LastKeyOf(frame);
            frame->State = FrameState.Ready;
        }
        else
        {
            Remove(frame);
            frame->State = FrameState.Empty;
        }
        _context.Fibers.WakeAll(&frame->Waiters);
        return status;
    }

    private NodeFrame* Find(ulong block, ulong checksum)
    {
        NodeFrame* frame = _buckets[BucketOf(block)];
        while (frame != null && (frame->Block != block || frame->Checksum != checksum))
            frame = frame->NextInBucket;
        return frame;
    }

    private NodeFrame* TakeFrame()
    {
        for (int step = 0; step < 2 * _frameCount; step++)
        {
            NodeFrame* frame = &_frames[_hand];
            _hand = (_hand + 1) % _frameCount;
            if (frame->State == FrameState.Empty)
                return frame;
            if (frame->State == FrameState.Busy || frame->Pins != 0)
                continue;
            if (frame->IsRecent)
            {
                frame->IsRecent = false;
                continue;
            }
            Remove(frame);
            frame->State = FrameState.Empty;
            return frame;
        }
        return null;
    }

    private static ulong LastKeyOf(NodeFrame* frame)
    {
        if (frame->Header->Level > 0 || frame->Header->Kind == TreeKind.Pages)
            return frame->Entries[frame->Header->Count - 1].Key;
        byte* at = frame->Payload;
        for (int i = 1; i < frame->Header->Count; i++)
            at += ((RecordEntry*)at)->TotalBytes;
        return ((RecordEntry*)at)->Key;
    }

    private static int BucketOf(ulong block) => (int)(block % Buckets);

    private void Insert(NodeFrame* frame, ulong block, ulong checksum)
    {
        frame->Block = block;
        frame->Checksum = checksum;
        frame->Pins = 0;
        frame->IsRecent = true;
        NodeFrame** bucket = &_buckets[BucketOf(block)];
        frame->NextInBucket = *bucket;
        *bucket = frame;
    }

    private void Remove(NodeFrame* frame)
    {
        NodeFrame** link = &_buckets[BucketOf(frame->Block)];
        while (*link != frame)
            link = &(*link)->NextInBucket;
        *link = frame->NextInBucket;
    }
}
