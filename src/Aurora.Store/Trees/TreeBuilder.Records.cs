using Aurora.Base;

namespace Aurora.Store;

/// <summary>Leaves of the record trees: entries of variable length, packed and split by bytes.</summary>
internal sealed unsafe partial class TreeBuilder
{
    /// <summary>Adds an entry with its inline pages and record, which lie where the pointers say.</summary>
    public void EmitRecord(in RecordEntry entry, MapEntry* inlinePages, byte* record)
    {
        if (Status != StoreStatus.Ok)
            return;
        int total = entry.TotalBytes;
        while (_recordBytes + total > RecordBytes)
            WriteFirstRecords(NodeBytes);
        byte* target = _records + _recordBytes;
        StoreContext.Clear(target, total);
        *(RecordEntry*)target = entry;
        StoreContext.Copy(inlinePages, target + RecordEntry.Bytes, entry.InlinePages * MapEntry.Bytes);
        StoreContext.Copy(record, target + RecordEntry.Bytes + (entry.InlinePages * MapEntry.Bytes), entry.RecordLength);
        _recordBytes += total;
        _recordCount++;
    }

    private void FlushRecords()
    {
        while (_recordBytes > NodeBytes && Status == StoreStatus.Ok)
            WriteFirstRecords(_recordBytes <= 2 * NodeBytes ? _recordBytes / 2 : NodeBytes);
        if (_recordBytes > 0)
            WriteFirstRecords(NodeBytes);
    }

    // Writes a leaf of the first entries: at least one, up to the entry that reaches the wanted size, never more than a node.
    private void WriteFirstRecords(int wantedBytes)
    {
        int bytes = 0;
        int count = 0;
        while (count < _recordCount && bytes < wantedBytes)
        {
            int next = ((RecordEntry*)(_records + bytes))->TotalBytes;
            if (bytes + next > NodeBytes)
                break;
            bytes += next;
            count++;
        }
        Panic.Unless(count > 0, "store: a record does not fit a leaf"u8);
        StoreContext.Copy(_records, _node + NodeHeader.Bytes, bytes);
        _recordBytes -= bytes;
        _recordCount -= count;
        StoreContext.Copy(_records + bytes, _records, _recordBytes);
        WriteNode(0, count, bytes, ((RecordEntry*)(_node + NodeHeader.Bytes))->Key);
    }
}
