// Writes the new nodes of a tree, left to right. Each level has a buffer of up to two nodes' worth of entries: a full one emits its first node,
// and at a boundary (before an unchanged subtree is taken over, or at the end) what is left becomes one node or two halves. Thus every new node is
// written exactly once and never changes, and no node is emptier than half because of a split.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Builds trees of one kind; used by one fiber at a time. The first failure stays in Status.</summary>
internal sealed unsafe partial class TreeBuilder
{
    private const int NodeBytes = 4096 - NodeHeader.Bytes;
    private const int BufferEntries = 2 * MapEntry.PerNode;
    private const int LevelBytes = 2 * PageSize.Bytes;
    private const int RecordBytes = 3 * PageSize.Bytes;

    private readonly StoreContext _context;
    private readonly BlockAllocator _allocator;
    private readonly ReferenceCounts _references;
    private readonly NodeCache _cache;
    private readonly WriteBatch _batch;
    private readonly TreeKind _kind;
    private readonly byte* _levels;
    private readonly byte* _records;
    private readonly byte* _node;
    private readonly int* _counts;
    private int _recordBytes;
    private int _recordCount;
    private ulong _cut;

    /// <summary>Pages for the constructor.</summary>
    public const int MemoryPages = (2 * StoreFormat.MaxLevels) + 3 + 1 + 1;

    public TreeBuilder(StoreContext context, SpaceMap space, NodeCache cache, WriteBatch batch, TreeKind kind, byte* memory)
    {
        _context = context;
        _allocator = space.Allocator;
        _references = space.Counts;
        _cache = cache;
        _batch = batch;
        _kind = kind;
        _levels = memory;
        _records = memory + (StoreFormat.MaxLevels * LevelBytes);
        _node = _records + RecordBytes;
        _counts = (int*)(_node + PageSize.Bytes);
    }

    public StoreStatus Status { get; private set; }

    /// <summary>Nodes written since Begin.</summary>
    public ulong NodesWritten { get; private set; }

    /// <summary>Starts a new tree.</summary>
    public void Begin(ulong cut)
    {
        _cut = cut;
        Status = StoreStatus.Ok;
        NodesWritten = 0;
        _recordBytes = 0;
        _recordCount = 0;
        for (int i = 0; i < StoreFormat.MaxLevels; i++)
            _counts[i] = 0;
    }

    public void Fail(StoreStatus status)
    {
        if (Status == StoreStatus.Ok)
            Status = status;
    }

    /// <summary>Adds an entry to a page-tree leaf.</summary>
    public void EmitPage(in MapEntry entry) => Append(0, entry);

    /// <summary>Takes over a child of level <paramref name="level"/> - 1 unchanged.</summary>
    public void EmitChild(int level, in MapEntry child)
    {
        for (int below = 0; below < level; below++)
            FlushLevel(below);
        Append(level, child);
    }

    /// <summary>
    /// True when taking over a child of an inner node of level <paramref name="level"/> would leave a node less than half full before it. The child is then merged
    /// as if it had changes. Only the last nodes of a tree may be smaller: <see cref="ChangeCounts"/> relies on it.
    /// </summary>
    public bool WouldLeaveSmallNode(int level)
    {
        int nodes = 0;
        for (int below = 0; below < level; below++)
        {
            int count = _counts[below] + nodes;
            if (count is > 0 and < MapEntry.PerNode / 2)
                return true;
            bool isOne = count > 0 || (below == 0 && _recordBytes > 0);
            nodes = count > MapEntry.PerNode ? 2 : isOne ? 1 : 0;
        }
        return false;
    }

    /// <summary>The pages collected so far, when they are so few that they need no tree; else -1.</summary>
    public int TryInline(out MapEntry* entries)
    {
        entries = LevelBuffer(0);
        for (int level = 1; level < StoreFormat.MaxLevels; level++)
        {
            if (_counts[level] != 0)
                return -1;
        }
        return _counts[0] <= RecordEntry.MaxInlinePages ? _counts[0] : -1;
    }

