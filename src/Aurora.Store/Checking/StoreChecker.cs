// The check: count every reference from every root, then compare with the space map. A node with several references is walked once, as the
// counts say it is stored once. The previous cut, the base of the recent history, is walked apart: its blocks need not be counted any more, but none
// may have been given away.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>One run of a check over a store opened read-only.</summary>
internal sealed unsafe partial class StoreChecker
{
    private readonly StoreContext _context;
    private readonly SpaceAudit _audit;
    private readonly SpaceState _space;
    private readonly NodeCache _cache;
    private readonly ObjectReader _objects;
    private readonly ulong _lastSequence;
    private readonly CheckOptions _options;
    private readonly ReferenceMap _present;
    private readonly ReferenceMap _past;
    private readonly byte* _page;

    // Of a node that CountUnreachable looks at.
    private readonly byte* _node;
    private ReferenceMap _counted;
    private CheckReport _report;
    private StoreStatus _status;

    public StoreChecker(
        StoreContext context, SpaceMap space, NodeCache cache, ObjectReader objects, ulong lastSequence, in CheckOptions options)
    {
        _context = context;
        _audit = space.Audit;
        _space = space.State;
        _cache = cache;
        _objects = objects;
        _lastSequence = lastSequence;
        _options = options;
        _present = new ReferenceMap(context.Pages, context.Geometry);
        _past = new ReferenceMap(context.Pages, context.Geometry);
        _page = (byte*)context.Pages.Allocate(1);
        _node = (byte*)context.Pages.Allocate(1);
        _counted = _present;
    }

    public StoreStatus Run(LayerSet layers, out CheckReport report)
    {
        Superblock* super = _context.Super;
        bool hasMemory = _present.HasMemory && _past.HasMemory && _page != null && _node != null;
        _status = hasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        if (hasMemory)
        {
            CountTree(TreeKind.Volumes, super->Current.Volumes, 0, ulong.MaxValue, 0);
            for (Layer* layer = layers.First; layer != null; layer = layer->NextInSet)
                CheckLayer(layer);
            CountUnreachable();
            CompareCounts();
            CompareFreeCounts();
            CountSuperblocks();
            _counted = _past;
            CountTree(TreeKind.Volumes, super->Previous.Volumes, 0, ulong.MaxValue, 0);
        }
        _present.Free();
        _past.Free();
        if (_page != null)
            _context.Pages.Free(_page, 1);
        if (_node != null)
            _context.Pages.Free(_node, 1);
        _report.LastSequence = _lastSequence;
        report = _report;
        return _status;
    }

    // Counts a reference to a node, and walks it when it is the first. FirstKey must be what the parent says (0 for a root, which has no say), and
    // all keys must be below high.
    private void CountTree(TreeKind kind, NodePointer pointer, ulong firstKey, ulong high, ulong objectId)
    {
        if (pointer.IsEmpty || _status != StoreStatus.Ok || !Count(pointer.Block, kind, objectId, out bool isFirst) || !isFirst)
            return;
        StoreStatus status = _cache.Pin(kind, pointer, out NodeFrame* frame);
        if (status == StoreStatus.OutOfMemory)
        {
            _status = status;
            return;
        }
        if (status != StoreStatus.Ok)
        {
            StoreFault fault = _context.Fault;
            fault.Object = new ObjectId(objectId);
            Report(fault);
            return;
        }
        _report.TreeNodes += _counted == _present ? 1u : 0u;
        if (firstKey != 0 && frame->Header->FirstKey != firstKey)
            Report(StoreStatus.Corrupt, NodeCache.PlaceOf(kind), pointer.Block, objectId, firstKey, frame->Header->FirstKey);
        if (frame->LastKey >= high)
            Report(StoreStatus.Corrupt, NodeCache.PlaceOf(kind), pointer.Block, objectId, high, frame->LastKey);
        if (kind != TreeKind.Pages && frame->Header->Level == 0)
            CountRecords(kind, frame->Payload, frame->Header->Count, pointer.Block);
        else
            CountEntries(kind, frame->Entries, frame->Header->Count, frame->Header->Level, high, objectId);
        NodeCache.Unpin(frame);
    }

