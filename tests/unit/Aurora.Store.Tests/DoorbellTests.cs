using System;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Requests travel in batches, and nobody waits inside one.</summary>
public sealed unsafe class DoorbellTests
{
    [Fact]
    public void A_commit_and_a_cut_ring_few_doorbells()
    {
        var device = new BellDevice(8192);
        using var harness = new StoreHarness(logBlocks: 2048, device: device);
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();

        // Every second page is written alone, so that the data takes many requests.
        StoreCommit* scatter = harness.Begin();
        for (ulong i = 0; i < 200; i++)
            harness.Write(scatter, 1, i, i + 1);
        harness.Commit(scatter);
        long before = device.Bells;
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 30; i++)
        {
            harness.Write(commit, 1 + (i % 5), 1000 + (i * 3), i + 1);
            harness.PutRecord(commit, 20 + i, "record");
        }
        harness.Commit(commit);
        Assert.InRange(device.Bells - before, 1, 3);

        for (ulong id = 100; id < 400; id++)
        {
            StoreCommit* small = harness.Begin();
            harness.PutRecord(small, id, new string('x', 900));
            harness.Commit(small);
        }
        before = device.Bells;
        long written = device.BlocksWritten;
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.True(device.BlocksWritten - written > 60, $"{device.BlocksWritten - written} blocks");
        Assert.InRange(device.Bells - before, 1, 12);
        Assert.False(device.HasWaitedInBatch);
        harness.CheckClean();
    }

    private sealed class BellDevice(ulong blocks) : MemoryBlockDevice(blocks)
    {
        private int _depth;
        private bool _hasWork;

        public long Bells { get; private set; }

        public bool HasWaitedInBatch { get; private set; }

        public override void BeginBatch() => _depth++;

        public override void EndBatch()
        {
            if (--_depth > 0 || !_hasWork)
                return;
            _hasWork = false;
            Bells++;
        }

        public override void Submit(BlockRequest* request)
        {
            if (request->Operation != BlockOperation.Read)
            {
                _hasWork |= _depth > 0;
                Bells += _depth > 0 ? 0 : 1;
            }
            base.Submit(request);
        }

        public override BlockStatus Wait(BlockRequest* request)
        {
            HasWaitedInBatch |= _depth > 0;
            return base.Wait(request);
        }
    }
}
