// What copies are made of again and again stays in memory: the records of a state that a restore has read stay staged when it has come to
// its end, those of files that it referred to as well, and the next restore of the same state reads nothing. A state never changes
// (StoredState), so nothing here can be older than what it stands for: a group that runs on or goes back has another state. There are a few
// of them, which take a share of the memory together; whoever needs that has them dropped, but for the one in use. One restore at a time.
// Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The records of states that are copied.</summary>
public sealed unsafe class StagedStates
{
    // The first place is of restores that leave nothing.
    private const int Places = 17;

    private readonly PageAllocator _pages;
    private readonly FramePool _frames;
    private readonly long _mostBytes;
    private readonly StagedState* _places;
    private StagedState* _current;
    private ushort _group;
    private ulong _uses;

    /// <summary>Those that stay take at most so many bytes together.</summary>
    public StagedStates(PageAllocator pages, FramePool frames, long mostBytes)
    {
        _frames = frames;
        _pages = pages;
        _mostBytes = mostBytes;
        int size = (int)PageSize.PagesFor((ulong)(Places * sizeof(StagedState)));
        _places = (StagedState*)pages.Allocate(size);
        Panic.Unless(_places != null, "restore: no memory for staged states"u8);
    }

    /// <summary>How many restores have found what they read in memory.</summary>
    public ulong Hits { get; private set; }

    /// <summary>True while a state stays.</summary>
    public bool Has(in StoredState state) => Find(state) != null;

    /// <summary>
    /// A restore of a group begins: what is staged of the state, or an empty place for it. The state is none when it is not to stay.
    /// </summary>
    internal StagedState* Begin(ObjectTracker group, in StoredState state)
    {
        Panic.Unless(_current == null, "restore: two at once"u8);
        StagedState* place = state.IsNone ? null : Find(state);
        Hits += place == null ? 0UL : 1;
        if (place == null)
        {
            place = state.IsNone ? _places : FreePlace();
            Clear(place);
            place->State = state;
        }
        place->LastUse = ++_uses;
        place->NextRead = default;
        _group = group.Index;
        return _current = place;
    }

    /// <summary>It has ended. What it has read stays, if it was restored as a whole and all of it was kept.</summary>
    internal void End(bool isRestored)
    {
        StagedState* place = _current;
        _current = null;
        place->IsComplete |= isRestored && place->IsWhole && !place->State.IsNone;
        if (!place->IsComplete || place->Bytes > _mostBytes)
            Clear(place);
        while (Bytes > _mostBytes)
            Clear(OldestStaged());
    }

    /// <summary>Of a volume that goes nothing stays, nor of the state that it holds, which may have the name of another.</summary>
    public void Drop(VolumeId volume, in StoredState state)
    {
        for (int i = 1; i < Places; i++)
        {
            bool isMeant = _places[i].State.Volume == volume || (!state.IsNone && _places[i].State.IsSameAs(in state));
            if (_places + i != _current && isMeant)
                Clear(_places + i);
        }
    }

    /// <summary>Gives all memory back but that of the restore under way; true when something went.</summary>
    public bool DropAll()
    {
        bool hasDropped = false;
        while (DropOldest())
            hasDropped = true;
        return hasDropped;
    }

    /// <summary>Gives back that of the state that was not used for the longest time; false when there is none.</summary>
    public bool DropOldest()
    {
        StagedState* oldest = OldestStaged();
        if (oldest == null)
            return false;
        Clear(oldest);
        return true;
    }

    /// <summary>
    /// What reading names or inodes gave a restore of the same state, for one of this group: false when it is not known.
    /// </summary>
    internal bool TryRead(ObjectTracker group, ObjectId after, ObjectId last, ref RecordRun run, out StoreStatus status)
    {
        status = StoreStatus.Ok;
        if (_current == null || !_current->IsComplete || group.Index != _group)
            return false;
        bool isFound = FindRead(after, last, run.Most, out ReadOnlySpan<byte> read);
        if (!isFound)
        {
            _current->NextRead = default;
            isFound = FindRead(after, last, run.Most, out read);
        }
        if (!isFound || read.Length - StagedRead.Size > run.Bytes)
            return false;
        StagedRead about = MemoryMarshal.Read<StagedRead>(read);
        run.Take(read[StagedRead.Size..], about.Count);
        status = (StoreStatus)about.Status;
        return true;
    }

    /// <summary>Such a read has come to its end.</summary>
    internal void NoteRead(ObjectTracker group, ObjectId after, ObjectId last, in RecordRun run, StoreStatus status)
    {
        bool stays = _current != null && !_current->State.IsNone && !_current->IsComplete && group.Index == _group;
        if (!stays || status is not (StoreStatus.Ok or StoreStatus.NotFound) || _current->Bytes > _mostBytes)
            return;
        // The allocator is for those who cannot do without, which this can: what does not stay is read again.
        if (!_frames.MayTake(RecordStage.ChunkPages, FramePriority.Contents))
            return;
        int length = StagedRead.Size + run.Used;
        Span<byte> room = _current->Reads.Reserve(_pages, length);
        if (room.IsEmpty)
            return;
        var about = new StagedRead { Last = last.Value, Most = run.Most, Count = run.Count, Status = (int)status };
        MemoryMarshal.Write(room, in about);
        new ReadOnlySpan<byte>(run.Room, run.Used).CopyTo(room[StagedRead.Size..]);
        _current->Reads.Append(after, length);
    }

    // From the expected one to the last.
    private bool FindRead(ObjectId after, ObjectId last, int most, out ReadOnlySpan<byte> read)
    {
        while (_current->Reads.Next(ref _current->NextRead, out ObjectId id, out read))
        {
            if (id != after)
                continue;
            StagedRead about = MemoryMarshal.Read<StagedRead>(read);
            if (about.Last == last.Value && about.Most == most)
                return true;
        }
        return false;
    }

    private StagedState* Find(in StoredState state)
    {
        for (int i = 1; i < Places; i++)
        {
            if (!_places[i].State.IsNone && _places[i].State.IsSameAs(state))
                return _places + i;
        }
        return null;
    }

    private StagedState* FreePlace()
    {
        for (int i = 1; i < Places; i++)
        {
            if (_places[i].State.IsNone)
                return _places + i;
        }
        return OldestStaged();
    }

    // The one that has not been used for the longest time; null when there is none but that of the restore under way.
    private StagedState* OldestStaged()
    {
        StagedState* oldest = null;
        for (int i = 1; i < Places; i++)
        {
            bool isOther = !_places[i].State.IsNone && _places + i != _current;
            if (isOther && (oldest == null || _places[i].LastUse < oldest->LastUse))
                oldest = _places + i;
        }
        return oldest;
    }

    private long Bytes
    {
        get
        {
            long bytes = 0;
            for (int i = 1; i < Places; i++)
                bytes += _places[i].Bytes;
            return bytes;
        }
    }

    private void Clear(StagedState* place)
    {
        place->Records.Clear(_pages);
        place->Reads.Clear(_pages);
        *place = default;
    }
}
