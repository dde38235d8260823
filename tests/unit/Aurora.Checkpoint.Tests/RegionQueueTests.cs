using System;
using System.Runtime.InteropServices;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Which persist has a fiber, and which waits for one.</summary>
public sealed unsafe class RegionQueueTests : IDisposable
{
    private const int Regions = 24;
    private const int Persists = 64;
    private const ulong Many = 1000;

    private readonly RegionEntry* _entries = (RegionEntry*)NativeMemory.AllocZeroed((nuint)(sizeof(RegionEntry) * Regions));
    private readonly RegionPersist* _persists = (RegionPersist*)NativeMemory.AllocZeroed((nuint)(sizeof(RegionPersist) * Persists));
    private readonly RegionQueue _queue = new();
    private int _used;

    public void Dispose()
    {
        NativeMemory.Free(_entries);
        NativeMemory.Free(_persists);
    }

    [Fact]
    public void A_small_persist_has_a_fiber_however_many_large_ones_are_under_way()
    {
        for (int region = 0; region < RegionQueue.Fibers; region++)
            Enqueue(region, Many);
        RegionPersist* small = Enqueue(RegionQueue.Fibers, 1);
        int large = 0;
        RegionPersist* taken = Take();
        for (; taken != null && taken != small; taken = Take())
            large++;
        Assert.Equal((nint)small, (nint)taken);
        Assert.InRange(large, 1, RegionQueue.Fibers - 3);
        Assert.Equal(0, (nint)Take());
    }

    [Fact]
    public void Who_is_passed_over_is_before_those_of_his_region()
    {
        RegionPersist* first = null;
        for (int region = 0; (first = Enqueue(region, Many)) != null && (nint)Take() != 0; region++)
        {
        }
        int last = _used - 1;
        Enqueue(last, 1);
        Assert.Equal(0, (nint)Take());
        RegionPersist* ended = &_persists[0];
        ended->Entry->IsSubmitting = false;
        _queue.NoteTaken(ended, isSubmitted: false, wasSlow: true, count: 1);
        Assert.Equal((nint)first, (nint)Take());
        Assert.Equal(0, (nint)Take());
    }

    [Fact]
    public void Those_of_a_region_are_one_behind_the_other()
    {
        RegionPersist* first = Enqueue(0, 1);
        RegionPersist* second = Enqueue(0, 1);
        RegionPersist* other = Enqueue(1, 1);
        Assert.Equal(((nint)first, (nint)other, (nint)0), ((nint)Take(), (nint)Take(), (nint)Take()));
        Submitted(first);
        Assert.Equal((nint)second, (nint)Take());
    }

    [Fact]
    public void Some_fibers_wait_for_what_has_been_submitted_in_its_order_and_never_all()
    {
        for (int region = 0; region < RegionQueue.Fibers; region++)
        {
            Enqueue(region, 1);
            Submitted(Take());
        }
        int waiting = 0;
        for (; _queue.MayAwait; waiting++)
            Assert.Equal((nint)(&_persists[waiting]), (nint)_queue.TakeSubmitted());
        Assert.InRange(waiting, 1, RegionQueue.Fibers - 2);
        Assert.Equal(0, (nint)_queue.TakeSubmitted());
        _queue.NoteLanded(1);
        Assert.Equal((nint)(&_persists[waiting]), (nint)_queue.TakeSubmitted());
    }

    [Fact]
    public void Not_all_commits_of_the_store_are_taken()
    {
        int taken = 0;
        for (int region = 0; region < Regions; region++)
            Enqueue(region, 1);
        for (RegionPersist* persist = Take(); persist != null; persist = Take(), taken++)
            Submitted(persist);
        Assert.Equal(16, taken);
        Assert.NotEqual(0, (nint)_queue.TakeSubmitted());
        _queue.NoteLanded(1);
        Assert.NotEqual(0, (nint)Take());
    }

    [Fact]
    public void Those_that_are_one_are_taken_when_each_may_be_and_nobody_of_their_regions_before()
    {
        RegionPersist* first = Enqueue(0, 1);
        RegionPersist* together = Enqueue(0, 1), with = Enqueue(1, 1);
        together->Together = with->Together = 7;
        RegionPersist* behind = Enqueue(1, 1);
        RegionPersist* other = Enqueue(2, 1);
        Assert.Equal(((nint)first, (nint)other, (nint)0), ((nint)Take(), (nint)Take(), (nint)Take()));
        Submitted(first);
        Assert.Equal(((nint)together, (nint)with, 2), ((nint)Take(), (nint)together->NextJoined, together->Joined));
        with->Entry->IsSubmitting = true;
        Assert.Equal(0, (nint)Take());
        with->Entry->IsSubmitting = false;
        Submitted(together);
        Assert.Equal((nint)behind, (nint)Take());
    }

