// What an operation of a commit does to a layer: the same when it is submitted, when its record is replayed, and when it is only estimated.
using System;

namespace Aurora.Store;

/// <summary>Applies one operation on an object, or on the history of its volume, to the layer on top of the volume.</summary>
internal static unsafe class LayerChange
{
    public static void Apply(
        LayerSet set,
        Layer* layer,
        LogEntryKind kind,
        ulong id,
        ulong page,
        ulong block,
        ulong checksum,
        ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case LogEntryKind.Pages:
                set.Editor.PutPage(layer, id, page, block, checksum);
                break;
            case LogEntryKind.Holes:
                set.Editor.PutPage(layer, id, page, 0, 0);
                break;
            case LogEntryKind.Record:
                set.Editor.PutRecord(layer, id, payload);
                break;
            case LogEntryKind.Delete:
                set.Editor.Delete(layer, id);
                break;
            case LogEntryKind.Truncate:
                set.Editor.Truncate(layer, id, page);
                break;
            case LogEntryKind.Clone:
                set.Editor.Clone(layer, page, id);
                break;
            case LogEntryKind.DropCheckpoint:
                set.DropHistory(layer->Volume, page);
                break;
        }
    }
}
