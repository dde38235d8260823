namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    // A checkpoint may have been kept or dropped by a commit that no cut has put into the history tree yet: the layers know better. Blocks.
    private StoreStatus IsStillKept(ulong sequence)
    {
        LayerRecord state = KeptInLayers(sequence);
        return state switch
        {
            LayerRecord.Present => StoreStatus.Ok,
            LayerRecord.Absent => StoreStatus.NotFound,
            _ => _reader.FindKept(_context.Super->History, sequence, out _),
        };
    }

    private LayerRecord KeptInLayers(ulong sequence)
    {
        LayerNode* node = _active.Find(LayerNode.HistoryObject, sequence);
        if (node == null && IsFrozen)
            node = _frozen.Find(LayerNode.HistoryObject, sequence);
        return node == null ? LayerRecord.Same : node->Info->RecordState;
    }
}
