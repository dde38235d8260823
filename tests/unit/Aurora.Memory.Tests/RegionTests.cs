using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Testing;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Pages of regions: whose they are, what a persist takes, and what comes back.</summary>
public sealed unsafe class RegionTests
{
    private const int Threads = 3;

    [Fact]
    public void A_thread_persists_its_own_pages_only()
    {
        using var world = new RegionWorld(Threads, 1, 1000);
        world.Store(0, 0, 1, 10);
        world.Store(1, 0, 2, 20);
        world.Store(1, 0, 700, 21);
        Assert.Equal(1UL, world.DirtyPages(0));
        Assert.Equal(2UL, world.DirtyPages(1));
        world.Persist(0);
        Assert.Equal((10UL, 0UL, 0UL), (world.Stored(1), world.Stored(2), world.Stored(700)));
        world.Persist(1);
        Assert.Equal((20UL, 21UL), (world.Stored(2), world.Stored(700)));
        world.Memory.Verifier.VerifyAll();
        world.End(Threads);
    }

    [Fact]
    public void A_page_stays_with_who_made_it_dirty_and_everybody_takes_all()
    {
        using var world = new RegionWorld(Threads, 2, 100);
        world.Store(0, 0, 5, 1);
        world.Store(1, 1, 5, 2);
        world.Store(2, 1, 6, 3);
        Assert.Equal((1UL, 0UL, 1UL), (world.DirtyPages(0), world.DirtyPages(1), world.DirtyPages(2)));
        world.Persist(1);
        Assert.Equal(0UL, world.Stored(5));
        world.Persist(-1);
        Assert.Equal((2UL, 3UL), (world.Stored(5), world.Stored(6)));
        Assert.Equal(0UL, world.DirtyPages(-1));
        world.End(Threads);
    }

    [Fact]
    public void A_page_that_is_stored_to_in_flight_has_both_versions_right()
    {
        using var world = new RegionWorld(Threads, 2, 100);
        world.Store(0, 0, 3, 30);
        world.Store(1, 1, 3, 31);
        RegionFlight* flight = world.Take(0);
        world.Store(1, 1, 3, 32);
        Assert.Equal(32UL, world.Load(0, 3));
        Assert.Equal(31UL, world.Contents(flight)[3]);
        Assert.Equal(1UL, world.DirtyPages(1));
        world.Land(flight);
        Assert.Equal((31UL, 32UL), (world.Stored(3), world.Load(0, 3)));
        world.Persist(1);
        Assert.Equal(32UL, world.Stored(3));
        world.End(Threads);
    }

    [Fact]
    public void What_was_given_up_together_is_asked_for_together()
    {
        using var world = new RegionWorld(Threads, 1, 1000);
        ulong[] given = [10, 50, 200, 400, 600];
        foreach (ulong page in given)
            world.Store(0, 0, page, page);
        world.Persist(0);
        foreach (ulong page in given)
            world.Store(0, 0, page, 1);
        world.Abort(0);
        Assert.Equal(10UL, world.Load(0, 10));
        // The last one is not in the leaf of the first.
        Assert.Equal([true, true, true, true, false], given.Select(world.IsInMemory));
        Assert.All(given, page => Assert.Equal(page, world.Load(0, page)));
        world.Memory.Verifier.VerifyAll();
        world.End(Threads);
    }

