// Which pages an object has, without reading them. The tree may have to be read from the disk, the layers are in memory: the tree is asked
// first, and what the layers say is looked up afterwards in one stretch.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Tells which pages an object has.</summary>
internal sealed unsafe class PagePresence(StoreContext context, PresentState present, TreeReader trees, PresentReader reader)
{
    // How an object shows through the layers: which object of the frozen layer and of the tree stands for it, and up to which page.
    private struct Below
    {
        public ulong FrozenObject;
        public ulong FrozenLimit;
        public ulong TreeObject;
        public ulong TreeLimit;
    }

    /// <summary>See <see cref="ObjectStore.NextPages"/>.</summary>
    public StoreStatus NextPages(ObjectId id, ulong page, ulong longest, out ulong first, out ulong end)
    {
        while (true)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = NextPage(id.Value, page, out first);
            end = first;
            bool isRun = status == StoreStatus.Ok && first != ulong.MaxValue;
            while (isRun && end - first < longest)
            {
                end++;
                StoreStatus found = reader.FindPage(id.Value, end, out _);
                isRun = found == StoreStatus.Ok;
                status = found is StoreStatus.Ok or StoreStatus.Hole ? StoreStatus.Ok : found;
            }
            if (cut == context.Super->Current.Number)
                return status;
        }
    }

    private StoreStatus NextPage(ulong id, ulong page, out ulong first)
    {
        first = ulong.MaxValue;
        while (true)
        {
            ulong treeObject = BelowOf(id).TreeObject;
            StoreStatus status = NextPageInTree(present.Objects, treeObject, page, out ulong inTree);
            if (status != StoreStatus.Ok)
                return status;
            // The walk may have slept, and a cut begun.
            Below below = BelowOf(id);
            if (below.TreeObject != treeObject)
                continue;
            if (inTree >= below.TreeLimit)
                inTree = ulong.MaxValue;
            ulong next = NextPageInLayers(id, in below, page, inTree, out bool isHidden);
            if (!isHidden)
            {
                first = next;
                return StoreStatus.Ok;
            }
            page = next + 1;
        }
    }

    private Below BelowOf(ulong id)
    {
        Below below = default;
        below.FrozenObject = id;
        below.FrozenLimit = LimitBelow(present.Active, ref below.FrozenObject);
        below.TreeObject = below.FrozenObject;
        below.TreeLimit = below.FrozenLimit;
        if (present.IsFrozen)
            below.TreeLimit = Math.Min(below.FrozenLimit, LimitBelow(present.Frozen, ref below.TreeObject));
        return below;
    }

    // Pages below this one may show through a layer, from the object that the id becomes.
    private static ulong LimitBelow(Layer layer, ref ulong id)
    {
        LayerNode* header = layer.Find(id, 0);
        if (header == null)
            return ulong.MaxValue;
        if (header->Info->Base == LayerBase.None)
            return 0;
        ulong limit = header->Info->Limit;
        if (header->Info->Base == LayerBase.Clone)
            id = header->Info->BaseObject;
        return limit;
    }

    // The first page at or behind one that a layer has, or the tree's, whichever comes first. It is hidden if it is the tree's, or the
    // frozen layer's, and a newer layer says that it is a hole.
    private ulong NextPageInLayers(ulong id, in Below below, ulong page, ulong inTree, out bool isHidden)
    {
        while (true)
        {
            LayerNode* upper = NodeFrom(present.Active, id, page);
            LayerNode* lower = present.IsFrozen ? NodeFrom(present.Frozen, below.FrozenObject, page) : null;
            ulong inUpper = upper == null ? ulong.MaxValue : upper->Key - 1;
            ulong inLower = lower == null || lower->Key - 1 >= below.FrozenLimit ? ulong.MaxValue : lower->Key - 1;
            ulong next = Math.Min(inTree, Math.Min(inUpper, inLower));
            LayerNode* decides = next == ulong.MaxValue ? null : next == inUpper ? upper : next == inLower ? lower : null;
            bool isThere = decides == null || decides->Block != 0;
            isHidden = !isThere && next == inTree;
            if (isThere || isHidden)
                return next;
            page = next + 1;
        }
    }

    private static LayerNode* NodeFrom(Layer layer, ulong id, ulong page)
    {
        LayerNode* node = layer.FindFrom(id, page + 1);
        return node != null && node->Object == id ? node : null;
    }

    private StoreStatus NextPageInTree(in NodePointer objects, ulong id, ulong page, out ulong first)
    {
        first = ulong.MaxValue;
        StoreStatus status = trees.PinRecord(TreeKind.Objects, objects, id, out NodeFrame* leaf, out RecordEntry* record);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        NodePointer root = record->Root;
        var inline = (MapEntry*)(record + 1);
        for (int i = 0; root.IsEmpty && i < record->InlinePages && first == ulong.MaxValue; i++)
            first = inline[i].Key >= page ? inline[i].Key : ulong.MaxValue;
        NodeCache.Unpin(leaf);
        if (root.IsEmpty)
            return StoreStatus.Ok;
        status = trees.FindPageFrom(root, page, out MapEntry found, out bool isFound, out _);
        if (status == StoreStatus.Ok && isFound)
            first = found.Key;
        return status;
    }
}
