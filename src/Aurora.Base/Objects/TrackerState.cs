namespace Aurora.Base;

/// <summary>What is known of the objects of one group (<see cref="TrackedObjects"/>); <see cref="ObjectTracker"/> acts on it.</summary>
public unsafe struct TrackerState
{
    /// <summary>The ids of stored objects that have ended since the last capture.</summary>
    internal IdList Ended;
    internal ObjectHeader* FirstChanged;

    /// <summary>The most bytes a record takes, by kind; one table for all groups.</summary>
    internal int* RecordBytes;

    /// <summary>What has changed in all groups.</summary>
    internal ChangeTotals* Totals;
    internal ulong NextId;
    internal ulong ChangedBytes;

    /// <summary>The last capture there was, and the last that has become durable; zero for none.</summary>
    internal ulong LastCapture, LastDurable;
    internal int Count;
    internal int StoredCount;
    internal int ChangedCount;
    internal ushort Index;
    internal bool HasRoomToEnd;

    /// <summary>Nothing of the group is ever captured (<see cref="ObjectTracker.BeEphemeral"/>).</summary>
    internal bool IsEphemeral;

    /// <summary>Nobody looks at the group until it changes; the next of those that have (<see cref="ChangeTotals"/>).</summary>
    internal bool IsAsleep;
    internal TrackerState* NextWoken;
}
