// What makes kernel objects persistent, for all groups of the machine. A group's part is its TrackerState: the ids it has given, and two
// lists between checkpoints: the objects whose record must be written again, and the ids of stored objects that have ended. A capture costs
// nothing for an object that did not change. Whoever changes a captured field of an object calls MarkChanged in the same uninterrupted
// stretch of kernel code; the object knows its group. Protected by the kernel lock.
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>The kernel objects of all groups, and what must be said of them at the next checkpoint.</summary>
public sealed unsafe class TrackedObjects
{
    private const int KindCount = 256;
    private const int MaxTables = 32;

    private readonly GroupTable<TrackerState> _groups;
    private readonly GroupTable[] _tables = new GroupTable[MaxTables];
    private readonly int* _recordBytes;
    private int _tableCount;

    public TrackedObjects(PageAllocator pages)
    {
        Pages = pages;
        Lock = pages.Lock;
        Index = new ObjectIndex(pages);
        _groups = new GroupTable<TrackerState>(pages);
        _recordBytes = (int*)pages.Allocate(1);
        Panic.Unless(_recordBytes != null, "objects: no memory for the sizes of records"u8);
        for (int kind = 0; kind < KindCount; kind++)
            _recordBytes[kind] = StateCodec.MaxPayloadBytes;
        Totals = (ChangeTotals*)(_recordBytes + KindCount);
    }

    /// <summary>How much has ever changed; whoever keeps books of changes other than those of objects adds to it.</summary>
    public ChangeTotals* Totals { get; }

    internal PageAllocator Pages { get; }
    internal KernelLock Lock { get; }
    internal ObjectIndex Index { get; }

    /// <summary>
    /// The most bytes a record of this kind takes; what nobody says counts as the most there can be. Before objects of the kind change.
    /// </summary>
    public void SetRecordBytes(ObjectKind kind, int bytes)
    {
        for (int group = NextGroup(0); group >= 0; group = NextGroup(group + 1))
        {
            for (ObjectHeader* changed = _groups.At((ushort)group)->FirstChanged; changed != null; changed = changed->NextChanged)
                Panic.Unless(changed->Kind != kind, "objects: a record's size was set after objects had changed"u8);
        }
        _recordBytes[(int)kind] = bytes;
    }

    /// <summary>
    /// Makes a group known, with a zeroed entry in every <see cref="GroupTable{T}"/>; its ids start at <paramref name="firstId"/>. <see
    /// cref="ObjectTracker.Exists"/> is false when out of memory.
    /// </summary>
    public ObjectTracker Add(ushort group, ObjectId firstId)
    {
        Lock.AssertHeld();
        TrackerState* state = _groups.Add(group);
        if (state == null)
            return default;
        for (int i = 0; i < _tableCount; i++)
        {
            if (_tables[i].TryAdd(group))
                continue;
            RemoveEntries(group, i);
            return default;
        }
        Totals->LastIndex = group;
        state->Index = group;
        state->NextId = firstId.Value;
        state->HasRoomToEnd = true;
        state->RecordBytes = _recordBytes;
        state->Totals = Totals;
        return new ObjectTracker(this, state);
    }

    /// <summary>
    /// An index that no group has, or -1 when all are taken: the first after the last one that was given, so that an index is used again
    /// as late as possible.
    /// </summary>
    public int FreeIndex()
    {
        for (int step = 1; step < GroupTable.MaxGroups; step++)
        {
            ushort index = (ushort)(Totals->LastIndex + step);
            if (_groups.Find(index) == null)
                return index;
        }
        return -1;
    }

    /// <summary>Forgets a group; its objects are gone already, and what layers keep for it in their tables has been given back.</summary>
    public void Remove(ObjectTracker group)
    {
        Panic.Unless(group.Count == 0, "objects: a group ended before its objects"u8);
        group.ForgetEnds();
        ForgetWoken(group.Index);
        RemoveEntries(group.Index, _tableCount);
    }

    /// <summary>
    /// Something beside its objects that is captured with the group of an object has changed. Changes of objects need not be noted.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NoteChange(ObjectHeader* header) => ObjectTracker.Note(header->Owner);

    /// <summary>
    /// A group that was asleep (<see cref="ObjectTracker.Sleep"/>) and is not any more; <see cref="ObjectTracker.Exists"/> is false when
    /// all have been taken.
    /// </summary>
    public ObjectTracker TakeWoken()
    {
        TrackerState* woken = Totals->FirstWoken;
        if (woken == null)
            return default;
        Totals->FirstWoken = woken->NextWoken;
        woken->NextWoken = null;
        return new ObjectTracker(this, woken);
    }

    /// <summary>True for an object of which nothing is ever captured.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsEphemeral(ObjectHeader* header) => header->Owner->IsEphemeral;

    /// <summary>
    /// What an object holds beside its record has changed. Of an ephemeral group nobody else takes note of it: the object is not as it is
    /// stored, and never will be again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NoteContents(ObjectHeader* header) => header->Flags |= IsEphemeral(header) ? ObjectFlags.Changed : ObjectFlags.None;

    private void ForgetWoken(ushort group)
    {
        for (TrackerState** link = &Totals->FirstWoken; *link != null; link = &(*link)->NextWoken)
        {
            if ((*link)->Index != group)
                continue;
            *link = (*link)->NextWoken;
            return;
        }
    }

    // From the first tables so many, which are those that have one.
    private void RemoveEntries(ushort group, int tables)
    {
        for (int i = 0; i < tables; i++)
            _tables[i].Remove(group);
        _groups.Remove(group);
    }

    internal void Register(GroupTable table)
    {
        Panic.Unless(_tableCount < MaxTables, "groups: too many tables"u8);
        _tables[_tableCount++] = table;
        for (int group = NextGroup(0); group >= 0; group = NextGroup(group + 1))
            Panic.Unless(table.TryAdd((ushort)group), "groups: no memory for a table"u8);
    }

    /// <summary>The index of the first group from this one on, or -1: for walking all of them in order.</summary>
    public int NextGroup(int group) => _groups.Next(group);

    /// <summary>The group of an object.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ObjectTracker Of(ObjectHeader* header) => new(this, header->Owner);

    /// <summary>The group with this index; <see cref="ObjectTracker.Exists"/> is false when there is none.</summary>
    public ObjectTracker OfGroup(ushort group)
    {
        TrackerState* state = _groups.Find(group);
        return state == null ? default : new ObjectTracker(this, state);
    }

    /// <summary>Schedules the object for the next capture of its group. Cheap when it already is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MarkChanged(ObjectHeader* header)
    {
        if ((header->Flags & ObjectFlags.Changed) == 0)
            Link(header);
    }

    internal void Link(ObjectHeader* header)
    {
        Lock.AssertHeld();
        ObjectTracker.Link(header);
    }

    /// <summary>
    /// Ends an object: forgets its id, and remembers the id for its group's next capture if a record of it exists. The caller frees the
    /// memory.
    /// </summary>
    public void Remove(ObjectHeader* header) => Of(header).Remove(header);
}
