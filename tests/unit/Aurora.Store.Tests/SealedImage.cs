// Damage that checksums do not show: a metadata block is changed and every sum that covers it is made right again, up to the superblock. Sums of tree
// nodes and of pages of the space map lie in their parents; a block of the log is covered by its own sum and by the chain through the blocks after it.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Testing;

namespace Aurora.Store.Tests;

/// <summary>A block of metadata, and what it is.</summary>
internal readonly record struct MetadataBlock(ulong Block, string Kind, int HeaderBytes);

/// <summary>An image whose metadata can be changed without its checksums telling.</summary>
internal sealed unsafe class SealedImage
{
    private readonly Dictionary<ulong, byte[]> _good = [];
    private readonly Dictionary<ulong, List<(ulong Parent, int SumOffset)>> _parents = [];
    private readonly List<(ulong Block, ulong Position)> _log = [];
    private readonly Superblock _super;
    private readonly Geometry _geometry;
    private readonly ulong _superblock;
    private readonly ulong _seed;

    public SealedImage(MemoryBlockDevice device)
    {
        BlockCount = device.BlockCount;
        foreach (ulong block in device.WrittenBlocks)
            _good[block] = device.Contents(block);
        _superblock = Enumerable.Range(0, 4).Select(block => (ulong)block).Where(_good.ContainsKey).MaxBy(block => SuperOf(block).WriteVersion);
        _super = SuperOf(_superblock);
        Geometry.TryCreate(_super.BlockCount, _super.LogBlocks, out _geometry);
        _seed = BlockChecksum.StoreSeed(_super.UuidLow, _super.UuidHigh);
        Metadata.Add(new MetadataBlock(_superblock, "superblock", 320));
        AddTrees();
        AddSpaceMap();
        AddLog();
    }

    public ulong BlockCount { get; }

    /// <summary>Every block of metadata in use.</summary>
    public List<MetadataBlock> Metadata { get; } = [];

    public byte[] Contents(ulong block) => _good[block];

    /// <summary>The image with other contents in these blocks and all sums right. The older superblock stays what it is.</summary>
    public MemoryBlockDevice With(params (ulong Block, byte[] Contents)[] changes)
    {
        var image = new Dictionary<ulong, byte[]>(_good);
        foreach ((ulong block, byte[] contents) in changes)
        {
            image[block] = contents;
            Seal(image, block);
        }
        SealSuperblock(image);
        var device = new MemoryBlockDevice(BlockCount);
        foreach ((ulong block, byte[] contents) in image)
            device.SetContents(block, contents);
        return device;
    }

    private Superblock SuperOf(ulong block)
    {
        fixed (byte* bytes = _good[block])
            return *(Superblock*)bytes;
    }

    private void Seal(Dictionary<ulong, byte[]> image, ulong block)
    {
        int log = _log.FindIndex(entry => entry.Block == block);
        if (log >= 0)
            SealLog(image, log);
        if (!_parents.TryGetValue(block, out var parents))
            return;
        bool isSpace = block < _geometry.DataStart;
        ulong sum;
        fixed (byte* bytes = image[block])
            sum = isSpace ? BlockChecksum.OfSpacePage(_seed, block, bytes) : BlockChecksum.OfNode(_seed, block, bytes);
        foreach ((ulong parent, int offset) in parents)
        {
            byte[] changed = (byte[])image[parent].Clone();
            BitConverter.TryWriteBytes(changed.AsSpan(offset), sum);
            image[parent] = changed;
            Seal(image, parent);
        }
    }

    // The chain goes on from the changed block to the end of the log; the newest cut remembers where it is in it.
    private void SealLog(Dictionary<ulong, byte[]> image, int changedIndex)
    {
        ulong chain = 0;
        for (int i = changedIndex; i < _log.Count; i++)
        {
            (ulong block, ulong position) = _log[i];
            byte[] changed = (byte[])image[block].Clone();
            fixed (byte* bytes = changed)
            {
                var header = (LogBlockHeader*)bytes;
                if (i > changedIndex)
                    header->Chain = chain;
                chain = header->Checksum = BlockChecksum.OfLogBlock(_seed, position, bytes);
            }
            image[block] = changed;
            if (position + 1 == _super.Current.LogPosition)
                SetChainOfCut(image, chain);
        }
    }

    private void SetChainOfCut(Dictionary<ulong, byte[]> image, ulong chain)
    {
        byte[] changed = (byte[])image[_superblock].Clone();
        fixed (byte* bytes = changed)
            ((Superblock*)bytes)->Current.LogChain = chain;
        image[_superblock] = changed;
    }

    private void SealSuperblock(Dictionary<ulong, byte[]> image)
    {
        byte[] sealedBytes = (byte[])image[_superblock].Clone();
        fixed (byte* bytes = sealedBytes)
            ((Superblock*)bytes)->Checksum = BlockChecksum.OfSuperblock((Superblock*)bytes);
        image[_superblock] = sealedBytes;
        image[_superblock ^ 1] = sealedBytes;
    }