    [Fact]
    public void Those_that_are_one_with_what_is_refused_are_refused_in_their_turn()
    {
        RegionPersist* before = Enqueue(1, 1);
        RegionPersist* refused = Enqueue(0, 1), left = Enqueue(1, 1), also = Enqueue(2, 1);
        refused->Together = left->Together = also->Together = 7;
        Assert.Equal((nint)refused, (nint)_queue.TakeOf(refused->Entry, StoreStatus.NoSpace));
        Assert.Equal((nint)0, (nint)_queue.TakeOf(refused->Entry, StoreStatus.NoSpace));
        Assert.Equal((nint)before, (nint)Take());
        Assert.Equal(0, (nint)Take());
        Submitted(before);
        Assert.Equal(((nint)left, (nint)also), ((nint)Take(), (nint)left->NextJoined));
        Assert.Equal((StoreStatus.NoSpace, StoreStatus.NoSpace), (left->RefusedWith, also->RefusedWith));
    }

    [Fact]
    public void Those_that_are_one_wait_until_the_store_has_commits_for_all()
    {
        for (int region = 0; region < 15; region++)
        {
            Enqueue(region, 1);
            Submitted(Take());
        }
        RegionPersist* together = Enqueue(15, 1), with = Enqueue(16, 1);
        together->Together = with->Together = 7;
        Enqueue(17, 1);
        Assert.Equal(0, (nint)Take());
        _queue.TakeSubmitted();
        _queue.NoteLanded(1);
        Assert.Equal((nint)together, (nint)Take());
        Assert.Equal(0, (nint)Take());
    }

    // Together they are many, whether each of them is or not.
    [Theory]
    [InlineData(Many)]
    [InlineData(40)]
    public void Many_that_are_one_leave_half_of_what_may_be_under_way_to_others(ulong pages)
    {
        for (int region = 0; region < 16; region++)
            Enqueue(region, pages)->Together = region < 8 ? 7UL : 8UL;
        RegionPersist* small = Enqueue(16, 1);
        RegionPersist* first = Take();
        Assert.Equal(((nint)(&_persists[0]), 8), ((nint)first, first->Joined));
        Assert.Equal(((nint)small, (nint)0), ((nint)Take(), (nint)Take()));
        Submitted(small);
        _queue.TakeSubmitted();
        _queue.NoteLanded(1);
        Submitted(first);
        Assert.Equal((nint)(&_persists[8]), (nint)Take());
    }

    [Fact]
    public void Slow_ones_do_not_pass_many_that_are_one_and_wait_for_a_place()
    {
        RegionPersist* first = Enqueue(0, Many);
        Assert.Equal((nint)first, (nint)Take());
        for (int region = 1; region < 9; region++)
            Enqueue(region, region == 1 ? 40UL : 1UL)->Together = 7;
        RegionPersist* slow = Enqueue(9, Many), small = Enqueue(10, 1);
        Assert.Equal(((nint)small, (nint)0), ((nint)Take(), (nint)Take()));
        Submitted(first);
        Assert.Equal((nint)(&_persists[1]), (nint)Take());
        Submitted(&_persists[1]);
        Assert.Equal((nint)0, (nint)slow->NextJoined);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(Many, true)]
    public void Behind_a_slow_one_somebody_is_woken_for_other_regions_though_its_own_is_first(ulong pages, bool isWoken)
    {
        RegionPersist* taken = Enqueue(0, pages);
        Enqueue(0, pages);
        RegionPersist* other = Enqueue(1, pages);
        Assert.Equal((nint)taken, (nint)Take());
        Assert.Equal(isWoken, _queue.HasMoreThan(taken));
        Assert.Equal((nint)other, (nint)Take());
    }

    private RegionPersist* Enqueue(int region, ulong pages)
    {
        RegionPersist* persist = &_persists[_used++];
        persist->Entry = &_entries[region];
        persist->Flight.Pages = pages;
        _queue.Enqueue(persist);
        return persist;
    }

    private RegionPersist* Take()
    {
        RegionPersist* persist = _queue.TakeNext();
        if (persist != null)
            persist->Entry->IsSubmitting = true;
        return persist;
    }

    private void Submitted(RegionPersist* persist)
    {
        persist->Entry->IsSubmitting = false;
        _queue.NoteTaken(persist, isSubmitted: true, persist->IsSlow, persist->Joined);
    }
}