    // A few pages are forgotten one by one, more with all of the space.
    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(200)]
    public void What_is_stored_behind_a_persist_is_dirty_again(int pages)
    {
        using var world = new RegionWorld(Threads, 1, 1000);
        for (ulong round = 1; round <= 2; round++)
        {
            for (int page = 0; page < pages; page++)
                world.Store(0, 0, (ulong)(page * 7 % 1000), round);
            Assert.Equal((ulong)pages, world.DirtyPages(0));
            RegionFlight* flight = world.Take(0);
            for (int page = 0; page < pages; page++)
                world.Store(0, 0, (ulong)(page * 7 % 1000), round + 10);
            Assert.Equal((ulong)pages, world.DirtyPages(0));
            Assert.All(world.Contents(flight).Values, value => Assert.Equal(round, value));
            world.Land(flight);
            world.Persist(0);
        }
        world.Memory.Verifier.VerifyAll();
        world.End(Threads);
    }

    [Fact]
    public void An_abort_brings_back_what_was_persisted_for_everybody_who_shows_it()
    {
        using var world = new RegionWorld(Threads, 2, 600);
        world.Store(0, 0, 550, 1);
        world.Persist(0);
        world.Store(0, 0, 550, 2);
        world.Store(0, 0, 9, 3);
        world.Store(1, 0, 10, 4);
        Assert.Equal(2UL, world.Load(1, 550));
        world.Abort(0);
        Assert.Equal((1UL, 0UL, 4UL), (world.Load(1, 550), world.Load(0, 9), world.Load(1, 10)));
        Assert.Equal((0UL, 1UL), (world.DirtyPages(0), world.DirtyPages(1)));
        world.Memory.Verifier.VerifyAll();
        world.End(Threads);
    }

    [Fact]
    public void What_the_store_refuses_is_dirty_again_where_it_was_and_newer_versions_win()
    {
        using var world = new RegionWorld(Threads, 1, 200);
        for (ulong page = 0; page < 100; page++)
            world.Store(0, 0, page, page + 1);
        world.Store(1, 0, 150, 7);
        RegionFlight* first = world.Take(-1);
        world.Store(2, 0, 50, 1000);
        RegionFlight* second = world.Take(2);
        Assert.Equal(2UL, world.Region->Taken);
        world.Refuse(1, (nint)first, (nint)second);
        Assert.Equal(0UL, world.Region->Taken);
        Assert.Equal((100UL, 1UL, 0UL), (world.DirtyPages(0), world.DirtyPages(1), world.DirtyPages(2)));
        world.Memory.Verifier.VerifyAll();
        world.Persist(0);
        Assert.Equal((1000UL, 1UL, 0UL), (world.Stored(50), world.Stored(0), world.Stored(150)));
        world.End(Threads);
    }

    [Fact]
    public void What_an_ended_thread_has_changed_is_taken_by_who_persists_for_all()
    {
        using var world = new RegionWorld(Threads, 1, 100);
        world.Store(0, 0, 1, 5);
        RegionFlight* flight = world.Take(0);
        world.Store(0, 0, 2, 6);
        world.Memory.Regions.EndWriter(world.Writer(0));
        world.Refuse(1, (nint)flight);
        world.Persist(1);
        Assert.Equal(0UL, world.Stored(1));
        world.Persist(-1);
        Assert.Equal((5UL, 6UL), (world.Stored(1), world.Stored(2)));
        world.End(Threads);
    }

    [Fact]
    public void Clean_pages_leave_memory_and_dirty_ones_stay()
    {
        using var world = new RegionWorld(Threads, 1, 2048);
        for (ulong page = 0; page < 600; page++)
            world.Store(0, 0, page, page + 1);
        world.Persist(0);
        world.Store(1, 0, 599, 77);
        RegionFlight* flight = world.Take(1);
        world.Store(1, 0, 3, 78);
        ulong used = world.Machine.Frames.UsedFrames;
        world.Reclaim();
        Assert.True(world.Machine.Frames.UsedFrames <= used - 590);
        Assert.Equal((77UL, 78UL), (world.Load(0, 599), world.Load(0, 3)));
        world.Land(flight);
        for (ulong page = 4; page < 599; page++)
            Assert.Equal(page + 1, world.Load(0, page));
        world.End(Threads);
    }

    [Fact]
    public void What_is_being_read_when_a_page_is_given_up_is_not_believed()
    {
        using var world = new RegionWorld(Threads, 1, 100);
        world.Store(0, 0, 5, 1);
        world.Persist(0);
        world.Reclaim();
        FaultResult fault = world.Memory.Faults.Handle(world.Space(0), new VirtualAddress(RegionWorld.At + (5 << 12)), FaultAccess.Read);
        Assert.Equal(MemoryStatus.WouldBlock, fault.Status);
        world.Machine.HoldPageIns();
        world.Memory.Regions.BeWriter(world.Writer(0));
        PageAccess access = world.Memory.Pages.GetForWrite(world.Region->Object, 5, overwrite: true);
        PageContents.Clear(access.Address);
        *(ulong*)access.Address = 2;
        world.Persist(0);
        world.Store(0, 0, 5, 3);
        world.Abort(0);
        world.Machine.ServePager();
        Assert.Equal(2UL, world.Load(0, 5));
        world.End(Threads);
    }

    [Fact]
    public void A_region_owes_at_most_what_is_left_for_all()
    {
        using var world = new RegionWorld(Threads, 1, 2000, frames: 1024);
        MemoryStatus status = MemoryStatus.Ok;
        world.Memory.Regions.BeWriter(world.Writer(0));
        ulong page = 0;
        for (; status == MemoryStatus.Ok; page++)
            status = world.Machine.TryAccess(world.Space(0), RegionWorld.At + (page << 12), FaultAccess.Write, out _);
        Assert.Equal(MemoryStatus.BusError, status);
        Assert.InRange(world.DirtyPages(0), world.Memory.State.Regions.MostOwed * 2 / 3, (world.Memory.State.Regions.MostOwed * 2 / 3) + 1);
        var second = default(Region);
        Assert.Equal(MemoryStatus.Ok, new RegionBooks(world.Memory.State, new HostFibers()).MayDirty(&second, 0, out _));
        RegionFlight* flight = world.Take(0);
        var next = new VirtualAddress(RegionWorld.At + (page << 12));
        FaultResult fault = world.Memory.Faults.Handle(world.Space(0), next, FaultAccess.Write);
        Assert.Equal(MemoryStatus.WouldBlock, fault.Status);
        world.Land(flight);
        world.Store(0, 0, page, 1);
        world.End(Threads);
    }

    [Fact]
    public void A_region_that_shrinks_loses_pages_from_all_lists_and_grows_by_zeroes()
    {
        using var world = new RegionWorld(Threads, 1, 1000);
        for (ulong page = 0; page < 100; page++)
            world.Store((int)(page % 2), 0, page * 10, page + 1);
        world.Persist(-1);
        for (ulong page = 0; page < 100; page++)
            world.Store((int)(page % 3), 0, page * 10, page + 1001);
        world.Cut(505);
        Assert.Equal(51UL, world.DirtyPages(-1));
        Assert.Equal(MemoryStatus.BusError, world.Machine.TryAccess(world.Space(0), RegionWorld.At + (505 << 12), FaultAccess.Read, out _));
        world.Memory.Verifier.VerifyAll();
        world.Memory.Regions.Resize(world.Region, 1000);
        Assert.Equal((0UL, 1051UL), (world.Load(0, 510), world.Load(0, 500)));
        world.Persist(-1);
        world.Reclaim();
        Assert.Equal((0UL, 1051UL, 1UL + 1000), (world.Load(0, 510), world.Load(0, 500), world.Load(0, 0)));
        world.End(Threads);
    }

    [Theory]
    [InlineData(SeededMemoryFaults.None)]
    [InlineData(SeededMemoryFaults.TwoLists)]
    [InlineData(SeededMemoryFaults.EarlyLanding)]
    [InlineData(SeededMemoryFaults.LostProtectEntry)]
    [InlineData(SeededMemoryFaults.ForgottenUnmap)]
    [InlineData(SeededMemoryFaults.EvictedDirtyPage)]
    [InlineData(SeededMemoryFaults.WrittenInFlight)]
    [InlineData(SeededMemoryFaults.OlderVersion)]
    internal void Random_threads_agree_with_a_model_which_finds_seeded_faults(SeededMemoryFaults seeded)
    {
        string? found = null;
        for (int seed = 0; seed < 20 && found == null; seed++)
            found = Try(seed, seeded);
        Assert.True((found == null) == (seeded == SeededMemoryFaults.None), found ?? $"{seeded} was not found");
    }

    private static string? Try(int seed, SeededMemoryFaults seeded)
    {
        try
        {
            using var run = new RegionRun(seed, seeded);
            run.Do(1500);
            return null;
        }
        catch (Exception exception) when (exception is PanicException or Xunit.Sdk.XunitException or AccessViolationException)
        {
            return exception.Message;
        }
    }
}