    private void CountEntries(TreeKind kind, MapEntry* entries, int count, byte level, ulong high, ulong objectId)
    {
        for (int i = 0; i < count && _status == StoreStatus.Ok; i++)
        {
            MapEntry entry = entries[i];
            if (level > 0)
                CountTree(kind, new NodePointer { Block = entry.Block, Checksum = entry.Checksum, Level = (byte)(level - 1) }, entry.Key, i + 1 < count ? entries[i + 1].Key : high, objectId);
            else if (Count(entry.Block, kind, objectId, out bool isFirst) && isFirst)
                CheckData(objectId, entry);
        }
    }

    private void CountRecords(TreeKind kind, byte* at, int count, ulong block)
    {
        for (int i = 0; i < count && _status == StoreStatus.Ok; i++)
        {
            RecordEntry* entry = (RecordEntry*)at;
            at += entry->TotalBytes;
            bool isPresent = _counted == _present;
            if (kind == TreeKind.Volumes)
            {
                CountVolume(entry, block);
                continue;
            }
            if (kind == TreeKind.History)
            {
                _report.Checkpoints += isPresent ? 1u : 0u;
                if (entry->RecordLength != HistoryRecord.Size)
                    Report(StoreStatus.Corrupt, FaultPlace.HistoryTree, block, 0, entry->Key, entry->RecordLength);
                CountTree(TreeKind.Objects, entry->Root, 0, ulong.MaxValue, 0);
                continue;
            }
            _report.Objects += isPresent ? 1u : 0u;
            CountTree(TreeKind.Pages, entry->Root, 0, ulong.MaxValue, entry->Key);
            CountEntries(TreeKind.Pages, (MapEntry*)(entry + 1), entry->InlinePages, 0, ulong.MaxValue, entry->Key);
        }
    }

    private void CountVolume(RecordEntry* entry, ulong block)
    {
        bool isPresent = _counted == _present;
        bool isListed = entry->Key < VolumeRecord.HiddenBit;
        _report.Volumes += isPresent && isListed ? 1u : 0u;
        _report.HiddenVolumes += isPresent && !isListed && entry->Key < VolumeRecord.DroppedBit ? 1u : 0u;
        CountTree(TreeKind.Objects, entry->Root, 0, ulong.MaxValue, 0);
        if (entry->RecordLength != VolumeRecord.Size)
            Report(StoreStatus.Corrupt, FaultPlace.VolumeTable, block, 0, entry->Key, entry->RecordLength);
        else if (isPresent)
            CountTree(TreeKind.History, ((VolumeRecord*)(entry + 1))->History, 0, ulong.MaxValue, 0);
    }

    private bool Count(ulong block, TreeKind kind, ulong objectId, out bool isFirst)
    {
        isFirst = false;
        if (!_context.Geometry.IsDataBlock(block))
        {
            Report(StoreStatus.Corrupt, NodeCache.PlaceOf(kind), block, objectId, 0, 0);
            return false;
        }
        uint count = _counted.Add(block);
        if (count == 0)
            _status = StoreStatus.OutOfMemory;
        isFirst = count == 1;
        if (isFirst && _counted == _past && _present.Count(block) == 0)
            CheckNotGivenAway(block, kind, objectId);
        return count != 0;
    }

    // A block only the previous cut refers to: freed by the current cut, so marked, and not yet anyone else's.
    private void CheckNotGivenAway(ulong block, TreeKind kind, ulong objectId)
    {
        StoreStatus status = _audit.Read(block, out _, out ushort raw);
        if (status != StoreStatus.Ok)
            Report(_context.Fault);
        else if (raw != SpacePage.Freed)
            Report(StoreStatus.WrongCount, NodeCache.PlaceOf(kind), block, objectId, 0, raw);
    }

    private void CheckData(ulong objectId, in MapEntry entry)
    {
        _report.DataBlocks += _counted == _present ? 1u : 0u;
        if (_options.VerifyData && _objects.ReadData(objectId, entry, _page) != StoreStatus.Ok)
            Report(_context.Fault);
        _context.Fibers.Yield();
    }