    /// <summary>Completes the tree and returns its root; empty when nothing was emitted.</summary>
    public NodePointer Finish()
    {
        for (int level = 0; level < StoreFormat.MaxLevels && Status == StoreStatus.Ok; level++)
        {
            bool isTop = true;
            for (int above = level + 1; above < StoreFormat.MaxLevels; above++)
                isTop &= _counts[above] == 0;
            if (isTop && IsLevelEmpty(level))
                return default;
            if (isTop && level > 0 && _counts[level] == 1)
            {
                MapEntry* only = LevelBuffer(level);
                return new NodePointer { Block = only->Block, Checksum = only->Checksum, Level = (byte)(level - 1) };
            }
            FlushLevel(level);
        }
        Fail(StoreStatus.Corrupt);
        return default;
    }

    private bool IsLevelEmpty(int level) => _counts[level] == 0 && (level > 0 || _recordBytes == 0);

    private MapEntry* LevelBuffer(int level) => (MapEntry*)(_levels + (level * LevelBytes));

    private void Append(int level, in MapEntry entry)
    {
        if (Status != StoreStatus.Ok)
            return;
        if (level >= StoreFormat.MaxLevels)
        {
            Fail(_context.Refuse(StoreStatus.Corrupt, NodeCache.PlaceOf(_kind), entry.Block));
            return;
        }
        MapEntry* buffer = LevelBuffer(level);
        if (_counts[level] == BufferEntries)
            WriteFirst(level, MapEntry.PerNode);
        buffer[_counts[level]++] = entry;
    }

    private void FlushLevel(int level)
    {
        if (level == 0 && _recordBytes > 0)
            FlushRecords();
        if (_counts[level] > MapEntry.PerNode)
            WriteFirst(level, _counts[level] / 2);
        if (_counts[level] > 0)
            WriteFirst(level, _counts[level]);
    }

    private void WriteFirst(int level, int count)
    {
        MapEntry* buffer = LevelBuffer(level);
        StoreContext.Copy(buffer, _node + NodeHeader.Bytes, count * MapEntry.Bytes);
        int left = _counts[level] - count;
        StoreContext.Copy(buffer + count, buffer, left * MapEntry.Bytes);
        _counts[level] = left;
        WriteNode(level, count, count * MapEntry.Bytes, ((MapEntry*)(_node + NodeHeader.Bytes))->Key);
    }

    // Writes the node whose entries are in _node and emits the pointer to it one level up.
    private void WriteNode(int level, int count, int usedBytes, ulong firstKey)
    {
        if (Status != StoreStatus.Ok)
            return;
        StoreStatus status = _allocator.Allocate(1, false, out ulong block, out _);
        if (status == StoreStatus.Ok)
            status = _references.Increment(block);
        if (status != StoreStatus.Ok)
        {
            Fail(status == StoreStatus.NoSpace ? _context.Refuse(status, NodeCache.PlaceOf(_kind), 0) : status);
            return;
        }
        *(NodeHeader*)_node = new NodeHeader
        {
            Magic = StoreFormat.NodeMagic,
            Kind = _kind,
            Level = (byte)level,
            Count = (ushort)count,
            UsedBytes = (uint)usedBytes,
            Cut = _cut,
            FirstKey = firstKey,
            Block = block,
        };
        StoreContext.Clear(_node + NodeHeader.Bytes + usedBytes, NodeBytes - usedBytes);
        ulong checksum = BlockChecksum.OfNode(_context.HashSeed, block, _node);
        _batch.Write(block, _node);
        _cache.Add(block, checksum, _node);
        NodesWritten++;
        _context.Statistics.NodesWritten++;
        Append(level + 1, new MapEntry { Key = firstKey, Block = block, Checksum = checksum });
    }
}
