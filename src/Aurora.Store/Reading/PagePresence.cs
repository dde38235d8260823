// Which pages an object has, without reading them. The tree may have to be read from the disk, the layers are in memory: the tree is asked
// first, and what the layers say is looked up afterwards in one stretch.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Tells which pages an object has.</summary>
internal sealed unsafe class PagePresence(
    StoreContext context, PresentState present, TreeReader trees, ObjectReader objects, PresentReader reader)
{
    /// <summary>See <see cref="ObjectStore.NextPages"/>.</summary>
    public StoreStatus NextPages(VolumeId volume, ObjectId id, ulong page, ulong longest, out ulong first, out ulong end)
    {
        while (true)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = NextPage(volume, id.Value, page, out first);
            end = first;
            bool isRun = status == StoreStatus.Ok && first != ulong.MaxValue;
            while (isRun && end - first < longest)
            {
                end++;
                StoreStatus found = reader.FindPage(volume, id.Value, end, out _);
                isRun = found == StoreStatus.Ok;
                status = found is StoreStatus.Ok or StoreStatus.Hole ? StoreStatus.Ok : found;
            }
            if (cut == context.Super->Current.Number)
                return status;
        }
    }

    private StoreStatus NextPage(VolumeId volume, ulong id, ulong page, out ulong first)
    {
        first = ulong.MaxValue;
        while (true)
        {
            ulong treeObject = BottomOf(volume, id, out _, out TreeState bottom);
            StoreStatus status = objects.BottomOf(present.PathOf(volume), present.Table, out NodePointer root);
            ulong inTree = ulong.MaxValue;
            if (status == StoreStatus.Ok)
                status = NextPageInTree(root, treeObject, page, out inTree);
            if (status != StoreStatus.Ok)
                return status;
            // The walk may have slept, and a cut begun.
            if (BottomOf(volume, id, out ulong limit, out TreeState now) != treeObject || now != bottom)
                continue;
            if (inTree >= limit)
                inTree = ulong.MaxValue;
            ulong next = NextPageInLayers(volume, id, page, inTree, out bool isHidden);
            if (!isHidden)
            {
                first = next;
                return StoreStatus.Ok;
            }
            page = next + 1;
        }
    }

    // Which object of the trees shows through the layers as this one, and up to which page.
    private ulong BottomOf(VolumeId volume, ulong id, out ulong limit, out TreeState bottom)
    {
        limit = ulong.MaxValue;
        LayerPath path = present.PathOf(volume);
        for (; path.Layer != null; path.Descend())
            limit = Math.Min(limit, LimitBelow(path.Layer, ref id));
        bottom = path.Bottom;
        return id;
    }

    // Pages below this one may show through a layer, from the object that the id becomes.
    private static ulong LimitBelow(Layer* layer, ref ulong id)
    {
        LayerNode* header = layer->Find(id, 0);
        if (header == null)
            return ulong.MaxValue;
        if (header->Info->Base == LayerBase.None)
            return 0;
        ulong limit = header->Info->Limit;
        if (header->Info->Base == LayerBase.Clone)
            id = header->Info->BaseObject;
        return limit;
    }

    // The first page at or behind one that a layer has, or the tree's, whichever comes first. It is hidden if it is the tree's and a layer
    // says that it is a hole.
    private ulong NextPageInLayers(VolumeId volume, ulong id, ulong page, ulong inTree, out bool isHidden)
    {
        while (true)
        {
            ulong next = inTree;
            LayerNode* decides = null;
            ulong limit = ulong.MaxValue;
            ulong at = id;
            for (LayerPath path = present.PathOf(volume); path.Layer != null; path.Descend())
            {
                LayerNode* node = path.Layer->FindFrom(at, page + 1);
                bool isPage = node != null && node->Object == at && node->Key - 1 < limit;
                if (isPage && (node->Key - 1 < next || (node->Key - 1 == next && decides == null)))
                {
                    next = node->Key - 1;
                    decides = node;
                }
                limit = Math.Min(limit, LimitBelow(path.Layer, ref at));
            }
            bool isThere = decides == null || decides->Block != 0;
            isHidden = !isThere && next == inTree;
            if (isThere || isHidden)
                return next;
            page = next + 1;
        }
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
