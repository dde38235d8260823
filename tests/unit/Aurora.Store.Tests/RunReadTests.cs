using System;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Several pages read at once, and those by themselves that were not, are what each read by itself is.</summary>
public sealed unsafe class RunReadTests : IDisposable
{
    private const int Most = ObjectStore.MostPagesAtOnce;

    private readonly BadBlockDevice _device = new(8192);
    private readonly StoreHarness _harness;
    private readonly byte* _buffers;

    public RunReadTests()
    {
        _harness = new StoreHarness(device: _device);
        _harness.Open();
        _buffers = (byte*)_harness.Pages.Allocate(Most);
    }

    public void Dispose()
    {
        _harness.Pages.Free(_buffers, Most);
        _harness.Dispose();
    }

    [Fact]
    public void What_lies_side_by_side_is_one_request()
    {
        StoreCommit* commit = _harness.Begin();
        for (ulong page = 0; page < Most; page++)
            _harness.Write(commit, 5, page, page + 1);
        _harness.Commit(commit);
        Read(5, 0, Most);
        long before = _harness.Memory.Reads;
        Read(5, 0, Most);
        Assert.Equal(1, _harness.Memory.Reads - before);
        for (int i = 0; i < Most; i++)
            Assert.Equal((ulong)i + 1, At(i));
    }

    /// <summary>Pages of several commits, some in trees and some not, with holes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Scattered_pages_and_holes_are_read_as_one_by_one(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 30; round++)
        {
            StoreCommit* commit = _harness.Begin();
            for (int i = 0; i < 20; i++)
                _harness.Write(commit, 7, (ulong)random.Next(200), (ulong)random.Next(1, 1 << 30));
            _harness.Commit(commit);
            if (round % 7 == 0)
                Assert.Equal(StoreStatus.Ok, _harness.Store.CutNow());
        }
        for (int i = 0; i < 60; i++)
        {
            ulong page = (ulong)random.Next(210);
            StoreStatus[] statuses = Read(7, page, random.Next(1, Most + 1));
            for (int at = 0; at < statuses.Length; at++)
            {
                ulong alone = _harness.Read(7, page + (ulong)at);
                Assert.Equal((alone == 0 ? StoreStatus.Hole : StoreStatus.Ok, alone), (statuses[at], At(at)));
            }
        }
    }

    /// <summary>A damaged page, and one that the device does not read, cost no other page anything.</summary>
    [Theory]
    [InlineData(false, StoreStatus.BadChecksum)]
    [InlineData(true, StoreStatus.DeviceError)]
    public void What_cannot_be_read_costs_its_neighbours_nothing(bool isRefused, StoreStatus expected)
    {
        StoreCommit* commit = _harness.Begin();
        for (ulong page = 0; page < Most; page++)
            _harness.Write(commit, 5, page, page + 1);
        _harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, _harness.Store.LocatePage(VolumeId.First, new ObjectId(5), 9, out PagePlace place));
        byte[] contents = (byte[])_harness.Memory.Contents(place.Block).Clone();
        contents[100] ^= 1;
        if (!isRefused)
            _harness.Memory.SetContents(place.Block, contents);
        else
            _device.Bad = place.Block;
        StoreStatus[] statuses = Read(5, 0, Most);
        for (int i = 0; i < Most; i++)
            Assert.Equal(i == 9 ? expected : StoreStatus.Ok, statuses[i]);
        Assert.Equal((9UL, 11UL), (At(8), At(10)));
    }

    private ulong At(int index) => *(ulong*)(_buffers + (index * PageSize.Bytes));

    private StoreStatus[] Read(ulong id, ulong page, int count)
    {
        void** destinations = stackalloc void*[Most];
        StoreStatus* statuses = stackalloc StoreStatus[Most];
        for (int i = 0; i < count; i++)
            destinations[i] = _buffers + (i * PageSize.Bytes);
        _harness.Store.ReadPages(VolumeId.First, new ObjectId(id), page, destinations, count, statuses);
        for (int i = 0; i < count; i++)
        {
            if (statuses[i] != StoreStatus.Ok)
                statuses[i] = _harness.Store.ReadPage(VolumeId.First, new ObjectId(id), page + (ulong)i, destinations[i]);
        }
        return new ReadOnlySpan<StoreStatus>(statuses, count).ToArray();
    }

    private sealed class BadBlockDevice(ulong blocks) : MemoryBlockDevice(blocks)
    {
        public ulong Bad { get; set; } = ulong.MaxValue;

        public override void Submit(BlockRequest* request)
        {
            bool isBad = request->Operation == BlockOperation.Read && Bad - request->Start.Value < (ulong)request->BlockCount;
            if (isBad)
                request->Status = BlockStatus.DeviceError;
            else
                base.Submit(request);
        }
    }
}
