// What makes kernel objects persistent. Each consistency group has one tracker: it names objects, finds them by id, and keeps two
// lists between checkpoints: the objects whose record must be written again, and the ids of stored objects that have ended. A capture
// costs nothing for an object that did not change. Whoever changes a captured field of an object calls MarkChanged in the same
// uninterrupted stretch of kernel code. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>The index and the changed-list of one consistency group's kernel objects.</summary>
public sealed unsafe class ObjectTracker
{
    private const int BucketPages = 64;
    private const ulong BucketCount = BucketPages * (ulong)PageSize.Bytes / 8;
    private const int KindCount = 256;

    private readonly ObjectHeader** _buckets;
    private readonly PageAllocator _pages;
    private readonly int[] _recordBytes = new int[KindCount];
    private ObjectHeader* _firstChanged;
    private ulong _nextId;

    /// <summary>A tracker for the group with this index; ids start at <paramref name="firstId"/>.</summary>
    public ObjectTracker(PageAllocator pages, ushort index, ObjectId firstId)
    {
        _pages = pages;
        Index = index;
        _nextId = firstId.Value;
        _buckets = (ObjectHeader**)pages.Allocate(BucketPages);
        Panic.Unless(_buckets != null, "objects: no memory for the index"u8);
        Ended = new IdList(pages);
        _recordBytes.AsSpan().Fill(StateCodec.MaxPayloadBytes);
    }

    public ushort Index { get; }

    /// <summary>The ids of stored objects that have ended since the last capture.</summary>
    public IdList Ended { get; }

    /// <summary>The id the next registered object gets; persisted with the group.</summary>
    public ObjectId NextId => new(_nextId);

    public int Count { get; private set; }

    /// <summary>Live objects of which a record exists or is on its way: each of them may end.</summary>
    public int StoredCount { get; private set; }
    public int ChangedCount { get; private set; }

    /// <summary>An upper bound of the payloads of all changed objects' records, in bytes.</summary>
    public ulong ChangedBytes { get; private set; }
    public ObjectHeader* FirstChanged => _firstChanged;

    /// <summary>The most bytes a record of this kind takes; what nobody says counts as the most there can be. Before objects of the kind change.</summary>
    public void SetRecordBytes(ObjectKind kind, int bytes)
    {
        for (ObjectHeader* changed = _firstChanged; changed != null; changed = changed->NextChanged)
            Panic.Unless(changed->Kind != kind, "objects: a record's size was set after objects had changed"u8);
        _recordBytes[(int)kind] = bytes;
    }

    /// <summary>Gives a new object its identity and schedules its first capture.</summary>
    public void Register(ObjectHeader* header, ObjectKind kind)
    {
        Insert(header, kind, new ObjectId(_nextId++));
        MarkChanged(header);
    }

    /// <summary>Registers an object read from a record under its stored id (restore only).</summary>
    public void Adopt(ObjectHeader* header, ObjectKind kind, ObjectId id)
    {
        Panic.Unless(Find(id) == null, "objects: adopted an id twice"u8);
        Insert(header, kind, id);
        MarkStored(header);
        HasRoomToEnd &= Ended.Reserve(StoredCount);
        if (id.Value >= _nextId)
            _nextId = id.Value + 1;
    }

    /// <summary>
    /// Makes sure that the end of every object, those that have changed included, can be remembered until the next capture: an end cannot
    /// be refused. A capture calls it first, and is no capture when this is false.
    /// </summary>
    public bool ReserveEnds() => Ended.Reserve(StoredCount + ChangedCount);

    /// <summary>False once there was no memory to adopt an object with certainty that it can end (restore only).</summary>
    public bool HasRoomToEnd { get; private set; } = true;

    /// <summary>A record of the object is on its way.</summary>
    public void MarkStored(ObjectHeader* header)
    {
        if ((header->Flags & ObjectFlags.Stored) != 0)
            return;
        header->Flags |= ObjectFlags.Stored;
        StoredCount++;
    }

    /// <summary>Makes sure that no id below <paramref name="next"/> is given out again (restore only).</summary>
    public void ContinueIdsFrom(ObjectId next)
    {
        if (next.Value > _nextId)
            _nextId = next.Value;
    }

    /// <summary>Schedules the object for the next capture. Cheap when it already is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MarkChanged(ObjectHeader* header)
    {
        if ((header->Flags & ObjectFlags.Changed) == 0)
            Link(header);
    }

    /// <summary>Takes the object off the changed list; the capture calls it as it writes the record.</summary>
    public void ClearChanged(ObjectHeader* header)
    {
        if ((header->Flags & ObjectFlags.Changed) != 0)
            Unlink(header);
    }

    /// <summary>Ends an object: forgets its id, and remembers the id for the next capture if a record of it exists. The caller frees the memory.</summary>
    public void Remove(ObjectHeader* header)
    {
        Panic.Unless((header->Flags & ObjectFlags.Tracked) != 0, "objects: removed an object that is not tracked"u8);
        ClearChanged(header);
        ObjectHeader** link = BucketOf(header->Id);
        while (*link != header)
            link = &(*link)->NextInBucket;
        *link = header->NextInBucket;
        if ((header->Flags & ObjectFlags.Stored) != 0)
        {
            Ended.Add(header->Id);
            StoredCount--;
        }
        header->Flags = ObjectFlags.None;
        Count--;
    }

    /// <summary>The live object with this id, or null.</summary>
    public ObjectHeader* Find(ObjectId id)
    {
        ObjectHeader* header = *BucketOf(id);
        while (header != null && header->Id != id)
            header = header->NextInBucket;
        return header;
    }

    /// <summary>The live object with this id and kind, or null.</summary>
    public ObjectHeader* Find(ObjectId id, ObjectKind kind)
    {
        ObjectHeader* header = Find(id);
        return header != null && header->Kind == kind ? header : null;
    }

    private void Insert(ObjectHeader* header, ObjectKind kind, ObjectId id)
    {
        header->Id = id;
        header->Kind = kind;
        header->Group = Index;
        header->Flags = ObjectFlags.Tracked;
        ObjectHeader** bucket = BucketOf(id);
        header->NextInBucket = *bucket;
        *bucket = header;
        Count++;
    }

    private void Link(ObjectHeader* header)
    {
        Panic.Unless((header->Flags & ObjectFlags.Tracked) != 0, "objects: changed an object that is not tracked"u8);
        header->Flags |= ObjectFlags.Changed;
        header->PreviousChanged = null;
        header->NextChanged = _firstChanged;
        if (_firstChanged != null)
            _firstChanged->PreviousChanged = header;
        _firstChanged = header;
        ChangedCount++;
        ChangedBytes += (ulong)_recordBytes[(int)header->Kind];
    }

    private void Unlink(ObjectHeader* header)
    {
        header->Flags &= ~ObjectFlags.Changed;
        if (header->PreviousChanged != null)
            header->PreviousChanged->NextChanged = header->NextChanged;
        else
            _firstChanged = header->NextChanged;
        if (header->NextChanged != null)
            header->NextChanged->PreviousChanged = header->PreviousChanged;
        header->NextChanged = header->PreviousChanged = null;
        ChangedCount--;
        ChangedBytes -= (ulong)_recordBytes[(int)header->Kind];
    }

    private ObjectHeader** BucketOf(ObjectId id) => &_buckets[id.Value % BucketCount];
}
