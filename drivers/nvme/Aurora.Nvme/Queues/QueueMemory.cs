using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The device-visible memory of one I/O queue pair: both rings, and a PRP list for every command slot.</summary>
internal sealed unsafe class QueueMemory
{
    private readonly PageAllocator _pages;
    private readonly nint[] _lists;
    private readonly int _listPages;

    private QueueMemory(PageAllocator pages, int entries, int transferBlocks)
    {
        _pages = pages;
        _lists = new nint[entries - 1];
        _listPages = PrpBuilder.ListPagesFor(transferBlocks);
        Entries = entries;
    }

    /// <summary>Entries of each ring.</summary>
    public int Entries { get; }

    public SubmissionEntry* Submissions { get; private set; }

    public CompletionEntry* Completions { get; private set; }

    /// <summary>Memory for queues of this many entries and transfers of up to this many blocks; null when there is not enough.</summary>
    public static QueueMemory? Allocate(PageAllocator pages, int entries, int transferBlocks)
    {
        var memory = new QueueMemory(pages, entries, transferBlocks);
        if (memory.Fill())
            return memory;
        memory.Release();
        return null;
    }

    /// <summary>The PRP list of a command slot.</summary>
    public ulong* ListOf(int slot) => (ulong*)_lists[slot];

    /// <summary>Returns everything; only once the controller cannot reach memory any more.</summary>
    public void Release()
    {
        if (Submissions != null)
            _pages.Free(Submissions, SubmissionRing.PagesFor(Entries));
        if (Completions != null)
            _pages.Free(Completions, CompletionRing.PagesFor(Entries));
        Submissions = null;
        Completions = null;
        for (int i = 0; i < _lists.Length; i++)
        {
            if (_lists[i] != 0)
                _pages.Free((void*)_lists[i], _listPages);
            _lists[i] = 0;
        }
    }

    private bool Fill()
    {
        Submissions = (SubmissionEntry*)_pages.Allocate(SubmissionRing.PagesFor(Entries));
        Completions = (CompletionEntry*)_pages.Allocate(CompletionRing.PagesFor(Entries));
        if (Submissions == null || Completions == null)
            return false;
        for (int i = 0; i < _lists.Length; i++)
        {
            _lists[i] = (nint)_pages.Allocate(_listPages);
            if (_lists[i] == 0)
                return false;
        }
        return true;
    }
}
