// Acts on the buckets of directories (NameBuckets.cs). Protected by the kernel lock.
using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>A stretch of hashes in the order of places: from First to before End.</summary>
internal struct HashRange
{
    public uint First;
    public uint End;
}

/// <summary>Finds, adds and takes out the entries of directories.</summary>
public sealed unsafe class NameBucketTable(FileState state)
{
    internal const uint HashLimit = 1U << FileIds.HashBits;
    internal const int Turns = 1 << FileIds.TurnBits;

    private const uint HashMask = HashLimit - 1;
    private const uint PerPage = PageSize.Bytes / 8;
    private const int PageShift = 9;
    private const uint MaxBuckets = PerPage * PerPage;
    private const uint EntriesPerBucket = 4;
    private const int DeepestBucket = 18;

    // Pointers to pages, and their captures.
    private const int TopPages = 2;

    /// <summary>The bits of a hash in reverse.</summary>
    internal static uint Reverse(uint hash)
    {
        hash = ((hash >> 1) & 0x55555555) | ((hash & 0x55555555) << 1);
        hash = ((hash >> 2) & 0x33333333) | ((hash & 0x33333333) << 2);
        hash = ((hash >> 4) & 0x0F0F0F0F) | ((hash & 0x0F0F0F0F) << 4);
        return BinaryPrimitives.ReverseEndianness(hash) >> (32 - FileIds.HashBits);
    }

    /// <summary>The bucket of a hash; null where there is none because nothing of its page is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DirectoryEntry** SlotOf(Inode* directory, uint hash)
        => directory->Entries.Shape == NameTableShape.One ? &directory->Entries.Only : InTable(directory, hash);

