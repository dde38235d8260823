using Aurora.Testing;

namespace Aurora.Store.Tests;

/// <summary>What a superblock's volume table, read from the device, says of the first volume.</summary>
internal static unsafe class TableRoots
{
    /// <summary>The root of its objects; empty when the table has no such volume.</summary>
    public static NodePointer ObjectsOf(MemoryBlockDevice device, in Superblock super) => Find(device, super.Current.Volumes, out _);

    /// <summary>The root of its history.</summary>
    public static NodePointer HistoryOf(MemoryBlockDevice device, in Superblock super)
    {
        Find(device, super.Current.Volumes, out NodePointer history);
        return history;
    }

    private static NodePointer Find(MemoryBlockDevice device, in NodePointer table, out NodePointer history)
    {
        history = default;
        if (table.IsEmpty)
            return default;
        fixed (byte* bytes = device.Contents(table.Block))
        {
            var header = (NodeHeader*)bytes;
            byte* at = bytes + NodeHeader.Bytes;
            if (header->Level > 0)
            {
                var child = (MapEntry*)at;
                return Find(device, new NodePointer { Block = child->Block, Level = (byte)(header->Level - 1) }, out history);
            }
            var entry = (RecordEntry*)at;
            if (entry->Key != VolumeId.First.Value)
                return default;
            history = ((VolumeRecord*)(entry + 1))->History;
            return entry->Root;
        }
    }
}