    private void AddTrees()
    {
        fixed (Superblock* super = &_super)
        {
            AddPointer(_superblock, (byte*)super, &super->Current.Volumes, TreeKind.Volumes);
            AddPointer(_superblock, (byte*)super, &super->Previous.Volumes, TreeKind.Volumes);
        }
    }

    private void AddPointer(ulong parent, byte* parentBytes, NodePointer* pointer, TreeKind kind)
    {
        if (!pointer->IsEmpty)
            AddNode(parent, (int)((byte*)&pointer->Checksum - parentBytes), pointer->Block, kind);
    }

    private void AddNode(ulong parent, int sumOffset, ulong block, TreeKind kind)
    {
        bool isKnown = _parents.TryGetValue(block, out var parents);
        if (!isKnown)
            _parents[block] = parents = [];
        parents!.Add((parent, sumOffset));
        if (isKnown)
            return;
        fixed (byte* bytes = _good[block])
        {
            var header = (NodeHeader*)bytes;
            Metadata.Add(new MetadataBlock(block, kind + (header->Level > 0 ? " inner" : ""), NodeHeader.Bytes));
            if (header->Level > 0)
                AddChildren(block, bytes, kind);
            else if (kind != TreeKind.Pages)
                AddRoots(block, bytes, kind);
        }
    }

    private void AddChildren(ulong block, byte* bytes, TreeKind kind)
    {
        var entries = (MapEntry*)(bytes + NodeHeader.Bytes);
        for (int i = 0; i < ((NodeHeader*)bytes)->Count; i++)
            AddNode(block, (int)((byte*)&entries[i].Checksum - bytes), entries[i].Block, kind);
    }

    private void AddRoots(ulong block, byte* bytes, TreeKind kind)
    {
        int offset = NodeHeader.Bytes;
        for (int i = 0; i < ((NodeHeader*)bytes)->Count; i++)
        {
            var entry = (RecordEntry*)(bytes + offset);
            if (entry->RootBlock != 0)
                AddNode(block, (int)((byte*)&entry->RootChecksum - bytes), entry->RootBlock, KindBelow(kind));
            if (kind == TreeKind.Volumes)
                AddPointer(block, bytes, &((VolumeRecord*)(entry + 1))->History, TreeKind.History);
            offset += entry->TotalBytes;
        }
    }

    private static TreeKind KindBelow(TreeKind kind) => kind == TreeKind.Objects ? TreeKind.Pages : TreeKind.Objects;

    private void AddSpaceMap()
    {
        fixed (Superblock* super = &_super)
            AddSpaceEntries(_superblock, (byte*)super, (SpaceEntry*)super->SpaceRoots, (int)_geometry.Level2Pages, level: 2, first: 0);
    }

    private void AddSpaceEntries(ulong parent, byte* parentBytes, SpaceEntry* entries, int count, int level, ulong first)
    {
        for (int i = 0; i < count; i++)
        {
            if (entries[i].IsPresent == 0)
                continue;
            ulong start = level switch { 2 => _geometry.Level2Start, 1 => _geometry.Level1Start, _ => _geometry.Level0Start };
            ulong index = first + (ulong)i;
            ulong block = start + (SpacePage.Slots * index) + entries[i].Slot;
            _parents[block] = [(parent, (int)((byte*)&entries[i].Checksum - parentBytes))];
            Metadata.Add(new MetadataBlock(block, $"space {level}", SpacePageHeader.Bytes));
            fixed (byte* bytes = _good[block])
            {
                ulong below = level == 2 ? _geometry.Level1Pages : _geometry.Groups;
                ulong firstBelow = index * (ulong)SpacePage.EntriesPerPage;
                int countBelow = (int)Math.Min(SpacePage.EntriesPerPage, below - firstBelow);
                if (level > 0)
                    AddSpaceEntries(block, bytes, (SpaceEntry*)(bytes + SpacePageHeader.Bytes), countBelow, level - 1, firstBelow);
            }
        }
    }

    // From the previous cut on: its records are the recent history.
    private void AddLog()
    {
        ulong position = _super.Previous.Number != 0 ? _super.Previous.LogPosition : _super.Current.LogPosition;
        for (ulong chain = 0; ; position++)
        {
            ulong block = StoreFormat.LogStart + (position % _super.LogBlocks);
            if (!_good.TryGetValue(block, out byte[]? contents))
                return;
            fixed (byte* bytes = contents)
            {
                var header = (LogBlockHeader*)bytes;
                if (header->Magic != StoreFormat.LogMagic || header->Position != position || (_log.Count > 0 && header->Chain != chain))
                    return;
                chain = header->Checksum;
            }
            _log.Add((block, position));
            Metadata.Add(new MetadataBlock(block, "log", LogBlockHeader.Bytes));
        }
    }
}
