// The frames that groups have read of the states they begin with (BaseName). A page of such a state is the same for every group that begins
// with it, and for all that will; but each of them writes to some pages as soon as it runs (its stack, its data), and has them clean no
// longer. The frame therefore stays here as well: who writes finds that it is not his alone and copies it, and the next group has the page
// without the disk. Found by state, object and page; a state's name means the same contents for ever, so what is here is never out of date.
// Which pages of a group are still as its state has them PageIns says.
//
// There are at most so many; a new one takes the place of one that nobody has asked for since the hand came by. Frames that nobody else
// shows are given back when frames are short, unless they were asked for since the last round; before memory counts as exhausted all of
// them are; and they go when the volume goes that ephemeral groups are read from.
// Protected by the kernel lock.
using System;
using System.Numerics;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Pages of volumes that never change, kept for the groups to come.</summary>
public sealed unsafe class BaseFrames
{
    // One of so many frames of the machine may be here.
    private const ulong PartOfMemory = 4;
    private const int LeastEntries = 64;
    private const int EntriesPerBucket = 2;

    // Whoever chooses the numbers of pages could have many in one bucket.
    private const int MostInBucket = 32;

    // Entries looked at for one that can be replaced, and in one step of reclaim.
    private const int ReplacementLooks = 16;
    private const int EntriesPerStep = 512;

    private struct Entry
    {
        public Entry* Next;
        public BaseName Base;
        public ulong Stored;
        public ulong Page;
        public FrameNumber Frame;
        public bool IsUsed;
    }

    private readonly FramePool _frames;
    private readonly GroupTable<BaseName> _names;
    private readonly Slab<Entry> _entries;
    private readonly Entry** _buckets;
    private readonly ulong _mask;
    private uint _hand;
    private uint _replaceHand;

    internal BaseFrames(FramePool frames, PageAllocator pages, TrackedObjects tracked)
    {
        _frames = frames;
        _names = new GroupTable<BaseName>(tracked);
        Capacity = Math.Max(LeastEntries, (int)Math.Min(frames.TotalFrames / PartOfMemory, 1UL << 30));
        _entries = new Slab<Entry>(pages, Capacity);
        ulong buckets = BitOperations.RoundUpToPowerOf2((ulong)(Capacity / EntriesPerBucket));
        _mask = buckets - 1;
        _buckets = (Entry**)pages.Allocate((int)PageSize.PagesFor(buckets * (ulong)sizeof(Entry*)));
        Panic.Unless(_buckets != null, "memory: no room for the frames of base volumes"u8);
    }

    /// <summary>So many frames are kept at most.</summary>
    public int Capacity { get; }

    /// <summary>So many are kept.</summary>
    public int Count => _entries.Count;

    /// <summary>A group, which has nothing yet, begins with a state.</summary>
    public void Begin(ObjectTracker group, in BaseName name) => *_names.At(group.Index) = name;

    /// <summary>It is known with what state a group has begun.</summary>
    public bool HasBegun(ObjectTracker group) => !_names.At(group.Index)->IsNone;

    /// <summary>As <see cref="Hold"/>, of the state that a group began with, if that is known.</summary>
    internal FrameNumber HoldFor(ushort group, ObjectId stored, ulong page)
    {
        BaseName* name = _names.At(group);
        return name->IsNone ? default : Hold(in *name, stored, page);
    }

    /// <summary>As <see cref="Keep"/>, of the state that a group began with, if that is known.</summary>
    internal void KeepFor(ushort group, ObjectId stored, ulong page, FrameNumber frame)
    {
        BaseName* name = _names.At(group);
        if (!name->IsNone)
            Keep(in *name, stored, page, frame);
    }

    /// <summary>The frame of a page, with a reference for the caller; frame 0 when it is not here.</summary>
    public FrameNumber Hold(in BaseName name, ObjectId stored, ulong page)
    {
        Entry* entry = *BucketOf(in name, stored, page);
        while (entry != null && !(entry->Page == page && entry->Stored == stored.Value && entry->Base.IsSameAs(in name)))
            entry = entry->Next;
        if (entry == null)
            return default;
        entry->IsUsed = true;
        _frames.AddReference(entry->Frame);
        return entry->Frame;
    }

