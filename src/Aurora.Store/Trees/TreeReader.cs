// Looking things up in the trees. Nodes are immutable, so a walk needs no lock; but a walk that slept may meet a block that was freed and
// reused meanwhile (two cuts later at the earliest). That shows as a bad checksum, and PresentReader repeats the walk from the newest root.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Searches trees. Results are copied out, so nothing stays pinned.</summary>
internal sealed unsafe class TreeReader
{
    private readonly NodeCache _cache;

    public TreeReader(NodeCache cache) => _cache = cache;

    /// <summary>The leaf node that would hold the key, pinned; NotFound when the tree is empty or starts after the key.</summary>
    public StoreStatus PinLeaf(TreeKind kind, NodePointer root, ulong key, out NodeFrame* leaf)
        => PinLeafWithin(kind, root, key, out leaf, out _);

    /// <summary>As PinLeaf, and tells where the next leaf's keys start (the largest number when there is none).</summary>
    public StoreStatus PinLeafWithin(TreeKind kind, NodePointer root, ulong key, out NodeFrame* leaf, out ulong nextKey)
    {
        leaf = null;
        nextKey = ulong.MaxValue;
        if (root.IsEmpty)
            return StoreStatus.NotFound;
        NodePointer pointer = root;
        ulong firstKey = NodeCache.AnyKey;
        while (true)
        {
            StoreStatus status = _cache.PinWithin(kind, pointer, firstKey, nextKey, out NodeFrame* frame);
            if (status != StoreStatus.Ok)
                return status;
            if (frame->Header->FirstKey > key)
            {
                if (frame->Header->FirstKey < nextKey)
                    nextKey = frame->Header->FirstKey;
                NodeCache.Unpin(frame);
                return StoreStatus.NotFound;
            }
            if (frame->Header->Level == 0)
            {
                leaf = frame;
                return StoreStatus.Ok;
            }
            int index = LastAtOrBefore(frame->Entries, frame->Header->Count, key);
            if (index + 1 < frame->Header->Count)
                nextKey = frame->Entries[index + 1].Key;
            firstKey = frame->Entries[index].Key;
            pointer = NodeCache.ChildOf(frame, index);
            NodeCache.Unpin(frame);
        }
    }

    /// <summary>The entry of a page, from a page tree.</summary>
    public StoreStatus FindPage(NodePointer root, ulong page, out MapEntry found)
    {
        found = default;
        StoreStatus status = PinLeaf(TreeKind.Pages, root, page, out NodeFrame* leaf);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Hole : status;
        status = FindIn(leaf->Entries, leaf->Header->Count, page, out found);
        NodeCache.Unpin(leaf);
        return status;
    }

    /// <summary>
    /// The first entry at or behind a page, from a page tree. When a node cannot be read, nextKey tells where the keys behind it start (the largest number
    /// when there are none).
    /// </summary>
    public StoreStatus FindPageFrom(NodePointer root, ulong page, out MapEntry found, out bool isFound, out ulong nextKey)
    {
        found = default;
        isFound = false;
        while (true)
        {
            StoreStatus status = PinLeafWithin(TreeKind.Pages, root, page, out NodeFrame* leaf, out nextKey);
            if (status != StoreStatus.Ok && status != StoreStatus.NotFound)
                return status;
            if (status == StoreStatus.Ok)
            {
                for (int i = 0; i < leaf->Header->Count && !isFound; i++)
                {
                    isFound = leaf->Entries[i].Key >= page;
                    found = isFound ? leaf->Entries[i] : default;
                }
                NodeCache.Unpin(leaf);
            }
            if (isFound || nextKey == ulong.MaxValue || nextKey <= page)
                return StoreStatus.Ok;
            page = nextKey;
        }
    }

    /// <summary>The entry of a page in a sorted list; Hole when it is not there.</summary>
    public static StoreStatus FindIn(MapEntry* entries, int count, ulong page, out MapEntry found)
    {
        int index = LastAtOrBefore(entries, count, page);
        bool isThere = index >= 0 && entries[index].Key == page;
        found = isThere ? entries[index] : default;
        return isThere ? StoreStatus.Ok : StoreStatus.Hole;
    }

    /// <summary>The record entry with exactly this key, its leaf pinned.</summary>
    public StoreStatus PinRecord(TreeKind kind, NodePointer root, ulong key, out NodeFrame* leaf, out RecordEntry* entry)
    {
        entry = null;
        StoreStatus status = PinLeaf(kind, root, key, out leaf);
        if (status != StoreStatus.Ok)
            return status;
        entry = FirstAtOrAfter(leaf, key);
        if (entry != null && entry->Key == key)
            return StoreStatus.Ok;
        NodeCache.Unpin(leaf);
        return StoreStatus.NotFound;
    }

    /// <summary>The object tree of a kept checkpoint.</summary>
    public StoreStatus FindKept(NodePointer history, ulong sequence, out NodePointer objects)
    {
        objects = default;
        StoreStatus status = PinRecord(TreeKind.History, history, sequence, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status;
        objects = entry->Root;
        NodeCache.Unpin(leaf);
        return StoreStatus.Ok;
    }

    /// <summary>The first record entry with this key or a greater one, its leaf pinned; NotFound at the end.</summary>
    public StoreStatus PinNextRecord(TreeKind kind, NodePointer root, ulong key, out NodeFrame* leaf, out RecordEntry* entry)
        => PinNextRecord(kind, root, key, out leaf, out entry, out _);

    /// <summary>As above; when a node cannot be read, nextKey tells where the keys behind it start (the largest number when there are none).</summary>
    public StoreStatus PinNextRecord(TreeKind kind, NodePointer root, ulong key, out NodeFrame* leaf, out RecordEntry* entry, out ulong nextKey)
    {
        entry = null;
        while (true)
        {
            StoreStatus status = PinLeafWithin(kind, root, key, out leaf, out nextKey);
            if (status != StoreStatus.Ok && status != StoreStatus.NotFound)
                return status;
            if (status == StoreStatus.Ok)
            {
                entry = FirstAtOrAfter(leaf, key);
                if (entry != null)
                    return StoreStatus.Ok;
                NodeCache.Unpin(leaf);
            }
            if (nextKey == ulong.MaxValue || nextKey <= key)
                return StoreStatus.NotFound;
            key = nextKey;
        }
    }

    /// <summary>The first record of a pinned leaf with this key or a greater one; null when there is none.</summary>
    public static RecordEntry* FirstAtOrAfter(NodeFrame* leaf, ulong key)
    {
        byte* at = leaf->Payload;
        byte* end = at + leaf->Header->UsedBytes;
        while (at < end)
        {
            RecordEntry* entry = (RecordEntry*)at;
            if (entry->Key >= key)
                return entry;
            at += entry->TotalBytes;
        }
        return null;
    }

    /// <summary>The record of a pinned leaf behind another one; null when that is the last.</summary>
    public static RecordEntry* NextIn(NodeFrame* leaf, RecordEntry* entry)
    {
        byte* next = (byte*)entry + entry->TotalBytes;
        return next < leaf->Payload + leaf->Header->UsedBytes ? (RecordEntry*)next : null;
    }

    private static int LastAtOrBefore(MapEntry* entries, int count, ulong key)
    {
        int low = 0;
        int high = count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (entries[middle].Key <= key)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }
}
