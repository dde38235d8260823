// All live objects of the machine by group and id: a hash table that grows by one bucket at a time (linear hashing, Litwin 1980), so that
// no insertion ever moves more than one bucket and no table is copied. Buckets lie in pages, pages in a directory of directories:
//
//   bucket b:  page b / 512, slot b % 512          page p:  directory p / 512, slot p % 512          directories: one page
//
// Without memory for another bucket the chains grow longer; nothing fails. The pages stay: the next objects need them again.
// Protected by the kernel lock.
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>Finds objects by group and id.</summary>
internal sealed unsafe class ObjectIndex
{
    private const uint PerPage = PageSize.Bytes / 8;
    private const uint FirstBuckets = PerPage;
    private const ulong BucketsPerStep = 256;
    private const ulong MaxBuckets = (ulong)PerPage * PerPage * PerPage;

    private readonly PageAllocator _pages;
    private readonly void*** _directories;

    // Buckets in use are _base + _split: those below _split, and those from _base on, have been split in this round.
    private ulong _base = FirstBuckets;
    private ulong _split;
    private ulong _count;

    public ObjectIndex(PageAllocator pages)
    {
        _pages = pages;
        _directories = (void***)pages.Allocate(1);
        Panic.Unless(_directories != null && AddPageFor(0), "objects: no memory for the index"u8);
    }

    /// <summary>Adds an object; false when one of its group has its id.</summary>
    public bool Insert(ObjectHeader* header)
    {
        ObjectHeader** bucket = BucketOf(header->Group, header->Id);
        for (ObjectHeader* other = *bucket; other != null; other = other->NextInBucket)
        {
            if (other->Id == header->Id && other->Group == header->Group)
                return false;
        }
        header->NextInBucket = *bucket;
        *bucket = header;
        if (++_count > _base + _split)
            SplitNext();
        return true;
    }

    public void Remove(ObjectHeader* header)
    {
        ObjectHeader** link = BucketOf(header->Group, header->Id);
        while (*link != header)
        {
            Panic.Unless(*link != null, "objects: removed an object that is not in the index"u8);
            link = &(*link)->NextInBucket;
        }
        *link = header->NextInBucket;
        _count--;
    }

    public ObjectHeader* Find(ushort group, ObjectId id)
    {
        ObjectHeader* header = *BucketOf(group, id);
        while (header != null && (header->Id != id || header->Group != group))
            header = header->NextInBucket;
        return header;
    }

    /// <summary>
    /// Schedules a group's objects in the next few buckets from a place (0 at first) for its next capture; true after the last. What is
    /// split meanwhile moves to where the walk has yet to come.
    /// </summary>
    public bool MarkChanged(ushort group, ref ulong place)
    {
        for (ulong end = place + BucketsPerStep; place < end; place++)
        {
            if (place >= _base + _split)
                return true;
            for (ObjectHeader* header = *At(place); header != null; header = header->NextInBucket)
            {
                if (header->Group == group && (header->Flags & ObjectFlags.Changed) == 0)
                    ObjectTracker.Link(header);
            }
        }
        return false;
    }

    private void SplitNext()
    {
        // A bucket that is not the first of its page has the page of the one before it.
        ulong upper = _base + _split;
        if (upper >= MaxBuckets || (upper % PerPage == 0 && !AddPageFor(upper)))
            return;
        ObjectHeader** from = At(_split);
        ObjectHeader** to = At(upper);
        ulong mask = (_base * 2) - 1;
        for (ObjectHeader** link = from; *link != null;)
        {
            ObjectHeader* header = *link;
            if ((Hash(header->Group, header->Id) & mask) != upper)
            {
                link = &header->NextInBucket;
                continue;
            }
            *link = header->NextInBucket;
            header->NextInBucket = *to;
            *to = header;
        }
        if (++_split == _base)
        {
            _base *= 2;
            _split = 0;
        }
    }

    private bool AddPageFor(ulong bucket)
    {
        ulong page = bucket / PerPage;
        void*** directory = &_directories[page / PerPage];
        if (*directory == null)
            *directory = (void**)_pages.Allocate(1);
        if (*directory == null)
            return false;
        void** slot = &(*directory)[page % PerPage];
        if (*slot == null)
            *slot = _pages.Allocate(1);
        return *slot != null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ObjectHeader** BucketOf(ushort group, ObjectId id)
    {
        ulong hash = Hash(group, id);
        ulong bucket = hash & (_base - 1);
        return At(bucket < _split ? hash & ((_base * 2) - 1) : bucket);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ObjectHeader** At(ulong bucket)
    {
        ulong page = bucket / PerPage;
        return (ObjectHeader**)_directories[page / PerPage][page % PerPage] + (bucket % PerPage);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(ushort group, ObjectId id) => GroupHash.Of(group, id.Value);
}