    /// <summary>What has been read of a page is kept, if it is not here and there is room. The frame is the caller's as before.</summary>
    public void Keep(in BaseName name, ObjectId stored, ulong page, FrameNumber frame)
    {
        FrameNumber known = Hold(in name, stored, page);
        if (known.Value != 0)
        {
            _frames.Release(known);
            return;
        }
        if (_entries.Count == Capacity)
            Replace();
        Entry** bucket = BucketOf(in name, stored, page);
        Entry* entry = _entries.Count == Capacity || IsFull(*bucket) ? null : _entries.Allocate();
        if (entry == null)
            return;
        *entry = new Entry { Next = *bucket, Base = name, Stored = stored.Value, Page = page, Frame = frame };
        *bucket = entry;
        _frames.AddReference(frame);
    }

    /// <summary>
    /// Goes over some entries from <paramref name="at"/> on, which begins as zero, and drops those of a state. True at the end.
    /// </summary>
    public bool DropOf(in BaseName name, ref uint at)
    {
        uint end = Math.Min(_entries.IndexBound, at + EntriesPerStep);
        for (; at < end; at++)
        {
            Entry* entry = _entries.LiveAt(at);
            if (entry != null && entry->Base.IsSameAs(in name))
                Drop(entry);
        }
        return at >= _entries.IndexBound;
    }

    /// <summary>
    /// Goes over some entries from <paramref name="at"/> on, and gives back all frames that nobody else shows. True at the end.
    /// </summary>
    public bool DropAlone(ref uint at)
    {
        uint end = Math.Min(_entries.IndexBound, at + EntriesPerStep);
        for (; at < end; at++)
        {
            Entry* entry = _entries.LiveAt(at);
            if (entry != null && IsAlone(entry))
                Drop(entry);
        }
        return at >= _entries.IndexBound;
    }

    /// <summary>
    /// Moves the hand over some entries, and gives back the frames that nobody else shows and nobody has asked for since it came by. True
    /// when it begins again.
    /// </summary>
    internal bool Step()
    {
        for (int looks = 0; looks < EntriesPerStep && _hand < _entries.IndexBound; looks++)
        {
            Entry* entry = _entries.LiveAt(_hand++);
            if (entry != null && !WasUsed(entry) && IsAlone(entry))
                Drop(entry);
        }
        if (_hand < _entries.IndexBound)
            return false;
        _hand = 0;
        return true;
    }

    // Those who show its frame go on doing so.
    private void Replace()
    {
        for (int looks = 0; looks < ReplacementLooks; looks++)
        {
            if (_replaceHand >= _entries.IndexBound)
                _replaceHand = 0;
            Entry* entry = _entries.LiveAt(_replaceHand++);
            if (entry == null || WasUsed(entry))
                continue;
            Drop(entry);
            return;
        }
    }

    // Since somebody asked last.
    private static bool WasUsed(Entry* entry)
    {
        bool wasUsed = entry->IsUsed;
        entry->IsUsed = false;
        return wasUsed;
    }

    private bool IsAlone(Entry* entry)
    {
        FrameInfo* info = _frames.InfoOf(entry->Frame);
        return info->References == 1 && info->InFlight == 0 && info->Pins == 0;
    }

    private static bool IsFull(Entry* first)
    {
        int count = 0;
        for (; first != null && count < MostInBucket; first = first->Next)
            count++;
        return count == MostInBucket;
    }

    private void Drop(Entry* entry)
    {
        Entry** link = BucketOf(in entry->Base, new ObjectId(entry->Stored), entry->Page);
        while (*link != entry)
            link = &(*link)->Next;
        *link = entry->Next;
        _frames.Release(entry->Frame);
        _entries.Free(entry);
    }

    private Entry** BucketOf(in BaseName name, ObjectId stored, ulong page)
    {
        ulong hash = ((name.Volume + (name.Sequence << 20)) * 0x9E3779B97F4A7C15)
            ^ (stored.Value * 0xC2B2AE3D27D4EB4F) ^ (page * 0x165667B19E3779F9);
        return _buckets + ((hash ^ (hash >> 32)) & _mask);
    }
}
