// Process, thread, group and session ids come from one number space, as in Linux: a number is free only when no process, thread, group or
// session bears it. The table has two levels; second-level pages are made on first use and kept. Ids go up and wrap, so that a number is
// reused as late as possible. Protected by the kernel lock.
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

    public readonly bool IsFree => Process == null && Thread == null && Group == null && Session == null;
}

/// <summary>The ids of one consistency group.</summary>
public sealed unsafe class IdTable
{
    /// <summary>Ids are below this (Linux's default pid_max).</summary>
    public const int Limit = 32768;

    private const int SlotsPerPage = PageSize.Bytes / 32;
    private const int FirstReused = 300;

    private readonly PageAllocator _pages;
    private readonly nint[] _directory = new nint[Limit / SlotsPerPage];

    public IdTable(PageAllocator pages)
    {
        Panic.Unless(sizeof(IdSlot) == 32, "ids: slot size"u8);
        _pages = pages;
    }

    /// <summary>The last id handed out; restored sessions go on from here.</summary>
    public int Last { get; set; }

    /// <summary>The slot of an id, or null when the number is impossible or was never used.</summary>
    public IdSlot* Find(int id)
    {
        if ((uint)id >= Limit)
            return null;
        nint page = _directory[id / SlotsPerPage];
        return page == 0 ? null : (IdSlot*)page + (id % SlotsPerPage);
    }

    /// <summary>The slot of an id, made if need be; null when the number is impossible or there is no memory.</summary>
    public IdSlot* Make(int id)
    {
        if ((uint)id >= Limit || id == 0)
            return null;
        ref nint page = ref _directory[id / SlotsPerPage];
        if (page == 0)
            page = (nint)_pages.Allocate(1);
        return page == 0 ? null : (IdSlot*)page + (id % SlotsPerPage);
    }

    /// <summary>The first id from this one on that may be in use: skips the stretches where none ever was.</summary>
    public int NextPossible(int id)
    {
        id = Math.Max(id, 0);
        while (id < Limit && _directory[id / SlotsPerPage] == 0)
            id = (id / SlotsPerPage + 1) * SlotsPerPage;
        return id;
    }

    /// <summary>A free id with its slot present; zero when there is none.</summary>
    public int Allocate()
    {
        for (int tries = 0; tries < Limit; tries++)
        {
            int id = Last + 1;
            if (id >= Limit)
                id = FirstReused;
            Last = id;
            IdSlot* slot = Make(id);
            if (slot == null)
                return 0;
            if (slot->IsFree)
                return id;
        }
        return 0;
    }
}
