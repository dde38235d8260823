using Aurora.Base;

namespace Aurora.Store;

/// <summary>Counts the references of objects that a layer clones, before it is merged: while the trees still say what they share.</summary>
internal sealed unsafe class CloneCounter(StoreContext context, TreeReader reader, PageMerger pages)
{
    /// <summary>
    /// Finds what each clone shares in the tree that the layer is about to be merged into, and adds its references. Blocks.
    /// </summary>
    public StoreStatus Count(Layer* layer, in NodePointer objects)
    {
        StoreStatus status = StoreStatus.Ok;
        uint left = context.Options.ElementsPerLook;
        for (LayerNode* node = layer->First; node != null && status == StoreStatus.Ok; node = Layer.Next(node))
        {
            // Others may run between any two changes. The layer stays: its set is frozen, or it is of the view that is promoted, which is
            // kept open until the cut is over (TargetKeeper).
            if (--left == 0)
            {
                left = context.Options.ElementsPerLook;
                context.Fibers.GiveWay();
            }
            if (node->Key == 0 && node->Info->Base == LayerBase.Clone)
                status = CountClone(node->Info, objects);
        }
        return status;
    }

    private StoreStatus CountClone(LayerObject* info, in NodePointer objects)
    {
        info->CloneRoot = default;
        info->CloneInlineCount = 0;
        StoreStatus status = reader.PinRecord(TreeKind.Objects, objects, info->BaseObject, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        info->CloneRoot = entry->Root;
        info->CloneInlineCount = entry->InlinePages;
        StoreContext.Copy(entry + 1, info->CloneInline, entry->InlinePages * MapEntry.Bytes);
        NodeCache.Unpin(leaf);
        if (context.Has(SeededFaults.UncountedClone))
            return StoreStatus.Ok;
        return pages.AddReference(
            new PageMap { Root = info->CloneRoot, Inline = info->CloneInline, InlineCount = info->CloneInlineCount });
    }
}
