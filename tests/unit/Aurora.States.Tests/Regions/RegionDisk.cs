using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Linux.Tests;
using Aurora.Memory;

namespace Aurora.States.Tests;

/// <summary>What a disk has of one region.</summary>
internal sealed class StoredRegion
{
    private const int KnownStates = 4;

    private readonly List<(ulong Number, ulong Size, Dictionary<ulong, byte[]> Pages)> _states = [];

    public required string Name { get; init; }
    public required ulong Number { get; init; }
    public required uint User { get; init; }
    public required int Place { get; init; }
    public ulong Size { get; set; }

    /// <summary>The last persist that is durable, and the last number that was given.</summary>
    public ulong Last { get; private set; } = 1;
    public ulong Given { get; set; } = 1;

    /// <summary>Persists that a power cut has taken.</summary>
    public HashSet<ulong> Lost { get; } = [];

    /// <summary>The pages, as those of the object of a group that a kernel reads from it.</summary>
    public TestKernel.Image Image { get; } = new() { Pages = { [1] = [] } };

    public Dictionary<ulong, byte[]> Pages => Image.Pages[1];

    public RegionIdentity Identity => new() { Low = Number, High = 1 };

    /// <summary>A persist is durable.</summary>
    public void NoteDurable(ulong number)
    {
        Last = number;
        _states.Add((number, Size, new Dictionary<ulong, byte[]>(Pages)));
        if (_states.Count > KnownStates)
            _states.RemoveAt(0);
    }

    /// <summary>What it was after a persist that is known, or is now (0); false when that is not known.</summary>
    public bool TryFind(ulong number, out ulong size, out Dictionary<ulong, byte[]> pages)
    {
        (size, pages) = (Size, Pages);
        int index = _states.FindIndex(state => state.Number == number);
        if (index >= 0)
            (_, size, pages) = _states[index];
        return number == 0 || index >= 0;
    }

    public StoredRegion Copy()
    {
        var copy = new StoredRegion { Name = Name, Number = Number, User = User, Place = Place, Size = Size, Last = Last, Given = Given };
        copy.SetPages(Pages);
        copy._states.AddRange(_states);
        copy.Lost.UnionWith(Lost);
        return copy;
    }

    public void SetPages(Dictionary<ulong, byte[]> pages) => Image.Pages[1] = new Dictionary<ulong, byte[]>(pages);
}

/// <summary>What a disk has of regions. A machine has its own; one that is restored goes on with a copy.</summary>
internal sealed class RegionDisk
{
    private readonly SortedDictionary<ulong, StoredRegion> _regions = [];
    private ulong _made = 100;

    /// <summary>The last ticket that was given.</summary>
    public ulong Tickets { get; set; } = 1000;

    public IEnumerable<StoredRegion> Regions => _regions.Values;

    public StoredRegion? Find(ulong number) => _regions.GetValueOrDefault(number);

    public StoredRegion? Find(string name) => _regions.Values.FirstOrDefault(region => region.Name == name);

    /// <summary>Makes one, at a place that is free or at that of another.</summary>
    public StoredRegion Add(string name, uint user, ulong size, StoredRegion? source = null)
    {
        int place = source?.Place ?? Enumerable.Range(0, int.MaxValue).First(each => _regions.Values.All(region => region.Place != each));
        var region = new StoredRegion { Name = name, Number = ++_made, User = user, Place = place, Size = size };
        _regions[region.Number] = region;
        return region;
    }

    public void Remove(StoredRegion region) => _regions.Remove(region.Number);

    public RegionDisk Copy()
    {
        var copy = new RegionDisk { _made = _made, Tickets = Tickets };
        foreach (StoredRegion region in _regions.Values)
            copy._regions[region.Number] = region.Copy();
        return copy;
    }
}
