using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Random stores, persists, refusals, aborts and evictions of a region, beside a model of what must be there.</summary>
internal sealed unsafe class RegionRun(int seed, SeededMemoryFaults seeded) : IDisposable
{
    private const int Threads = 3;
    private const int Spaces = 2;
    private const ulong Pages = 40;

    private readonly Random _random = new(seed);
    private readonly RegionWorld _world = new(Threads, Spaces, Pages, seeded);
    private readonly ulong[] _now = new ulong[Pages];
    private readonly ulong[] _stored = new ulong[Pages];
    private readonly int[] _owner = Enumerable.Repeat(-1, (int)Pages).ToArray();
    private readonly List<(nint Flight, Dictionary<ulong, (ulong Value, int Owner)> Pages)> _flights = [];
    private ulong _next = 1;

    public void Do(int operations)
    {
        for (int i = 0; i < operations; i++)
        {
            Operate();
            Check();
        }
        while (_flights.Count > 0)
            Land();
        _world.End(Threads);
    }

    public void Dispose() => _world.Dispose();

    private void Operate()
    {
        int thread = _random.Next(Threads);
        switch (_random.Next(12))
        {
            case < 6:
                Store(thread, (ulong)_random.Next((int)Pages));
                break;
            case 6 or 7:
                Take(_random.Next(4) == 0 ? -1 : thread);
                break;
            case 8:
                Land();
                break;
            case 9:
                Refuse();
                break;
            case 10:
                Abort(_random.Next(4) == 0 ? -1 : thread);
                break;
            default:
                _world.Reclaim();
                break;
        }
    }

    private void Store(int thread, ulong page)
    {
        _world.Store(thread, _random.Next(Spaces), page, _next);
        _now[page] = _next++;
        if (_owner[page] < 0)
            _owner[page] = thread;
    }

    private void Take(int thread)
    {
        var taken = new Dictionary<ulong, (ulong, int)>();
        for (ulong page = 0; page < Pages; page++)
        {
            if (_owner[page] < 0 || (thread >= 0 && _owner[page] != thread))
                continue;
            taken.Add(page, (_now[page], _owner[page]));
            _owner[page] = -1;
        }
        RegionFlight* flight = _world.Take(thread);
        Assert.Equal((ulong)taken.Count, flight->Pages);
        _flights.Add(((nint)flight, taken));
    }

    private void Land()
    {
        if (_flights.Count == 0)
            return;
        (nint flight, Dictionary<ulong, (ulong Value, int)> pages) = _flights[0];
        _flights.RemoveAt(0);
        _world.Land((RegionFlight*)flight);
        foreach ((ulong page, (ulong value, _)) in pages)
            _stored[page] = value;
    }

    // The oldest that is refused takes all after it along.
    private void Refuse()
    {
        if (_flights.Count != 0)
            _world.Refuse(_world.Region->Taken, [.. _flights.Select(flight => flight.Flight)]);
        foreach ((nint _, Dictionary<ulong, (ulong, int Owner)> pages) in _flights)
        {
            foreach ((ulong page, (_, int owner)) in pages)
                _owner[page] = _owner[page] < 0 ? owner : _owner[page];
        }
        _flights.Clear();
    }

    private void Abort(int thread)
    {
        while (_flights.Count > 0)
            Land();
        _world.Abort(thread);
        for (ulong page = 0; page < Pages; page++)
        {
            if (_owner[page] < 0 || (thread >= 0 && _owner[page] != thread))
                continue;
            _owner[page] = -1;
            _now[page] = _stored[page];
        }
    }

    private void Check()
    {
        foreach ((nint flight, Dictionary<ulong, (ulong Value, int)> pages) in _flights)
        {
            Dictionary<ulong, ulong> contents = _world.Contents((RegionFlight*)flight);
            Assert.Equal(pages.Count, contents.Count);
            foreach ((ulong page, (ulong value, _)) in pages)
                Assert.Equal(value, contents[page]);
        }
        ulong looked = (ulong)_random.Next((int)Pages);
        Assert.Equal(_now[looked], _world.Load(_random.Next(Spaces), looked));
        Assert.Equal(_stored[looked], _world.Stored(looked));
        for (int thread = 0; thread < Threads; thread++)
            Assert.Equal((ulong)_owner.Count(owner => owner == thread), _world.DirtyPages(thread));
        _world.Memory.Verifier.VerifyAll();
    }
}
