// The objects of one consistency group (TrackedObjects, TrackerState): a value that is passed where a group is meant. It names objects,
// finds them by id, and keeps the lists of what has changed and what has ended. An ephemeral group is never captured: its objects know that
// they have changed, but nothing is on a list, and nobody is woken. Protected by the kernel lock.
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>One consistency group's kernel objects. The default value is no group.</summary>
public readonly unsafe struct ObjectTracker
{
    private readonly TrackedObjects _objects;
    private readonly TrackerState* _state;

    internal ObjectTracker(TrackedObjects objects, TrackerState* state)
    {
        _objects = objects;
        _state = state;
    }

    /// <summary>False when no group is meant.</summary>
    public bool Exists => _state != null;

    /// <summary>The objects of all groups.</summary>
    public TrackedObjects Objects => _objects;

    public ushort Index => _state->Index;

    /// <summary>The ids of stored objects that have ended since the last capture.</summary>
    public ref IdList Ended => ref _state->Ended;

    /// <summary>The id the next registered object gets; persisted with the group.</summary>
    public ObjectId NextId => new(_state->NextId);

    public int Count => _state->Count;

    /// <summary>Live objects of which a record exists or is on its way: each of them may end.</summary>
    public int StoredCount => _state->StoredCount;
    public int ChangedCount => _state->ChangedCount;

    /// <summary>An upper bound of the payloads of all changed objects' records, in bytes.</summary>
    public ulong ChangedBytes => _state->ChangedBytes;
    public ObjectHeader* FirstChanged => _state->FirstChanged;

    /// <summary>Gives a new object its identity and schedules its first capture.</summary>
    public void Register(ObjectHeader* header, ObjectKind kind)
    {
        Insert(header, kind, new ObjectId(_state->NextId++));
        MarkChanged(header);
    }

    /// <summary>An id for whoever makes another number of it.</summary>
    public ObjectId TakeId() => new(_state->NextId++);

    /// <summary>As above, for an object whose id says what it is about (<see cref="FileIds"/>); one that had the id before has
    /// ended.</summary>
    public void RegisterAs(ObjectHeader* header, ObjectKind kind, ObjectId id)
    {
        Panic.Unless(FileIds.IsOnDemand(id), "objects: an id was chosen that is none of a file or a name"u8);
        Insert(header, kind, id);
        MarkChanged(header);
    }

    /// <summary>Gives an object another id. What is stored under the old one goes with the next capture.</summary>
    public void Rename(ObjectHeader* header, ObjectId id)
    {
        ObjectKind kind = header->Kind;
        Remove(header);
        RegisterAs(header, kind, id);
    }

    /// <summary>Schedules every object of the group for the next capture, some at a time, from a place (0 at first); true at the
    /// end.</summary>
    public bool MarkAllChanged(ref ulong place) => _objects.Index.MarkChanged(_state->Index, ref place);

    /// <summary>Makes sure that so many more objects can be adopted, with certainty that they can end; false when out of memory.</summary>
    public bool ReserveAdoptions(int count) => IsEphemeral || Ended.Reserve(_objects.Pages, StoredCount + ChangedCount + count);

    /// <summary>Takes an object that is as its record is (<see cref="IsDurable(ObjectHeader*)"/>) out of the books: the record
    /// stays.</summary>
    public void Forget(ObjectHeader* header)
    {
        Panic.Unless(IsDurable(header), "objects: forgot an object that is not as it is stored"u8);
        _objects.Index.Remove(header);
        header->CapturedIn = 0;
        _state->StoredCount--;
        header->Flags = ObjectFlags.None;
        header->Owner = null;
        _state->Count--;
    }

    /// <summary>Registers an object read from a record under its stored id.</summary>
    public void Adopt(ObjectHeader* header, ObjectKind kind, ObjectId id)
    {
        Insert(header, kind, id);
        MarkStored(header);
        _state->HasRoomToEnd &= IsEphemeral || Ended.Reserve(_objects.Pages, StoredCount);
        if (!FileIds.IsOnDemand(id) && id.Value >= _state->NextId)
            _state->NextId = id.Value + 1;
    }

    /// <summary>
    /// Makes sure that the end of every object, those that have changed included, can be remembered until the next capture: an end cannot
    /// be refused. A capture calls it first, and is no capture when this is false.
    /// </summary>
    public bool ReserveEnds() => Ended.Reserve(_objects.Pages, StoredCount + ChangedCount);

    /// <summary>False once there was no memory to adopt an object with certainty that it can end (restore only).</summary>
    public bool HasRoomToEnd => _state->HasRoomToEnd;

    /// <summary>A record of the object is on its way.</summary>
    public void MarkStored(ObjectHeader* header)
    {
        if ((header->Flags & ObjectFlags.Stored) != 0)
            return;
        header->Flags |= ObjectFlags.Stored;
        _state->StoredCount++;
    }

    /// <summary>Makes sure that no id below <paramref name="next"/> is given out again (restore only).</summary>
    public void ContinueIdsFrom(ObjectId next)
    {
        if (next.Value > _state->NextId)
            _state->NextId = next.Value;
    }

    /// <summary>Schedules the object for the next capture. Cheap when it already is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MarkChanged(ObjectHeader* header)
    {
        if ((header->Flags & ObjectFlags.Changed) == 0)
            _objects.Link(header);
    }

    /// <summary>A capture has taken the object: its record is on its way.</summary>
    public void EndCapture(ObjectHeader* header, ulong capture)
    {
        MarkStored(header);
        ClearChanged(header);
        header->CapturedIn = capture;
    }

    /// <summary>A capture is over: what changes from now on, the next one takes. Their numbers grow, and may have gaps.</summary>
    public void NoteCapture(ulong capture) => _state->LastCapture = capture;

    /// <summary>A capture, and all before it, have become durable, or parts of a later one that has.</summary>
    public void NoteDurable(ulong capture) => _state->LastDurable = capture;

    /// <summary>What changes now is durable when a capture with at least this number is.</summary>
    public ulong NextCapture => _state->LastCapture + 1;

    /// <summary>True when what a capture took, or would have taken at the latest, is durable.</summary>
    public bool IsDurable(ulong capture) => capture <= _state->LastDurable;

    /// <summary>True when the object is in the newest durable checkpoint exactly as it is.</summary>
    public bool IsDurable(ObjectHeader* header)
        => (header->Flags & (ObjectFlags.Tracked | ObjectFlags.Stored | ObjectFlags.Changed)) == (ObjectFlags.Tracked | ObjectFlags.Stored)
            && IsDurable(header->CapturedIn);

    /// <summary>Takes the object off the changed list.</summary>
    public void ClearChanged(ObjectHeader* header)
    {
        if ((header->Flags & ObjectFlags.Changed) != 0)
            Unlink(header);
    }

    /// <summary>Ends an object: forgets its id, and remembers the id for the next capture if a record of it exists. The caller frees the
    /// memory.</summary>
    public void Remove(ObjectHeader* header)
    {
        _objects.Lock.AssertHeld();
        Panic.Unless((header->Flags & ObjectFlags.Tracked) != 0, "objects: removed an object that is not tracked"u8);
        ClearChanged(header);
        header->CapturedIn = 0;
        _objects.Index.Remove(header);
        if ((header->Flags & ObjectFlags.Stored) != 0)
        {
            NoteEnd(header->Id);
            _state->StoredCount--;
        }
        header->Flags = ObjectFlags.None;
        header->Owner = null;
        _state->Count--;
    }

    private void NoteEnd(ObjectId id)
    {
        if (IsEphemeral)
            return;
        Ended.Add(_objects.Pages, id);
        _state->Totals->Count++;
        Note(_state);
    }

    /// <summary>
    /// Ends an object of which there is a record and which a restore has left alone; false when there is no memory to remember it.
    /// </summary>
    public bool EndUnread(ObjectId id)
    {
        if (!IsEphemeral && !Ended.Reserve(_objects.Pages, StoredCount + 1))
            return false;
        NoteEnd(id);
        return true;
    }

    /// <summary>The live object with this id, or null.</summary>
    public ObjectHeader* Find(ObjectId id) => _objects.Index.Find(_state->Index, id);

    /// <summary>The live object with this id and kind, or null.</summary>
    public ObjectHeader* Find(ObjectId id, ObjectKind kind)
    {
        ObjectHeader* header = Find(id);
        return header != null && header->Kind == kind ? header : null;
    }

    /// <summary>An object that is never tracked acts for this group.</summary>
    public void Lend(ObjectHeader* header)
    {
        header->Owner = _state;
        header->Group = _state->Index;
    }

    private void Insert(ObjectHeader* header, ObjectKind kind, ObjectId id)
    {
        _objects.Lock.AssertHeld();
        header->Id = id;
        header->Kind = kind;
        Lend(header);
        header->Flags = ObjectFlags.Tracked;
        Panic.Unless(_objects.Index.Insert(header), "objects: an id was given twice"u8);
        _state->Count++;
    }

    internal static void Link(ObjectHeader* header)
    {
        Panic.Unless((header->Flags & ObjectFlags.Tracked) != 0, "objects: changed an object that is not tracked"u8);
        TrackerState* state = header->Owner;
        header->Flags |= ObjectFlags.Changed;
        if (state->IsEphemeral)
            return;
        header->PreviousChanged = null;
        header->NextChanged = state->FirstChanged;
        if (state->FirstChanged != null)
            state->FirstChanged->PreviousChanged = header;
        state->FirstChanged = header;
        state->ChangedCount++;
        ulong bytes = (ulong)state->RecordBytes[(int)header->Kind];
        state->ChangedBytes += bytes;
        state->Totals->Count++;
        state->Totals->RecordBytes += bytes;
        Note(state);
    }

    /// <summary>
    /// Nothing of the group has changed: whoever looks at groups that change need not look at it until something does. What changes of an
    /// ephemeral one is nobody's business: its changes wake nobody.
    /// </summary>
    public void Sleep() => _state->IsAsleep = !IsEphemeral;

    /// <summary>False while it sleeps and nothing has changed.</summary>
    public bool IsAwake => !_state->IsAsleep;

    /// <summary>True when nothing of the group is ever captured.</summary>
    public bool IsEphemeral => _state->IsEphemeral;

    /// <summary>From its beginning to its end nothing of the group is captured.</summary>
    public void BeEphemeral()
    {
        Panic.Unless(_state->Count == 0, "objects: a group with objects became ephemeral"u8);
        _state->IsEphemeral = true;
    }

    /// <summary>Somebody looks at it again.</summary>
    public void Wake() => Note(_state);

    // Something of the group changes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Note(TrackerState* state)
    {
        if (!state->IsAsleep)
            return;
        state->IsAsleep = false;
        state->NextWoken = state->Totals->FirstWoken;
        state->Totals->FirstWoken = state;
    }

    private static void Unlink(ObjectHeader* header)
    {
        TrackerState* state = header->Owner;
        header->Flags &= ~ObjectFlags.Changed;
        if (state->IsEphemeral)
            return;
        if (header->PreviousChanged != null)
            header->PreviousChanged->NextChanged = header->NextChanged;
        else
            state->FirstChanged = header->NextChanged;
        if (header->NextChanged != null)
            header->NextChanged->PreviousChanged = header->PreviousChanged;
        header->NextChanged = header->PreviousChanged = null;
        state->ChangedCount--;
        state->ChangedBytes -= (ulong)state->RecordBytes[(int)header->Kind];
    }

    internal void ForgetEnds() => Ended.Clear(_objects.Pages);
}
