// What differs between two trees of the same kind, in the order of keys. Trees that have grown from each other share nodes: wherever both
// lead to the same node, all keys below it are the same and are passed over unread. The cost is that of what differs. Each step goes down
// from the roots again, over nodes that are in the cache: so nothing stays pinned but the two leaves that are handed out.
namespace Aurora.Store;

/// <summary>Finds the leaves in which two trees differ.</summary>
internal sealed unsafe class TreeDifference(NodeCache cache)
{
    // A node on the way down, and where its keys end.
    private struct Way
    {
        public NodePointer Pointer;
        public NodeFrame* Frame;
        public ulong FirstKey;
        public ulong End;
    }

    /// <summary>
    /// The leaves that hold the keys from <paramref name="key"/> on, to before <paramref name="end"/>, unless they are the same; passes
    /// over what is the same and moves the key. Both leaves are pinned; null where a tree has no keys in that range. NotFound when nothing
    /// more differs. Blocks.
    /// </summary>
    public StoreStatus Next(
        TreeKind kind, in NodePointer first, in NodePointer second, ref ulong key, out NodeFrame* firstLeaf, out NodeFrame* secondLeaf,
            out ulong end)
    {
        firstLeaf = null;
        secondLeaf = null;
        end = ulong.MaxValue;
        while (key != ulong.MaxValue)
        {
            var a = new Way { Pointer = first, FirstKey = NodeCache.AnyKey, End = ulong.MaxValue };
            var b = new Way { Pointer = second, FirstKey = NodeCache.AnyKey, End = ulong.MaxValue };
            StoreStatus status = Descend(kind, key, ref a, ref b);
            end = a.End < b.End ? a.End : b.End;
            if (status == StoreStatus.Ok && !IsSame(a, b))
            {
                firstLeaf = a.Frame;
                secondLeaf = b.Frame;
                return StoreStatus.Ok;
            }
            Release(ref a);
            Release(ref b);
            if (status != StoreStatus.Ok)
                return status;
            key = end;
        }
        return StoreStatus.NotFound;
    }

    private static bool IsSame(in Way a, in Way b)
        => (a.Frame == null && b.Frame == null) || (a.Frame != null && b.Frame != null && a.Pointer.Block == b.Pointer.Block);

    // Goes down in the higher tree, in both when they are as high, until both are at leaves or at the same node.
    private StoreStatus Descend(TreeKind kind, ulong key, ref Way a, ref Way b)
    {
        StoreStatus status = Enter(kind, key, ref a);
        if (status == StoreStatus.Ok)
            status = Enter(kind, key, ref b);
        while (status == StoreStatus.Ok && !IsSame(a, b))
        {
            int levelOfA = a.Frame == null ? 0 : a.Pointer.Level;
            int levelOfB = b.Frame == null ? 0 : b.Pointer.Level;
            if (levelOfA == 0 && levelOfB == 0)
                return status;
            if (levelOfA >= levelOfB)
                status = GoDown(kind, key, ref a);
            if (status == StoreStatus.Ok && levelOfB >= levelOfA)
                status = GoDown(kind, key, ref b);
        }
        return status;
    }

    // Pins the node the way is at; without one when the key comes before all of its keys.
    private StoreStatus Enter(TreeKind kind, ulong key, ref Way way)
    {
        if (way.Pointer.IsEmpty)
            return StoreStatus.Ok;
        StoreStatus status = cache.PinWithin(kind, way.Pointer, way.FirstKey, way.End, out NodeFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        way.Frame = frame;
        if (frame->Header->FirstKey <= key)
            return StoreStatus.Ok;
        way.End = frame->Header->FirstKey;
        Release(ref way);
        return StoreStatus.Ok;
    }

    private StoreStatus GoDown(TreeKind kind, ulong key, ref Way way)
    {
        NodeFrame* parent = way.Frame;
        int index = 0;
        while (index + 1 < parent->Header->Count && parent->Entries[index + 1].Key <= key)
            index++;
        way.End = NodeCache.HighOf(parent, index, way.End);
        way.FirstKey = parent->Entries[index].Key;
        way.Pointer = NodeCache.ChildOf(parent, index);
        way.Frame = null;
        NodeCache.Unpin(parent);
        return Enter(kind, key, ref way);
    }

    private static void Release(ref Way way)
    {
        if (way.Frame != null)
            NodeCache.Unpin(way.Frame);
        way.Frame = null;
    }
}
