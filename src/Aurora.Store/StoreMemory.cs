// All memory an open store holds from the start, in a few pieces from the page allocator. The formula is in docs/disk-format.md.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The fixed memory of an open store.</summary>
internal sealed unsafe class StoreMemory
{
    public const int Views = 4;
    private const int PieceCount = 11;

    private readonly PageAllocator _pages;
    private readonly nint[] _pieces = new nint[PieceCount];
    private readonly int[] _sizes = new int[PieceCount];
    private int _count;
    private bool _failed;

    public StoreMemory(PageAllocator pages) => _pages = pages;

    public byte* Super { get; private set; }
    public byte* SuperScratch { get; private set; }
    public byte* Queues { get; private set; }
    public byte* Space { get; private set; }
    public byte* Nodes { get; private set; }
    public byte* Commits { get; private set; }
    public byte* LargeCommits { get; private set; }
    public byte* Recent { get; private set; }
    public byte* Batch { get; private set; }
    public byte* Builders { get; private set; }
    public byte* Freed { get; private set; }

    /// <summary>Takes what the size of the device does not matter for: the superblock, its scratch page, and the queues.</summary>
    public bool TakeFirst()
    {
        Super = Take(1);
        SuperScratch = Take(1);
        Queues = Take(1);
        return !_failed;
    }

    /// <summary>Takes the rest; false when there is not enough.</summary>
    public bool TakeRest(in OpenOptions options)
    {
        Space = Take(options.CachedSpacePages + SpaceFrames.OverheadPages(options.CachedSpacePages));
        Nodes = Take(options.CachedNodes + NodeCache.OverheadPages(options.CachedNodes));
        Commits = Take(CommitPool.MemoryPages);
        LargeCommits = Take(OpenLargeCommits.MemoryPages);
        Recent = Take(RecentCheckpoints.MemoryPages);
        Batch = Take(WriteBatch.MemoryPages);
        Freed = Take(FreedExtents.MemoryPages);
        Builders = Take(4 * TreeBuilder.MemoryPages);
        return !_failed;
    }

    public void Free()
    {
        for (int i = 0; i < _count; i++)
            _pages.Free((void*)_pieces[i], _sizes[i]);
        _count = 0;
    }

    private byte* Take(int pages)
    {
        void* memory = _failed ? null : _pages.Allocate(pages);
        if (memory == null)
        {
            _failed = true;
            return null;
        }
        _pieces[_count] = (nint)memory;
        _sizes[_count++] = pages;
        return (byte*)memory;
    }
}
