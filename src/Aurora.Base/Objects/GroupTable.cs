// What a layer knows of each consistency group, by the group's index. Entries lie in chunks that are taken when the first group of a chunk
// comes and given back when its last one has gone, so that thousands of groups cost what they use and none costs almost nothing. An entry
// never moves. A group has an entry in every table from when it is added until it is removed (TrackedObjects), so that nobody else has to
// know which tables there are. Protected by the kernel lock.
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>What <see cref="TrackedObjects"/> knows of a table.</summary>
public abstract class GroupTable
{
    /// <summary>Groups a machine may have: an index is 16 bits.</summary>
    public const int MaxGroups = 1 << 16;

    /// <summary>A zeroed entry for a group that has none; false when out of memory.</summary>
    internal abstract bool TryAdd(ushort group);

    /// <summary>Forgets the entry of a group.</summary>
    internal abstract void Remove(ushort group);
}

/// <summary>Unmanaged state of one type for each group there is, found by the group's index.</summary>
public sealed unsafe class GroupTable<T> : GroupTable
    where T : unmanaged
{
    private const int GroupsPerChunk = 128;
    private const int ChunkCount = MaxGroups / GroupsPerChunk;

    private struct Entry
    {
        public bool IsPresent;
        public T Value;
    }

    private struct Chunk
    {
        public Entry* Entries;
        public int Present;
    }

    private readonly PageAllocator _pages;
    private readonly Chunk* _chunks;

    /// <summary>A table with an entry for every group there is and will be.</summary>
    public GroupTable(TrackedObjects objects)
        : this(objects.Pages)
        => objects.Register(this);

    internal GroupTable(PageAllocator pages)
    {
        _pages = pages;
        _chunks = (Chunk*)pages.Allocate((int)PageSize.PagesFor((ulong)(sizeof(Chunk) * ChunkCount)));
        Panic.Unless(_chunks != null, "groups: no memory for a table"u8);
    }

    /// <summary>How many groups have an entry.</summary>
    public int Count { get; private set; }

    /// <inheritdoc/>
    internal override bool TryAdd(ushort group) => Add(group) != null;

    internal T* Add(ushort group)
    {
        Chunk* chunk = &_chunks[group / GroupsPerChunk];
        if (chunk->Entries == null)
            chunk->Entries = (Entry*)_pages.Allocate(PagesOfChunk);
        if (chunk->Entries == null)
            return null;
        Entry* entry = &chunk->Entries[group % GroupsPerChunk];
        Panic.Unless(!entry->IsPresent, "groups: a group was added twice"u8);
        *entry = new Entry { IsPresent = true };
        chunk->Present++;
        Count++;
        return &entry->Value;
    }

    /// <inheritdoc/>
    internal override void Remove(ushort group)
    {
        Panic.Unless(Find(group) != null, "groups: removed a group that is not there"u8);
        Chunk* chunk = &_chunks[group / GroupsPerChunk];
        chunk->Entries[group % GroupsPerChunk].IsPresent = false;
        Count--;
        if (--chunk->Present > 0)
            return;
        _pages.Free(chunk->Entries, PagesOfChunk);
        chunk->Entries = null;
    }

    /// <summary>The entry of a group, or null when it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* Find(ushort group)
    {
        Entry* entries = _chunks[group / GroupsPerChunk].Entries;
        return entries != null && entries[group % GroupsPerChunk].IsPresent ? &entries[group % GroupsPerChunk].Value : null;
    }

    /// <summary>The first group with an entry from this one on, or -1: for walking all of them in order.</summary>
    public int Next(int group)
    {
        while (group < MaxGroups)
        {
            Chunk* chunk = &_chunks[group / GroupsPerChunk];
            if (chunk->Entries == null)
                group = ((group / GroupsPerChunk) + 1) * GroupsPerChunk;
            else if (chunk->Entries[group % GroupsPerChunk].IsPresent)
                return group;
            else
                group++;
        }
        return -1;
    }

    /// <summary>The entry of a group that is known to have one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* At(ushort group)
    {
        T* found = Find(group);
        if (found == null)
            Panic.Fail("groups: there is no group with index"u8, group);
        return found;
    }

    private static int PagesOfChunk => (int)PageSize.PagesFor((ulong)(sizeof(Entry) * GroupsPerChunk));
}
