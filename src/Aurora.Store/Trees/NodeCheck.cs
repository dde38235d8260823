// Structure checks of a tree node read from the device. A node that passes can be walked without further bounds checks: entries lie inside the
// block, keys ascend, pointers aim at data blocks, and levels decrease by one from parent to child, so no walk can loop.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Validates tree nodes.</summary>
internal static unsafe class NodeCheck
{
    public static bool IsValid(byte* data, TreeKind kind, in NodePointer pointer, in Geometry geometry)
    {
        NodeHeader* header = (NodeHeader*)data;
        if (header->Magic != StoreFormat.NodeMagic || header->Kind != kind || header->Level != pointer.Level
            || header->Block != pointer.Block || header->Count == 0 || header->UsedBytes > PageSize.Bytes - NodeHeader.Bytes)
        {
            return false;
        }
        byte* entries = data + NodeHeader.Bytes;
        return kind != TreeKind.Pages && header->Level == 0
            ? AreRecordsValid(entries, header, geometry)
            : AreMapEntriesValid((MapEntry*)entries, header, geometry);
    }

    private static bool AreMapEntriesValid(MapEntry* entries, NodeHeader* header, in Geometry geometry)
    {
        if (header->Count > MapEntry.PerNode || header->UsedBytes != header->Count * (uint)MapEntry.Bytes || entries[0].Key != header->FirstKey)
            return false;
        for (int i = 0; i < header->Count; i++)
        {
            if (!geometry.IsDataBlock(entries[i].Block) || (i > 0 && entries[i].Key <= entries[i - 1].Key))
                return false;
        }
        return true;
    }

    private static bool AreRecordsValid(byte* entries, NodeHeader* header, in Geometry geometry)
    {
        uint offset = 0;
        ulong previous = 0;
        for (int i = 0; i < header->Count; i++)
        {
            if (header->UsedBytes - offset < RecordEntry.Bytes)
                return false;
            RecordEntry* entry = (RecordEntry*)(entries + offset);
            if (entry->InlinePages > RecordEntry.MaxInlinePages || entry->RecordLength > StoreFormat.MaxRecordBytes
                || entry->TotalBytes > header->UsedBytes - offset || (i > 0 && entry->Key <= previous) || (i == 0 && entry->Key != header->FirstKey))
            {
                return false;
            }
            if (entry->RootBlock != 0
                && (!geometry.IsDataBlock(entry->RootBlock) || entry->RootLevel >= StoreFormat.MaxLevels || entry->InlinePages != 0))
            {
                return false;
            }
            if (!AreInlinePagesValid((MapEntry*)(entry + 1), entry->InlinePages, geometry))
                return false;
            previous = entry->Key;
            offset += (uint)entry->TotalBytes;
        }
        return offset == header->UsedBytes;
    }

    private static bool AreInlinePagesValid(MapEntry* entries, int count, in Geometry geometry)
    {
        for (int i = 0; i < count; i++)
        {
            if (!geometry.IsDataBlock(entries[i].Block) || (i > 0 && entries[i].Key <= entries[i - 1].Key))
                return false;
        }
        return true;
    }
}
