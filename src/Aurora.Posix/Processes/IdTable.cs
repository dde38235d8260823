// Process, thread, group and session ids come from one number space, as in Linux: a number is free only when no process, thread, group or
// session bears it. The table has two levels; second-level pages are made on first use and kept. Ids go up and wrap, so that a number is
// reused as late as possible. Whoever takes one pays for it until it is free (UserAccounts); after a restore whoever pays for the first
// object that bears it. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>What one id number stands for.</summary>
public unsafe struct IdSlot
{
    public Process* Process;
    public Thread* Thread;
    public ProcessGroup* Group;
    public Session* Session;
    internal Payer Payer;
    internal bool IsTaken;

    internal readonly bool IsUnused => Process == null && Thread == null && Group == null && Session == null;
}

/// <summary>The ids of one consistency group, as they are kept for it.</summary>
public unsafe struct IdState
{
    /// <summary>A page of addresses of pages with slots; null until the first id.</summary>
    internal nint* Directory;
    internal int Count;
    internal int Last;

    /// <summary>No page of the directory from this one on has ever been made.</summary>
    internal int Pages;
}

/// <summary>The ids of one consistency group.</summary>
public readonly unsafe struct IdTable
{
    /// <summary>Ids are below this (Linux's default pid_max).</summary>
    public const int Limit = 32768;

    internal const int SlotBytes = 48;
    internal const int SlotsPerPage = PageSize.Bytes / SlotBytes;
    private const int FirstReused = 300;
    private const int DirectoryEntries = (Limit + SlotsPerPage - 1) / SlotsPerPage;

    private readonly PageAllocator _pages;
    private readonly IdState* _state;

    public IdTable(PageAllocator pages, IdState* state)
    {
        Panic.Unless(sizeof(IdSlot) == SlotBytes && DirectoryEntries * sizeof(nint) <= PageSize.Bytes, "ids: sizes"u8);
        _pages = pages;
        _state = state;
    }

    /// <summary>How many are taken.</summary>
    public int Count => _state->Count;

    /// <summary>The last id handed out.</summary>
    public int Last => _state->Last;

    /// <summary>Restored sessions go on from here.</summary>
    public void GoOnFrom(int last) => _state->Last = last;

    /// <summary>The slot of an id, or null when the number is impossible or was never used.</summary>
    public IdSlot* Find(int id)
    {
        if ((uint)id >= Limit || _state->Directory == null)
            return null;
        nint page = _state->Directory[id / SlotsPerPage];
        return page == 0 ? null : (IdSlot*)page + (id % SlotsPerPage);
    }

    /// <summary>
    /// The slot of an id that an object bears, which takes it unless another bears it too (restore only); null when the number is
    /// impossible or there is no memory.
    /// </summary>
    public IdSlot* Take(int id)
    {
        IdSlot* slot = Make(id);
        return slot == null || slot->IsTaken || Charge(slot) ? slot : null;
    }

    /// <summary>An object that bore an id does so no more: it is free if that was the last.</summary>
    public void Vacate(int id)
    {
        IdSlot* slot = Find(id);
        if (!slot->IsTaken || !slot->IsUnused)
            return;
        _pages.Accounts.GiveBack(ChargeKind.ProcessId, slot->Payer);
        slot->Payer = default;
        slot->IsTaken = false;
        _state->Count--;
    }

    private bool Charge(IdSlot* slot)
    {
        slot->IsTaken = _pages.Accounts.TryTake(ChargeKind.ProcessId, Count, Limit, out slot->Payer);
        _state->Count += slot->IsTaken ? 1 : 0;
        return slot->IsTaken;
    }

    private IdSlot* Make(int id)
    {
        if ((uint)id >= Limit || id == 0)
            return null;
        if (_state->Directory == null)
            _state->Directory = (nint*)_pages.Allocate(1);
        if (_state->Directory == null)
            return null;
        nint* page = &_state->Directory[id / SlotsPerPage];
        if (*page == 0)
            *page = (nint)_pages.Allocate(1);
        _state->Pages = Math.Max(_state->Pages, (id / SlotsPerPage) + 1);
        return *page == 0 ? null : (IdSlot*)*page + (id % SlotsPerPage);
    }

    /// <summary>The first id from this one on that may be in use: skips the stretches where none ever was.</summary>
    public int NextPossible(int id)
    {
        if (_state->Directory == null)
            return Limit;
        int page = Math.Max(id, 0) / SlotsPerPage;
        if (page < _state->Pages && _state->Directory[page] != 0)
            return Math.Max(id, 0);
        do
            page++;
        while (page < _state->Pages && _state->Directory[page] == 0);
        return page < _state->Pages ? page * SlotsPerPage : Limit;
    }

    /// <summary>The id behind the stretch that an id is in, whose slots are neighbours.</summary>
    internal static int EndOfStretch(int id) => Math.Min(((id / SlotsPerPage) + 1) * SlotsPerPage, Limit);

    /// <summary>
    /// Takes a free id, which is given back (<see cref="Vacate"/>) if nothing bears it in the end; zero when there is none, or the user at
    /// work may have no more.
    /// </summary>
    public int Allocate()
    {
        for (int tries = 0; tries < Limit; tries++)
        {
            int id = Last + 1;
            if (id >= Limit)
                id = FirstReused;
            GoOnFrom(id);
            IdSlot* slot = Make(id);
            if (slot == null)
                return 0;
            if (!slot->IsTaken)
                return Charge(slot) ? id : 0;
        }
        return 0;
    }

    /// <summary>Gives the memory back; none of the ids is taken.</summary>
    public void Clear()
    {
        Panic.Unless(Count == 0, "ids: cleared while some are in use"u8);
        for (int i = 0; _state->Directory != null && i < DirectoryEntries; i++)
        {
            if (_state->Directory[i] != 0)
                _pages.Free((void*)_state->Directory[i], 1);
        }
        if (_state->Directory != null)
            _pages.Free(_state->Directory, 1);
        _state->Directory = null;
        _state->Pages = 0;
    }
}
