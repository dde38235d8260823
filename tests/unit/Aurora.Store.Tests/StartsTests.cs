using System;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>The count of failed starts: beside the state, whole after every crash, and nothing to open a store for.</summary>
public sealed unsafe class StartsTests
{
    [Fact]
    public void The_count_survives_and_does_not_go_back_with_the_state()
    {
        using var harness = new StoreHarness();
        ObjectStore store = harness.Open();
        Assert.Equal(0u, Count(store));
        for (uint count = 1; count <= 5; count++)
        {
            Assert.Equal(StoreStatus.Ok, store.WriteFailedStarts(count));
            harness.Reopen(crash: true);
            store = harness.Store;
            Assert.Equal(count, Count(store));
        }
    }

    [Fact]
    public void A_torn_write_leaves_the_count_before_it_and_another_stores_count_is_none()
    {
        using var harness = new StoreHarness();
        ObjectStore store = harness.Open();
        Assert.Equal(StoreStatus.Ok, store.WriteFailedStarts(1));
        Assert.Equal(StoreStatus.Ok, store.WriteFailedStarts(2));
        Flip(harness, 4); // version 2
        Assert.Equal(1u, Count(store));
        Flip(harness, 4);
        Assert.Equal(2u, Count(store));
        store.Abandon();
        StoreStatus status = ObjectStore.Format(harness.Device, harness.Pages, new Aurora.Testing.HostFibers(), new FormatOptions { UuidLow = 5 });
        Assert.Equal(StoreStatus.Ok, status);
        Assert.Equal(0u, Count(harness.Open()));
    }

    [Theory]
    [InlineData(4UL, 1u)]
    [InlineData(5UL, 2u)]
    public void A_block_that_cannot_be_read_says_nothing_and_keeps_no_session_from_starting(ulong block, uint left)
    {
        using var harness = new StoreHarness();
        ObjectStore store = harness.Open();
        Assert.Equal(StoreStatus.Ok, store.WriteFailedStarts(1)); // in block 5
        Assert.Equal(StoreStatus.Ok, store.WriteFailedStarts(2)); // in block 4
        harness.Memory.Fail = (operation, start)
            => operation == BlockOperation.Read && start == block ? BlockStatus.DeviceError : BlockStatus.Ok;
        Assert.Equal(left, Count(store));
        Assert.Equal(StoreStatus.Ok, store.WriteFailedStarts(left + 1));
        harness.Memory.Fail = null;
        Assert.Equal(left + 1, Count(store));
    }

    [Fact]
    public void A_store_opened_for_reading_leaves_it_alone()
    {
        using var harness = new StoreHarness();
        Assert.Equal(StoreStatus.Ok, harness.Open().WriteFailedStarts(3));
        harness.Options.ReadOnly = true;
        harness.Reopen(crash: true);
        Assert.Equal(StoreStatus.ReadOnly, harness.Store.WriteFailedStarts(0));
        Assert.Equal(3u, Count(harness.Store));
    }

    private static uint Count(ObjectStore store)
    {
        Assert.Equal(StoreStatus.Ok, store.ReadFailedStarts(out uint count));
        return count;
    }

    private static void Flip(StoreHarness harness, ulong block)
    {
        void* page = harness.Pages.Allocate(1);
        BlockRequest request = default;
        request.BlockCount = 1;
        request.Start = new BlockNumber(block);
        request.Pages = &page;
        foreach (BlockOperation operation in (BlockOperation[])[BlockOperation.Read, BlockOperation.Write])
        {
            request.Operation = operation;
            harness.Device.Submit(&request);
            Assert.Equal(BlockStatus.Ok, harness.Device.Wait(&request));
            ((byte*)page)[100] ^= 1;
        }
        harness.Pages.Free(page, 1);
    }
}
