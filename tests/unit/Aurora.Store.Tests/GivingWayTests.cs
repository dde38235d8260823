using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Long work of the store looks at the clock every few pages, and gives way when its slice is over.</summary>
public sealed unsafe class GivingWayTests
{
    private const ulong PageNanoseconds = 2_000;

    // Each look finds that the pages since the last one have taken their time.
    private sealed class TimedFibers(ulong nanosecondsPerLook) : FiberScheduler
    {
        private ulong _now = 1;
        private FiberTurn _turn;

        private ulong _progress;

        public int Looks { get; private set; }

        public int Yields { get; private set; }

        /// <summary>How far the work has come that is watched, and the most that was done of it without a look.</summary>
        public Func<ulong>? Progress { get; set; }

        public ulong LongestProgress { get; private set; }

        private void Note()
        {
            ulong progress = Progress?.Invoke() ?? 0;
            LongestProgress = Math.Max(LongestProgress, progress - Math.Min(progress, _progress));
            _progress = progress;
        }

        public override bool MustGiveWay
        {
            get
            {
                Looks++;
                Note();
                _now += nanosecondsPerLook;
                return _turn.IsOver(_now);
            }
        }

        public override ulong LongestTurnNanoseconds => _turn.LongestNanoseconds;

        public void BeginTurn() => _turn.Begin(_now);

        public override void Block(FiberQueue* queue) => Panic.Fail("blocked for ever"u8);

        public override void Yield()
        {
            Yields++;
            Note();
            _turn.End(_now);
            _turn.Begin(_now);
        }

        public override void WakeOne(FiberQueue* queue)
        {
        }

        public override void WakeAll(FiberQueue* queue)
        {
        }
    }

    /// <summary>New pages of one object, where there is no leaf to pause at; and pages over old ones.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cut_writes_a_few_nodes_between_two_looks_however_many_pages_an_object_has(bool isTwice)
    {
        const ulong pages = 4000;
        const ulong mostNodes = 3;
        var fibers = new TimedFibers(PageNanoseconds);
        var device = new MemoryBlockDevice(32_000);
        var allocator = new HostPageAllocator();
        HostEnvironment.Install();
        var format = new FormatOptions { UuidLow = 1, UuidHigh = 2, LogBlocks = 512 };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(device, allocator, fibers, format));
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, allocator, fibers, default, out ObjectStore? store, out _));
        void* page = allocator.Allocate(1);
        for (int round = 0; round < (isTwice ? 2 : 1); round++)
        {
            StoreCommit* commit = store!.Begin(VolumeId.First);
            for (ulong i = 0; i < pages; i++)
                Assert.Equal(StoreStatus.Ok, store.WritePage(commit, new ObjectId(1), i, page));
            Assert.Equal(StoreStatus.Ok, store.Submit(commit, default));
            Assert.Equal(StoreStatus.Ok, store.WaitDurable(commit));
            store.Release(commit);
            fibers.Progress = () => store.Statistics.NodesWritten;
            int looks = fibers.Looks;
            ulong nodes = store.Statistics.NodesWritten;
            Assert.Equal(StoreStatus.Ok, store.CutNow());
            Assert.True(store.Statistics.NodesWritten - nodes >= pages / 200, $"{store.Statistics.NodesWritten - nodes} nodes");
            Assert.True(fibers.Looks - looks >= (int)pages / 64, $"{fibers.Looks - looks} looks");
        }
        Assert.InRange(fibers.LongestProgress, 1UL, mostNodes);
        store!.Abandon();
        allocator.Free(page, 1);
    }

    /// <summary>
    /// A cut walks twice along all of a layer, and merges the pages: that others may come between any two, tests have it look often.
    /// </summary>
    [Fact]
    public void A_cut_looks_as_often_as_its_store_was_opened_to()
    {
        const int pages = 1000;
        const int few = 4;
        int looks = LooksOfCut(pages, new OpenOptions());
        Assert.InRange(LooksOfCut(pages, new OpenOptions { ElementsPerLook = few }) - looks, (2 * pages / few) - 5, (2 * pages / few) + 5);
        Assert.InRange(LooksOfCut(pages, new OpenOptions { EntriesPerLook = few }) - looks, (pages / few) - (pages / 64) - 5, pages / few);
    }

    private static int LooksOfCut(int pages, OpenOptions options)
    {
        var fibers = new TimedFibers(PageNanoseconds);
        var device = new MemoryBlockDevice(16_000);
        using var allocator = new HostPageAllocator();
        HostEnvironment.Install();
        var format = new FormatOptions { UuidLow = 1, UuidHigh = 2, LogBlocks = 256 };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(device, allocator, fibers, format));
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, allocator, fibers, options, out ObjectStore? store, out _));
        void* page = allocator.Allocate(1);
        StoreCommit* commit = store!.Begin(VolumeId.First);
        for (ulong i = 0; i < (ulong)pages; i++)
            Assert.Equal(StoreStatus.Ok, store.WritePage(commit, new ObjectId(1), i, page));
        Assert.Equal(StoreStatus.Ok, store.Submit(commit, default));
        Assert.Equal(StoreStatus.Ok, store.WaitDurable(commit));
        store.Release(commit);
        int looks = fibers.Looks;
        Assert.Equal(StoreStatus.Ok, store.CutNow());
        looks = fibers.Looks - looks;
        store.Abandon();
        allocator.Free(page, 1);
        return looks;
    }

    [Fact]
    public void A_commit_of_many_pages_gives_way_within_a_slice_and_four_pages()
    {
        const ulong pages = 2000;
        var fibers = new TimedFibers(4 * PageNanoseconds);
        List<nint> memory = [];
        var device = new MemoryBlockDevice(16_000);
        var allocator = new HostPageAllocator();
        HostEnvironment.Install();
        var format = new FormatOptions { UuidLow = 1, UuidHigh = 2, LogBlocks = 256 };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(device, allocator, fibers, format));
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, allocator, fibers, default, out ObjectStore? store, out _));
        StoreCommit* commit = store!.Begin(VolumeId.First);
        for (ulong page = 0; page < pages; page++)
        {
            memory.Add((nint)allocator.Allocate(1));
            Assert.Equal(StoreStatus.Ok, store.WritePage(commit, new ObjectId(1), page, (void*)memory[^1]));
        }
        fibers.BeginTurn();
        int looks = fibers.Looks;
        int yields = fibers.Yields;
        Assert.Equal(StoreStatus.Ok, store.Submit(commit, default));
        Assert.True(fibers.Looks - looks >= (int)pages / 4, $"{fibers.Looks - looks} looks");
        Assert.InRange(fibers.LongestTurnNanoseconds, 1UL, FiberTurn.SliceNanoseconds + (4 * PageNanoseconds));

        // No more often than it must.
        Assert.InRange(fibers.Yields - yields, 1, (int)(pages * PageNanoseconds * 2 / FiberTurn.SliceNanoseconds));
        Assert.Equal(StoreStatus.Ok, store.WaitDurable(commit));
        store.Release(commit);
        store.Abandon();
        foreach (nint page in memory)
            allocator.Free((void*)page, 1);
    }
}
