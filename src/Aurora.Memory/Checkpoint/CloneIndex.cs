// Which change sets are clones of what, for as long as one submission takes: a hash table of the ids they are cloned from. A fork may have
// made tens of thousands of them, of as many sources. Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Finds the clones of an object among change sets.</summary>
internal sealed unsafe class CloneIndex
{
    private const int Pages = 8;
    private const uint BucketCount = Pages * PageSize.Bytes / 8;

    private readonly ChangeSet** _buckets;

    public CloneIndex(PageAllocator pages)
    {
        _buckets = (ChangeSet**)pages.Allocate(Pages);
        Panic.Unless(_buckets != null, "memory: no room for the index of clones"u8);
    }

    public void Clear() => new Span<byte>(_buckets, Pages * PageSize.Bytes).Clear();

    /// <summary>Adds those of a list that are clones the store does not know yet.</summary>
    public void Add(ChangeSet* first)
    {
        for (ChangeSet* set = first; set != null; set = set->Next)
        {
            if (!set->IsNew || !set->IsClone || set->Object == null)
                continue;
            ChangeSet** bucket = BucketOf(set->CloneSource);
            set->NextClone = *bucket;
            *bucket = set;
        }
    }

    /// <summary>The first clone of an object that was added, or the next one behind <paramref name="previous"/>; null at the end.</summary>
    public ChangeSet* Next(ObjectId source, ChangeSet* previous)
    {
        ChangeSet* set = previous == null ? *BucketOf(source) : previous->NextClone;
        while (set != null && set->CloneSource != source)
            set = set->NextClone;
        return set;
    }

    private ChangeSet** BucketOf(ObjectId source) => &_buckets[(uint)((source.Value * 0x9E37_79B9_7F4A_7C15UL) >> 52) % BucketCount];
}