    private static DirectoryEntry** InTable(Inode* directory, uint hash) => At(directory, IndexOf(directory, hash));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint IndexOf(Inode* directory, uint hash)
    {
        uint index = hash & ((1U << directory->Entries.Level) - 1);
        return index < directory->Entries.Split ? hash & ((2U << directory->Entries.Level) - 1) : index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DirectoryEntry** At(Inode* directory, uint index)
    {
        if (directory->Entries.Shape == NameTableShape.Small)
            return SmallNameTable.At(directory->Entries.Table, index);
        DirectoryEntry** page = ((DirectoryEntry***)directory->Entries.Table)[index >> PageShift];
        return page == null ? null : page + (index & (PerPage - 1));
    }

    /// <summary>What stands for a bucket that is not known; None for one that is.</summary>
    internal static BucketMark MarkOf(Inode* directory, uint hash)
    {
        DirectoryEntry** slot = SlotOf(directory, hash);
        return slot == null ? BucketMark.Unknown : NameBuckets.MarkOf(*slot);
    }

    /// <summary>The hashes of the bucket in which a hash is, both in the order of places.</summary>
    internal static HashRange RangeOf(Inode* directory, uint ordered)
    {
        uint hash = Reverse(ordered);
        int level = directory->Entries.Level;
        int depth = (hash & ((1U << level) - 1)) < directory->Entries.Split ? level + 1 : level;
        uint size = 1U << (FileIds.HashBits - depth);
        uint first = ordered & ~(size - 1);
        return new HashRange { First = first, End = first + size };
    }

    /// <summary>The first entry of a known bucket at or behind a place; null when there is none.</summary>
    internal static DirectoryEntry* FirstAt(DirectoryEntry* first, ulong place)
    {
        while (first != null && first->Place < place)
            first = first->NextInBucket;
        return first;
    }

    /// <summary>
    /// A turn that no name of this hash has, in a known bucket: -1 when they all have one. Names with one hash are rare, since who does not
    /// know the key cannot choose them.
    /// </summary>
    internal static int FreeTurn(Inode* directory, uint hash)
    {
        uint taken = 0;
        for (DirectoryEntry* entry = *SlotOf(directory, hash); entry != null; entry = entry->NextInBucket)
        {
            if (entry->Hash == hash)
                taken |= 1U << (int)(entry->Place & (Turns - 1));
        }
        int turn = System.Numerics.BitOperations.TrailingZeroCount(~taken);
        return turn < Turns ? turn : -1;
    }

    internal static uint PlaceOf(uint hash, int turn) => (Reverse(hash) << FileIds.TurnBits) | (uint)turn;

    /// <summary>Puts an entry, whose place is known, into its bucket, which is known too.</summary>
    internal void Insert(Inode* directory, DirectoryEntry* entry)
    {
        DirectoryEntry** link = SlotOf(directory, entry->Hash);
        Panic.Unless(link != null && NameBuckets.MarkOf(*link) == BucketMark.None, "names: added to an unknown bucket"u8);
        while (*link != null && (*link)->Place < entry->Place)
            link = &(*link)->NextInBucket;
        Panic.Unless(*link == null || (*link)->Place != entry->Place, "names: two entries at one place"u8);
        entry->NextInBucket = *link;
        *link = entry;
        directory->Entries.LoadedCount++;
    }

    internal static void Remove(Inode* directory, DirectoryEntry* entry)
    {
        DirectoryEntry** link = SlotOf(directory, entry->Hash);
        while (*link != entry)
            link = &(*link)->NextInBucket;
        *link = entry->NextInBucket;
        entry->NextInBucket = null;
        directory->Entries.LoadedCount--;
    }

    /// <summary>An entry with this hash has been taken away, which is durable with a capture of this number.</summary>
    internal static void NoteTaken(Inode* directory, uint hash, ulong capture)
        => CaptureOf(directory, IndexOf(directory, hash) >> PageShift) = capture;

    /// <summary>When a capture with this number is durable, the store has nothing at the places of a hash's bucket that is not
    /// there.</summary>
    internal static ulong TakenIn(Inode* directory, uint hash) => CaptureOf(directory, IndexOf(directory, hash) >> PageShift);

    private static ref ulong CaptureOf(Inode* directory, uint page)
    {
        ref NameBuckets entries = ref directory->Entries;
        if (entries.Shape != NameTableShape.Pages)
            return ref entries.TakenIn;
        return ref ((ulong*)entries.Table)[PerPage + page];
    }

    /// <summary>A known bucket that has no entries left is unknown from now on.</summary>
    internal static void EndKnown(Inode* directory, uint hash)
    {
        DirectoryEntry** slot = SlotOf(directory, hash);
        Panic.Unless(slot != null && *slot == null, "names: a bucket with entries becomes unknown"u8);
        *slot = NameBuckets.Marked(BucketMark.Unknown);
        directory->Entries.UnknownCount++;
    }

    /// <summary>Makes a restored directory's table as large as its entries need, nothing of it known; false when out of memory.</summary>
    internal bool Prepare(Inode* directory)
    {
        ref NameBuckets entries = ref directory->Entries;
        while ((EntriesPerBucket << entries.Level) < directory->EntryCount && entries.Level < DeepestBucket)
            entries.Level++;
        entries.UnknownCount = entries.Count;
        if (entries.Level == 0)
        {
            entries.Only = NameBuckets.Marked(BucketMark.Unknown);
            return true;
        }
        bool isSmall = entries.Count <= SmallNameTable.Capacity;
        entries.Table = isSmall ? state.NameTables.Allocate() : state.Pages.AllocateFor(directory, TopPages);
        if (entries.Table == null)
        {
            entries.Level = 0;
            return false;
        }
        entries.Shape = isSmall ? NameTableShape.Small : NameTableShape.Pages;
        for (uint index = 0; isSmall && index < entries.Count; index++)
            *At(directory, index) = NameBuckets.Marked(BucketMark.Unknown);
        return true;
    }

    /// <summary>Makes sure that a bucket has a place in memory; false when out of memory.</summary>
    internal bool Reserve(Inode* directory, uint hash)
        => SlotOf(directory, hash) != null
            || AddPage(directory, IndexOf(directory, hash) >> PageShift, NameBuckets.Marked(BucketMark.Unknown));

    /// <summary>Sets what stands for an unknown bucket. Without memory for it, the directory has a mark that is told once.</summary>
    internal void Mark(Inode* directory, uint hash, BucketMark mark)
    {
        if (Reserve(directory, hash))
            *SlotOf(directory, hash) = NameBuckets.Marked(mark);
        else if (mark != BucketMark.Unknown)
            directory->Entries.Unsaid = mark;
    }

    /// <summary>An unknown bucket is known from now on, and empty so far.</summary>
    internal static void BeginKnown(Inode* directory, uint hash)
    {
        *SlotOf(directory, hash) = null;
        directory->Entries.UnknownCount--;
    }

    /// <summary>More buckets while there are many entries for those there are; without memory there are none.</summary>
    internal void Grow(Inode* directory)
    {
        while (directory->EntryCount > directory->Entries.Count * EntriesPerBucket && SplitNext(directory))
        {
        }
    }

    /// <summary>More buckets until the one of a hash has none at or behind <paramref name="end"/>; false when that cannot be.</summary>
    internal bool Narrow(Inode* directory, uint ordered, uint end)
    {
        while (RangeOf(directory, ordered).End > end)
        {
            if (!SplitNext(directory))
                return false;
        }
        return true;
    }

    private bool SplitNext(Inode* directory)
    {
        ref NameBuckets entries = ref directory->Entries;
        if (entries.Count >= MaxBuckets || !MakeRoomForOne(directory))
            return false;
        uint upper = entries.Count;
        DirectoryEntry** from = At(directory, entries.Split);
        bool isKnown = from != null && ((nuint)(*from) == 0 || (nuint)(*from) > (nuint)BucketMark.NoMemory);
        DirectoryEntry** to = At(directory, upper);
        if (to == null && isKnown)
        {
            if (!AddPage(directory, upper >> PageShift, NameBuckets.Marked(BucketMark.Unknown)))
                return false;
            to = At(directory, upper);
        }
        if (to != null)
            *to = isKnown ? null : NameBuckets.Marked(from == null ? BucketMark.Unknown : NameBuckets.MarkOf(*from));
        ulong taken = CaptureOf(directory, entries.Split >> PageShift);
        ref ulong takenOfUpper = ref CaptureOf(directory, upper >> PageShift);
        takenOfUpper = Math.Max(taken, takenOfUpper);
        if (isKnown)
            Divide(from, to, 1U << entries.Level);
        else
            entries.UnknownCount++;
        if (++entries.Split == 1U << entries.Level)
        {
            entries.Level++;
            entries.Split = 0;
        }
        return true;
    }

    // Both stay in the order of places.
    private static void Divide(DirectoryEntry** from, DirectoryEntry** to, uint bit)
    {
        while (*from != null)
        {
            DirectoryEntry* entry = *from;
            if ((entry->Hash & bit) == 0)
            {
                from = &entry->NextInBucket;
                continue;
            }
            *from = entry->NextInBucket;
            entry->NextInBucket = null;
            *to = entry;
            to = &entry->NextInBucket;
        }
    }

    private bool MakeRoomForOne(Inode* directory)
    {
        ref NameBuckets entries = ref directory->Entries;
        if (entries.Shape == NameTableShape.One)
        {
            void* table = state.NameTables.Allocate();
            if (table == null)
                return false;
            *SmallNameTable.At(table, 0) = entries.Only;
            entries.Table = table;
            entries.Only = null;
            entries.Shape = NameTableShape.Small;
        }
        return entries.Shape == NameTableShape.Pages || entries.Count < SmallNameTable.Capacity || BecomePages(directory);
    }

    private bool BecomePages(Inode* directory)
    {
        ref NameBuckets entries = ref directory->Entries;
        void** top = (void**)state.Pages.AllocateFor(directory, TopPages);
        DirectoryEntry** first = top == null ? null : (DirectoryEntry**)state.Pages.AllocateFor(directory, 1);
        if (first == null)
        {
            if (top != null)
                state.Pages.FreeFor(directory, top, TopPages);
            return false;
        }
        for (uint index = 0; index < SmallNameTable.Capacity; index++)
            first[index] = *SmallNameTable.At(entries.Table, index);
        state.NameTables.Free((SmallNameTable*)entries.Table);
        top[0] = first;
        entries.Table = top;
        entries.Shape = NameTableShape.Pages;
        CaptureOf(directory, 0) = entries.TakenIn;
        return true;
    }

    private bool AddPage(Inode* directory, uint number, DirectoryEntry* mark)
    {
        DirectoryEntry** page = (DirectoryEntry**)state.Pages.AllocateFor(directory, 1);
        if (page == null)
            return false;
        for (uint index = 0; index < PerPage; index++)
            page[index] = mark;
        ((DirectoryEntry***)directory->Entries.Table)[number] = page;
        return true;
    }

    /// <summary>Gives the memory of a table without entries back.</summary>
    internal void End(Inode* directory)
    {
        ref NameBuckets entries = ref directory->Entries;
        Panic.Unless(entries.LoadedCount == 0, "files: a directory with entries ended"u8);
        if (entries.Shape == NameTableShape.Small)
            state.NameTables.Free((SmallNameTable*)entries.Table);
        if (entries.Shape == NameTableShape.Pages)
        {
            void** top = (void**)entries.Table;
            for (uint number = 0; number < PerPage; number++)
            {
                if (top[number] != null)
                    state.Pages.FreeFor(directory, top[number], 1);
            }
            state.Pages.FreeFor(directory, top, TopPages);
        }
        entries = default;
    }
}
