namespace Aurora.Base;

/// <summary>
/// How much has ever changed in all groups together. Only grows: who wants to know what has changed since some moment keeps the totals of
/// that moment. Changes that end before a checkpoint have been counted nevertheless.
/// </summary>
public unsafe struct ChangeTotals
{
    /// <summary>Objects and pages that were unchanged before, and ends of stored objects.</summary>
    public ulong Count;

    /// <summary>Of the records of these objects, an upper bound in bytes.</summary>
    public ulong RecordBytes;

    /// <summary>The groups that were asleep and have changed since somebody took them (<see cref="TrackedObjects.TakeWoken"/>).</summary>
    internal TrackerState* FirstWoken;

    /// <summary>The last index that a group was given.</summary>
    internal ushort LastIndex;
}
