// What is known of regions: all there are, in the order of their addresses and found by number and by name, once somebody has asked
// (IsLoaded); persists on their way; and what has been asked for. Made once at boot; it grows by pages of the allocator. Protected by the
// kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Regions, their persists, and the orders about them.</summary>
internal sealed unsafe class RegionTable
{
    /// <summary>As many regions as there are indexes for those in memory.</summary>
    public const int MostRegions = GroupTable.MaxGroups;

    private const int MostPersists = 1 << 12;
    private const int MostOrders = 1 << 10;
    private const int BucketPages = 8;
    private const ulong Buckets = BucketPages * PageSize.Bytes / sizeof(ulong);

    private struct Lists
    {
        public FiberQueue PersistWork;
        public FiberQueue Settled;
        public WaitQueue Answered;
        public RegionEntry* First;
        public RegionEntry* FirstOpen;
        public RegionOrder* FirstOrder;
    }

    private readonly Lists* _lists;
    private readonly RegionEntry** _byNumber;
    private readonly RegionEntry** _byName;

    public RegionTable(PageAllocator pages, SeededRegionFaults seeded)
    {
        Queue = new RegionQueue { Seeded = seeded };
        Entries = new Slab<RegionEntry>(pages, MostRegions);
        Persists = new Slab<RegionPersist>(pages, MostPersists);
        Orders = new Slab<RegionOrder>(pages, MostOrders);
        _lists = (Lists*)pages.Allocate(1);
        _byNumber = (RegionEntry**)pages.Allocate(BucketPages);
        _byName = (RegionEntry**)pages.Allocate(BucketPages);
        Panic.Unless(_lists != null && _byNumber != null && _byName != null, "regions: no memory for the lists"u8);
    }

    /// <summary>Persists that wait for a fiber.</summary>
    public RegionQueue Queue { get; }

    public Slab<RegionEntry> Entries { get; }
    public Slab<RegionPersist> Persists { get; }
    public Slab<RegionOrder> Orders { get; }

    /// <summary>Fibers that persist sleep here.</summary>
    public FiberQueue* PersistWork => &_lists->PersistWork;

    /// <summary>Fibers wait here until nothing of a region is on its way, or somebody is done with it. All are woken.</summary>
    public FiberQueue* Settled => &_lists->Settled;

    /// <summary>Threads that have asked for something wait here.</summary>
    public WaitQueue* Answered => &_lists->Answered;

    /// <summary>The last ticket that was given.</summary>
    public ulong LastTicket;

    /// <summary>The volumes have been looked at.</summary>
    public bool IsLoaded;

    /// <summary>The region with the lowest address.</summary>
    public RegionEntry* First => _lists->First;

    /// <summary>What leads to the oldest order.</summary>
    public RegionOrder** OrderLink => &_lists->FirstOrder;

    /// <summary>Some fiber makes a region, from looking whether the name is free until it is listed.</summary>
    public bool IsMaking;

    /// <summary>There are volumes of regions that were being made when the machine stopped.</summary>
    public bool HasUnfinished;

    /// <summary>The first of the regions in memory (<see cref="RegionEntry.NextOpen"/>).</summary>
    public RegionEntry* FirstOpen => _lists->FirstOpen;

    /// <summary>The region with a name, or null.</summary>
    public RegionEntry* Find(ReadOnlySpan<byte> name)
    {
        RegionEntry* entry = *BucketOf(name);
        while (entry != null && !name.SequenceEqual(NameOf(entry)))
            entry = entry->NextOfName;
        return entry;
    }

    /// <summary>The region with a volume, or null.</summary>
    public RegionEntry* Find(ulong volume)
    {
        RegionEntry* entry = _byNumber[volume % Buckets];
        while (entry != null && entry->Volume != volume)
            entry = entry->NextOfNumber;
        return entry;
    }

    public static ReadOnlySpan<byte> NameOf(RegionEntry* entry) => new(entry->NameBytes, entry->NameLength);

    /// <summary>Adds an entry, whose name and record are set, at its place.</summary>
    public void Insert(RegionEntry* entry)
    {
        RegionEntry** link = &_lists->First;
        while (*link != null && (*link)->Record.Address <= entry->Record.Address)
            link = &(*link)->Next;
        entry->Next = *link;
        *link = entry;
        RegionEntry** bucket = &_byNumber[entry->Volume % Buckets];
        entry->NextOfNumber = *bucket;
        *bucket = entry;
        bucket = BucketOf(NameOf(entry));
        entry->NextOfName = *bucket;
        *bucket = entry;
    }

    /// <summary>Forgets an entry, which is not in memory.</summary>
    public void Remove(RegionEntry* entry)
    {
        Panic.Unless(!entry->IsOpen && entry->Users == 0, "regions: one in use was forgotten"u8);
        RegionEntry** link = &_lists->First;
        while (*link != entry)
            link = &(*link)->Next;
        *link = entry->Next;
        link = &_byNumber[entry->Volume % Buckets];
        while (*link != entry)
            link = &(*link)->NextOfNumber;
        *link = entry->NextOfNumber;
        link = BucketOf(NameOf(entry));
        while (*link != entry)
            link = &(*link)->NextOfName;
        *link = entry->NextOfName;
        Entries.Free(entry);
    }

    /// <summary>A region has come into memory, with an index among groups.</summary>
    public void NoteOpen(RegionEntry* entry, ushort group)
    {
        entry->Group = group;
        entry->IsOpen = true;
        entry->NextOpen = _lists->FirstOpen;
        _lists->FirstOpen = entry;
    }

    /// <summary>A region has left memory.</summary>
    public void NoteClosed(RegionEntry* entry)
    {
        RegionEntry** link = &_lists->FirstOpen;
        while (*link != entry)
            link = &(*link)->NextOpen;
        *link = entry->NextOpen;
        entry->NextOpen = null;
        entry->Group = 0;
        entry->IsOpen = false;
    }

    private RegionEntry** BucketOf(ReadOnlySpan<byte> name)
    {
        // FNV-1a.
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (byte each in name)
            hash = unchecked((hash ^ each) * 0x100_0000_01B3);
        return &_byName[hash % Buckets];
    }
}
