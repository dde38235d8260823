// What an operation of a commit does to a layer: the same when it is submitted, when its record is replayed, and when it is only estimated.
using System;

namespace Aurora.Store;

/// <summary>Applies one operation.</summary>
internal static class LayerChange
{
    public static void Apply(
        Layer layer, LogEntryKind kind, ulong id, ulong page, ulong block, ulong checksum, ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case LogEntryKind.Pages:
                layer.PutPage(id, page, block, checksum);
                break;
            case LogEntryKind.Holes:
                layer.PutPage(id, page, 0, 0);
                break;
            case LogEntryKind.Record:
                layer.PutRecord(id, payload);
                break;
            case LogEntryKind.Delete:
                layer.Delete(id);
                break;
            case LogEntryKind.Truncate:
                layer.Truncate(id, page);
                break;
            case LogEntryKind.Clone:
                layer.Clone(page, id);
                break;
            case LogEntryKind.DropCheckpoint:
                layer.DropHistory(page);
                break;
            case LogEntryKind.Rollback:
                layer.RollbackTo = page;
                break;
        }
    }
}