    // Pages that are only in the log so far: each has its block for itself, except that clones share.
    private void CheckLayer(Layer* layer)
    {
        for (LayerNode* node = layer->First; node != null; node = Layer.Next(node))
        {
            if (node->Key == 0 || node->Block == 0)
                continue;
            _report.LogPages++;
            var entry = new MapEntry { Key = node->Key - 1, Block = node->Block, Checksum = node->Checksum };
            if (!_context.Geometry.IsDataBlock(entry.Block) || _present.Count(entry.Block) != 0)
                Report(StoreStatus.Corrupt, FaultPlace.Log, entry.Block, node->Object, entry.Key, 0);
            else if (_options.VerifyData && _objects.ReadData(node->Object, entry, _page) != StoreStatus.Ok)
                Report(_context.Fault);
        }
    }

    private void CompareCounts()
    {
        ulong used = 0;
        for (ulong group = 0; group < _context.Geometry.Groups && _status == StoreStatus.Ok; group++)
        {
            StoreStatus status = _audit.IsGroupPresent(group, out bool isPresent);
            if (status != StoreStatus.Ok)
                Report(_context.Fault);
            else if (isPresent || _present.HasGroup(group))
                used += CompareGroup(group);
            _context.Fibers.Yield();
        }
        if (used != _context.Super->UsedBlocks)
            Report(StoreStatus.WrongCount, FaultPlace.Superblock, 0, 0, used, _context.Super->UsedBlocks);
        if (_report.TreeNodes != _context.Super->NodeBlocks)
            Report(StoreStatus.WrongCount, FaultPlace.Superblock, 0, 0, _report.TreeNodes, _context.Super->NodeBlocks);
        _report.FreeBlocks = _space.FreeBlocks;
        if (_audit.CountFree(out ulong free) == StoreStatus.Ok && free != _space.FreeBlocks)
            Report(StoreStatus.WrongCount, FaultPlace.Superblock, 0, 0, free, _space.FreeBlocks);
    }

    // What the upper levels of the space map say about the lower ones.
    private void CompareFreeCounts()
    {
        for (int level = 0; level < SpacePage.Levels; level++)
        {
            ulong pages = level == 0 ? _context.Geometry.Groups : level == 1 ? _context.Geometry.Level1Pages : _context.Geometry.Level2Pages;
            for (ulong index = 0; index < pages; index++)
            {
                StoreStatus status = _audit.CompareFree(level, index, out ulong block, out uint stored, out uint actual);
                if (status != StoreStatus.Ok)
                    Report(_context.Fault);
                else if (block != 0 && stored != actual)
                    Report(StoreStatus.WrongCount, FaultPlace.SpaceMap, block, 0, actual, stored);
            }
            _context.Fibers.Yield();
        }
    }

    // Copies that are not whole are no fault (a power cut may tear the ones being written), but worth knowing.
    private void CountSuperblocks()
    {
        for (ulong block = 0; block < 4; block++)
        {
            var super = (Superblock*)_page;
            if (_context.ReadBlock(block, super) != StoreStatus.Ok)
                Report(_context.Fault);
            else if (super->Magic == StoreFormat.SuperblockMagic && BlockChecksum.OfSuperblock(super) == super->Checksum)
                _report.WholeSuperblocks++;
        }
    }

    private ulong CompareGroup(ulong group)
    {
        ulong used = 0;
        ulong start = _context.Geometry.DataStart + (group * SpacePage.BlocksPerGroup);
        for (ulong block = start; block < start + SpacePage.BlocksPerGroup && block < _context.Geometry.BlockCount; block++)
        {
            StoreStatus status = _audit.Read(block, out uint references, out ushort raw);
            if (status != StoreStatus.Ok)
            {
                Report(_context.Fault);
                return used;
            }
            uint counted = _present.Count(block);
            used += references > 0 ? 1u : 0u;
            if (references != counted && raw != SpacePage.Saturated)
                Report(counted == 0 ? StoreStatus.Leaked : StoreStatus.WrongCount, FaultPlace.SpaceMap, block, 0, counted, raw);
        }
        return used;
    }

    private void Report(StoreStatus status, FaultPlace place, ulong block, ulong objectId, ulong page, ulong found)
        => Report(new StoreFault
        {
            Status = status,
            Place = place,
            Block = new BlockNumber(block),
            Object = new ObjectId(objectId),
            Page = page,
            Found = found,
        });

    private void Report(StoreFault fault)
    {
        _report.Faults++;
        if (_options.OnFault != null)
            _options.OnFault(&fault, _options.Context);
    }
}
