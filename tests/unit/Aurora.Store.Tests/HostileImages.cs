using System;
using Aurora.Base;

namespace Aurora.Store.Tests;

/// <summary>Images whose checksums are right and whose structures are impossible.</summary>
internal static unsafe class HostileImages
{
    /// <summary>An object tree of nine levels in which every entry of a node leads to the same child.</summary>
    public static StoreStatus MakeDag(StoreHarness harness)
    {
        byte[] superBytes = (byte[])harness.Memory.Contents(2).Clone();
        fixed (byte* bytes = superBytes)
        {
            var super = (Superblock*)bytes;
            if (!Geometry.TryCreate(super->BlockCount, super->LogBlocks, out Geometry geometry))
                return StoreStatus.BadArgument;
            ulong seed = BlockChecksum.StoreSeed(super->UuidLow, super->UuidHigh);
            NodePointer child = WriteLeaf(harness, geometry.DataStart, seed);
            for (byte level = 1; level < 9; level++)
                child = WriteInner(harness, geometry.DataStart + level, seed, level, child);
            super->Current.Volumes = WriteTable(harness, geometry.DataStart + 9, seed, child);
            super->Checksum = BlockChecksum.OfSuperblock(super);
        }
        harness.Memory.SetContents(2, superBytes);
        harness.Memory.SetContents(3, superBytes);
        return StoreStatus.Ok;
    }

    private static NodePointer WriteLeaf(StoreHarness harness, ulong block, ulong seed)
    {
        byte[] node = new byte[4096];
        fixed (byte* bytes = node)
        {
            *(NodeHeader*)bytes = Header(block, 0, 1, RecordEntry.Bytes);
            *(RecordEntry*)(bytes + NodeHeader.Bytes) = new RecordEntry { Key = 1 };
        }
        return Finish(harness, node, block, seed, 0);
    }

    private static NodePointer WriteTable(StoreHarness harness, ulong block, ulong seed, NodePointer objects)
    {
        byte[] node = new byte[4096];
        fixed (byte* bytes = node)
        {
            NodeHeader header = Header(block, 0, 1, RecordEntry.Bytes + VolumeRecord.Size);
            header.Kind = TreeKind.Volumes;
            *(NodeHeader*)bytes = header;
            *(RecordEntry*)(bytes + NodeHeader.Bytes) = new RecordEntry
            {
                Key = VolumeId.First.Value,
                RootBlock = objects.Block,
                RootChecksum = objects.Checksum,
                RootLevel = objects.Level,
                RecordLength = VolumeRecord.Size,
                Flags = RecordEntry.HasRecord,
            };
        }
        return Finish(harness, node, block, seed, 0);
    }

    private static NodePointer WriteInner(StoreHarness harness, ulong block, ulong seed, byte level, NodePointer child)
    {
        const int Count = 100;
        byte[] node = new byte[4096];
        fixed (byte* bytes = node)
        {
            *(NodeHeader*)bytes = Header(block, level, Count, Count * MapEntry.Bytes);
            var entries = (MapEntry*)(bytes + NodeHeader.Bytes);
            for (int i = 0; i < Count; i++)
                entries[i] = new MapEntry { Key = 1 + ((ulong)i << (4 * level)), Block = child.Block, Checksum = child.Checksum };
        }
        return Finish(harness, node, block, seed, level);
    }

    private static NodeHeader Header(ulong block, byte level, int count, int used) => new()
    {
        Magic = StoreFormat.NodeMagic,
        Kind = TreeKind.Objects,
        Level = level,
        Count = (ushort)count,
        UsedBytes = (uint)used,
        FirstKey = 1,
        Block = block,
    };

    private static NodePointer Finish(StoreHarness harness, byte[] node, ulong block, ulong seed, byte level)
    {
        harness.Memory.SetContents(block, node);
        fixed (byte* bytes = node)
            return new NodePointer { Block = block, Checksum = BlockChecksum.OfNode(seed, block, bytes), Level = level };
    }
}
