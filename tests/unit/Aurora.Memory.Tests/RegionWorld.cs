using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>A region that several threads of several programs store to, and what its store has of it.</summary>
internal sealed unsafe class RegionWorld : IDisposable
{
    public const ulong At = 0x6000_0000_0000;
    private const ulong Id = 1;

    private readonly List<nint> _taken = [];
    private readonly RegionWriter* _writers;

    public RegionWorld(int threads, int spaces, ulong pages, SeededMemoryFaults seeded = SeededMemoryFaults.None, int frames = 4096)
    {
        Machine = new TestMachine(frames, seeded: seeded);
        _writers = (RegionWriter*)NativeMemory.AllocZeroed((nuint)(sizeof(RegionWriter) * threads));
        Region = (Region*)NativeMemory.AllocZeroed((nuint)sizeof(Region));
        ObjectTracker group = Machine.Tracker.Objects.Add(1, new ObjectId(1));
        group.BeEphemeral();
        Assert.True(Memory.Regions.Begin(Region, group, new ObjectId(Id), pages));
        Spaces = new nint[spaces];
        for (int i = 0; i < spaces; i++)
            Spaces[i] = (nint)NewSpace(pages);
    }

    public TestMachine Machine { get; }
    public MemoryManager Memory => Machine.Memory;
    public Region* Region { get; }
    public nint[] Spaces { get; }

    public RegionWriter* Writer(int thread) => _writers + thread;

    public AddressSpace* Space(int space) => (AddressSpace*)Spaces[space];

    public void Store(int thread, int space, ulong page, ulong value)
    {
        Memory.Regions.BeWriter(Writer(thread));
        Machine.Store64(Space(space), At + (page << 12), value);
    }

    public ulong Load(int space, ulong page) => Machine.Load64(Space(space), At + (page << 12));

    /// <summary>Takes what a thread has changed, or everybody's (-1).</summary>
    public RegionFlight* Take(int thread)
    {
        var flight = (RegionFlight*)NativeMemory.AllocZeroed((nuint)sizeof(RegionFlight));
        Memory.Regions.Take(Region, thread < 0 ? null : Writer(thread), Region->Taken + 1, flight);
        _taken.Add((nint)flight);
        return flight;
    }

    /// <summary>What a flight would write now.</summary>
    public Dictionary<ulong, ulong> Contents(RegionFlight* flight)
    {
        var contents = new Dictionary<ulong, ulong>();
        var cursor = new RegionCursor(flight);
        while (cursor.MoveNext())
            contents.Add(cursor.Page, *(ulong*)Machine.Frames.AddressOf(cursor.Frame));
        return contents;
    }

    /// <summary>The store has a flight, durably.</summary>
    public void Land(RegionFlight* flight)
    {
        var cursor = new RegionCursor(flight);
        while (cursor.MoveNext())
            Machine.Store.SetPage(Id, cursor.Page, new ReadOnlySpan<byte>(Machine.Frames.AddressOf(cursor.Frame), 4096).ToArray());
        while (!Memory.Regions.LandSome(flight))
        {
        }
    }

    public void Persist(int thread) => Land(Take(thread));

    /// <summary>The store refuses flights, the first of which was taken as the persist with a number.</summary>
    public void Refuse(ulong number, params nint[] flights)
    {
        Memory.Regions.BeginReturn(Region, number - 1);
        Assert.True(Region->IsDirty);
        foreach (nint flight in flights)
        {
            while (!Memory.Regions.GiveBackSome((RegionFlight*)flight))
            {
            }
        }
        Memory.Regions.EndReturn(Region);
    }

    public void Abort(int thread)
    {
        while (!Memory.Regions.AbortSome(Region, thread < 0 ? null : Writer(thread)))
        {
        }
    }

    /// <summary>Whether a page need not be read when it is touched.</summary>
    public bool IsInMemory(ulong page) => Slot.IsResident(Memory.State.Tree.Lookup(Region->Object, page));

    /// <summary>What the store has of a page.</summary>
    public ulong Stored(ulong page)
    {
        byte[]? bytes = Machine.Store.Page(Id, page);
        return bytes == null ? 0 : BitConverter.ToUInt64(bytes);
    }

    public void Cut(ulong pages)
    {
        Machine.Store.Cut(Id, pages);
        Memory.Regions.Resize(Region, pages);
    }

    public ulong DirtyPages(int thread) => Regions.DirtyPagesOf(Region, thread < 0 ? null : Writer(thread));

    /// <summary>Reclaim's hand goes round often enough to drop what is clean.</summary>
    public void Reclaim()
    {
        for (int rounds = 0; rounds < 3;)
            rounds += Memory.Reclaim.Step() ? 1 : 0;
    }

    /// <summary>Everything ends; nothing may be left.</summary>
    public void End(int threads)
    {
        foreach (nint space in Spaces)
            Machine.Release((AddressSpace*)space);
        for (int i = 0; i < threads; i++)
            Memory.Regions.EndWriter(Writer(i));
        Abort(-1);
        Memory.Regions.End(Region);
        Machine.AssertNothingLeft();
        Assert.Equal(0, Memory.State.Regions.Lists.Count + Memory.State.Regions.Chunks.Count);
        Assert.Equal(0UL, Memory.State.Regions.Owed + Memory.State.Regions.Flying);
    }

    public void Dispose()
    {
        foreach (nint flight in _taken)
            NativeMemory.Free((void*)flight);
        NativeMemory.Free(_writers);
        NativeMemory.Free(Region);
        Machine.Dispose();
    }

    private AddressSpace* NewSpace(ulong pages)
    {
        AddressSpace* space = Machine.NewSpace();
        var request = new MapRequest
        {
            Address = new VirtualAddress(At), Length = pages * 4096, Protection = Protection.Read | Protection.Write,
            Flags = MappingFlags.Shared | MappingFlags.Region, Placement = MapPlacement.FixedNoReplace, Object = Region->Object,
        };
        Assert.Equal(MemoryStatus.Ok, Memory.Mappings.Map(space, request, out _));
        return space;
    }
}
