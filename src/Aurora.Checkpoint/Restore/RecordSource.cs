using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The records of a state in rising order of their ids, as often as a restore wants them.</summary>
public abstract class RecordSource
{
    /// <summary>How many records there are of each kind, if somebody has counted those of this state before.</summary>
    public virtual bool TryCount(Span<int> counts) => false;

    /// <summary>All records have been counted.</summary>
    public virtual void NoteCount(ReadOnlySpan<int> counts)
    {
    }

    /// <summary>Begins again with the first record.</summary>
    public abstract void Rewind();

    /// <summary>The next record, valid until the next call; NotFound after the last, TooLong (with its id) for one that cannot be a record.</summary>
    public abstract StoreStatus Next(out ObjectId id, out ReadOnlySpan<byte> record);
}
