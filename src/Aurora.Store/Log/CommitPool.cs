// The slots of commits and their memory. Protected by the kernel lock; nothing here blocks.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Hands out commit slots and memory inside them.</summary>
internal sealed unsafe class CommitPool
{
    public const int Slots = 32;
    private const int ChunkBytes = CommitMemory.Pages * PageSize.Bytes;

    private readonly PageAllocator _pages;
    private readonly StoreCommit* _slots;

    /// <summary>Pages for the constructor.</summary>
    public static int MemoryPages => (int)PageSize.PagesFor((ulong)(Slots * sizeof(StoreCommit)));

    public CommitPool(PageAllocator pages, byte* memory)
    {
        _pages = pages;
        _slots = (StoreCommit*)memory;
    }

    public int InUse { get; private set; }

    /// <summary>A fresh commit, or null when all slots are in use or there is no memory.</summary>
    public StoreCommit* Take(ulong volume)
    {
        for (int i = 0; i < Slots; i++)
        {
            StoreCommit* commit = &_slots[i];
            if (commit->State != CommitState.Unused)
                continue;
            CommitMemory* memory = commit->FirstMemory;
            *commit = default;
            commit->FirstMemory = memory;
            if (memory == null && !AddMemory(commit))
                return null;
            commit->LastMemory = commit->FirstMemory;
            commit->FirstMemory->Used = sizeof(CommitMemory);
            commit->State = CommitState.Building;
            commit->Volume = volume;
            InUse++;
            return commit;
        }
        return null;
    }

    /// <summary>Memory that lives as long as the commit; null when there is none. At most 12 KiB.</summary>
    public void* Allocate(StoreCommit* commit, int bytes)
    {
        bytes = (bytes + 7) & ~7;
        if (commit->LastMemory->Used + bytes > ChunkBytes && !AddMemory(commit))
            return null;
        CommitMemory* memory = commit->LastMemory;
        byte* result = (byte*)memory + memory->Used;
        memory->Used += bytes;
        return result;
    }

    /// <summary>Adds a zeroed page to the commit's log record.</summary>
    public byte* AddLogPage(StoreCommit* commit)
    {
        LogPage* page = (LogPage*)Allocate(commit, sizeof(LogPage));
        if (page == null)
            return null;
        page->Next = null;
        page->Data = (byte*)_pages.Allocate(1);
        if (page->Data == null)
            return null;
        if (commit->LastLogPage == null)
            commit->FirstLogPage = page;
        else
            commit->LastLogPage->Next = page;
        commit->LastLogPage = page;
        commit->LogPages++;
        return page->Data;
    }

    /// <summary>Makes the slot free again once nobody looks at it.</summary>
    public void Release(StoreCommit* commit)
    {
        commit->IsReleased = true;
        if (commit->Users > 0)
            return;
        FreeLogPages(commit);
        CommitMemory* memory = commit->FirstMemory->Next;
        FreeMemory(memory);
        commit->FirstMemory->Next = null;
        commit->State = CommitState.Unused;
        InUse--;
    }

    /// <summary>Returns everything.</summary>
    public void FreeAll()
    {
        for (int i = 0; i < Slots; i++)
        {
            FreeLogPages(&_slots[i]);
            FreeMemory(_slots[i].FirstMemory);
            _slots[i] = default;
        }
    }

    /// <summary>Forgets the log record built so far, to build it again.</summary>
    public void FreeLogPages(StoreCommit* commit)
    {
        for (LogPage* page = commit->FirstLogPage; page != null; page = page->Next)
            _pages.Free(page->Data, 1);
        commit->FirstLogPage = null;
        commit->LastLogPage = null;
        commit->LogPages = 0;
    }

    private bool AddMemory(StoreCommit* commit)
    {
        CommitMemory* memory = (CommitMemory*)_pages.Allocate(CommitMemory.Pages);
        if (memory == null)
            return false;
        memory->Next = null;
        memory->Used = sizeof(CommitMemory);
        if (commit->FirstMemory == null)
            commit->FirstMemory = memory;
        else
            commit->LastMemory->Next = memory;
        commit->LastMemory = memory;
        return true;
    }

    private void FreeMemory(CommitMemory* memory)
    {
        while (memory != null)
        {
            CommitMemory* next = memory->Next;
            _pages.Free(memory, CommitMemory.Pages);
            memory = next;
        }
    }
}
