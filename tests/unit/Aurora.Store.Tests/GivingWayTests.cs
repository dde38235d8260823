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

        public int Looks { get; private set; }

        public int Yields { get; private set; }

        public override bool MustGiveWay
        {
            get
            {
                Looks++;
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
