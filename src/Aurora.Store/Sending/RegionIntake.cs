// A region that comes in. Its stream may only say what a region can be: frames are of object 1, there is a record, from the base or in the
// stream, before the first page, and no page is at or behind the end that the record says. Where a record says less than there is, what
// is behind goes. So whatever a stream says, what is there at its end is a region that can be opened. The record itself is not stored as
// it came: with the last commit the copy gets one of its own.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Judges the frames of a region's stream. One is made for each, with a buffer for a record.</summary>
internal unsafe ref struct RegionIntake(CommitBuilder builder, ReceivedRegion rules, byte* buffer)
{
    /// <summary>The id of a region's object.</summary>
    public static readonly ObjectId Only = new(1);

    private int _recordLength;
    private ulong _pages;

    /// <summary>A region has a record, so what there is can be one.</summary>
    public readonly bool HasRecord => _recordLength != 0;

    /// <summary>Takes the record of the base, in a clone of which the stream goes; false when it is none of a region.</summary>
    public bool Begin(scoped ReadOnlySpan<byte> record) => Keep(record);

    /// <summary>A frame may be applied to the region.</summary>
    public readonly bool Allows(StreamFrame* frame) => frame->Object == Only.Value && frame->Kind switch
    {
        StreamFrameKind.Record or StreamFrameKind.Hole => true,
        StreamFrameKind.Page => frame->Page < _pages,
        _ => false,
    };

    /// <summary>Takes a record, and cuts off what is behind its end; BadArgument when it is none of a region.</summary>
    public StoreStatus Take(StoreCommit* commit, scoped ReadOnlySpan<byte> record)
    {
        ulong before = _pages;
        if (!Keep(record))
            return StoreStatus.BadArgument;
        return _pages < before ? builder.Truncate(commit, Only, _pages) : StoreStatus.Ok;
    }

    /// <summary>Gives the copy its own record, in the last commit, which is its first state and has the epoch.</summary>
    public readonly StoreStatus Finish(StoreCommit* commit, out Epoch epoch)
    {
        Span<byte> own = stackalloc byte[StoreFormat.MaxRecordBytes];
        int length = rules.Renew(new ReadOnlySpan<byte>(buffer, _recordLength), own, out epoch);
        return builder.PutRecord(commit, Only, own[..length]);
    }

    private bool Keep(scoped ReadOnlySpan<byte> record)
    {
        ulong pages = rules.PagesOf(record);
        if (pages == 0)
            return false;
        _pages = pages;
        _recordLength = record.Length;
        record.CopyTo(new Span<byte>(buffer, StoreFormat.MaxRecordBytes));
        return true;
    }
}
