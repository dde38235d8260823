// Which blocks are New in groups whose page of the space map is not in memory: one bit a block. A disk with little free space spreads
// one commit over many groups, more than there are frames; with this a group costs 272 bytes instead of a frame. There is a spare entry
// for every frame with New blocks (BlockAllocator.ReserveNew), so that no frame is ever stuck for want of memory: a cut that was
// promised can be made without any.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>New blocks of groups that have no frame. Protected by the kernel lock; nothing here blocks.</summary>
internal sealed unsafe class NewBlockTable
{
    private const int Buckets = 64;
    private const int Words = (SpacePage.BlocksPerGroup + 63) / 64;

    private struct Entry
    {
        public Entry* Next;
        public ulong Group;
        public fixed ulong Bits[Words];
    }

    private struct Page
    {
        public Page* Next;
    }

    private readonly PageAllocator _allocator;
    private readonly nint[] _buckets = new nint[Buckets];
    private Page* _pages;
    private Entry* _free;
    private int _spare;

    public NewBlockTable(PageAllocator allocator, int frames)
    {
        _allocator = allocator;
        SoftLimit = frames * 16;
    }

    /// <summary>Groups in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Commits must wait for a cut when the table holds more groups than this; recovery needs not.</summary>
    public int SoftLimit { get; }

    /// <summary>Makes sure that so many more groups can be saved whatever happens to memory. False when there is none.</summary>
    public bool Reserve(int groups)
    {
        while (_spare < groups)
        {
            if (!AddPage())
                return false;
        }
        return true;
    }

    /// <summary>Whether the table holds a group.</summary>
    public bool Has(ulong group)
    {
        var entry = (Entry*)_buckets[BucketOf(group)];
        while (entry != null && entry->Group != group)
            entry = entry->Next;
        return entry != null;
    }

    /// <summary>Remembers the New blocks of a group. False when there is no memory.</summary>
    public bool Save(ulong group, ushort* counts)
    {
        Entry* entry = Take();
        if (entry == null)
            return false;
        entry->Group = group;
        for (int i = 0; i < Words; i++)
            entry->Bits[i] = 0;
        for (int i = 0; i < SpacePage.BlocksPerGroup; i++)
        {
            if (counts[i] == SpacePage.New)
                entry->Bits[i / 64] |= 1UL << (i % 64);
        }
        entry->Next = (Entry*)_buckets[BucketOf(group)];
        _buckets[BucketOf(group)] = (nint)entry;
        Count++;
        return true;
    }

    /// <summary>Puts the marks of a group back, forgets them, and says how many there were.</summary>
    public int Restore(ulong group, ushort* counts)
    {
        Entry* previous = null;
        Entry* entry = (Entry*)_buckets[BucketOf(group)];
        while (entry != null && entry->Group != group)
        {
            previous = entry;
            entry = entry->Next;
        }
        if (entry == null)
            return 0;
        int restored = 0;
        for (int i = 0; i < SpacePage.BlocksPerGroup; i++)
        {
            if ((entry->Bits[i / 64] & (1UL << (i % 64))) == 0)
                continue;
            counts[i] = SpacePage.New;
            restored++;
        }
        if (previous == null)
            _buckets[BucketOf(group)] = (nint)entry->Next;
        else
            previous->Next = entry->Next;
        entry->Next = _free;
        _free = entry;
        _spare++;
        Count--;
        return restored;
    }

    /// <summary>Returns all memory.</summary>
    public void Free()
    {
        while (_pages != null)
        {
            Page* next = _pages->Next;
            _allocator.Free(_pages, 1);
            _pages = next;
        }
        _free = null;
        _spare = 0;
        Count = 0;
        for (int i = 0; i < Buckets; i++)
            _buckets[i] = 0;
    }

    private static int BucketOf(ulong group) => (int)(group % Buckets);

    private Entry* Take()
    {
        if (_free == null && !AddPage())
            return null;
        Entry* entry = _free;
        _free = entry->Next;
        _spare--;
        return entry;
    }

    private bool AddPage()
    {
        Page* page = (Page*)_allocator.Allocate(1);
        if (page == null)
            return false;
        page->Next = _pages;
        _pages = page;
        var entry = (Entry*)(page + 1);
        for (int left = (PageSize.Bytes - sizeof(Page)) / sizeof(Entry); left > 0; left--, entry++)
        {
            entry->Next = _free;
            _free = entry;
            _spare++;
        }
        return true;
    }
}
