using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Crash.Tests;

/// <summary>What a region must be: what each page has now, whose it is, and what it was after each persist.</summary>
internal sealed class BankModel
{
    private readonly ulong[] _now;
    private readonly ulong[] _taken;
    private readonly int[] _owner;
    private readonly Dictionary<ulong, ulong[]> _states = [];

    public BankModel(ulong number, ulong[] pages)
    {
        _now = (ulong[])pages.Clone();
        _taken = (ulong[])pages.Clone();
        _owner = [.. Enumerable.Repeat(-1, pages.Length)];
        _states[Last = number] = (ulong[])pages.Clone();
    }

    /// <summary>What it was after the persist with a number; null when there never was one.</summary>
    public ulong[]? After(ulong number) => _states.GetValueOrDefault(number);

    public IEnumerable<ulong[]> States => _states.Values;

    public ulong Now(int page) => _now[page];

    /// <summary>The last persist that was taken.</summary>
    public ulong Last { get; private set; }

    /// <summary>How many dirty pages are a thread's, or with -1 all.</summary>
    public int Dirty(int thread) => _owner.Count(owner => thread < 0 ? owner >= 0 : owner == thread);

    /// <summary>A page stays with who made it dirty.</summary>
    public void Store(int thread, int page, ulong value)
    {
        _now[page] = value;
        if (_owner[page] < 0)
            _owner[page] = thread;
    }

    /// <summary>A thread's dirty pages, or with -1 all, are taken as the persist with a number.</summary>
    public void Take(int thread, ulong number)
    {
        for (int page = 0; page < _now.Length; page++)
        {
            if (!IsOf(page, thread))
                continue;
            _taken[page] = _now[page];
            _owner[page] = -1;
        }
        _states[Last = number] = (ulong[])_taken.Clone();
    }

    /// <summary>A thread's dirty pages are as they were taken last.</summary>
    public void GiveUp(int thread)
    {
        for (int page = 0; page < _now.Length; page++)
        {
            if (!IsOf(page, thread))
                continue;
            _now[page] = _taken[page];
            _owner[page] = -1;
        }
    }

    private bool IsOf(int page, int thread) => thread < 0 ? _owner[page] >= 0 : _owner[page] == thread;
}
