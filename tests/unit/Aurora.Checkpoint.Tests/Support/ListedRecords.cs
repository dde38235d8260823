using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint.Tests;

/// <summary>Records that a test has made.</summary>
internal sealed class ListedRecords(IReadOnlyList<(ObjectId Id, byte[] Record)> records) : RecordSource
{
    private int _next;

    public override void Rewind() => _next = 0;

    public override StoreStatus Next(out ObjectId id, out ReadOnlySpan<byte> record)
    {
        bool exists = _next < records.Count;
        id = exists ? records[_next].Id : default;
        record = exists ? records[_next].Record : default;
        _next++;
        return exists ? StoreStatus.Ok : StoreStatus.NotFound;
    }
}
