using System;
using System.Collections.Generic;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>A device that fails a FLUSH may have lost anything written before it, for whomever it was written.</summary>
public sealed unsafe class LostFlushTests
{
    private const ulong Objects = 100;

    // Two slots of two copies.
    private const ulong SuperblockBlocks = 4;

    private readonly Dictionary<ulong, byte[]> _before = [];
    private StoreHarness _harness = null!;
    private bool _isDone;

    [Fact]
    public void A_cut_during_which_another_flush_fails_is_not_published() => FailDuringCut(ComeBetweenNodes);

    [Fact]
    public void Nor_is_one_whose_superblock_is_written_when_it_fails() => FailDuringCut(ComeBehindSuperblock);

    private void FailDuringCut(Func<BlockOperation, ulong, BlockStatus> comeBetween)
    {
        using var harness = new StoreHarness(1800, 128);
        _harness = harness;
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.BackgroundMaintenance = true;
        harness.Open();
        StoreCommit* first = harness.Begin();
        for (ulong id = 1; id <= Objects; id++)
            harness.Write(first, id, 0, id);
        harness.Commit(first);
        harness.Memory.Fail = comeBetween;
        Assert.NotEqual(StoreStatus.Ok, harness.Store.CutNow());
        harness.Memory.Fail = null;
        Assert.True(_isDone, "the cut wrote nothing");
        harness.Reopen(crash: true);
        for (ulong id = 1; id <= Objects; id++)
            Assert.Equal(id, harness.Read(id, 0));
        harness.CheckClean();
    }

    // When the cut has written a few nodes.
    private BlockStatus ComeBetweenNodes(BlockOperation operation, ulong block)
    {
        if (_isDone || operation != BlockOperation.Write)
            return BlockStatus.Ok;
        if (_before.Count < 2)
            Keep(block);
        else
            FailAnother(ComeBetweenNodes);
        return BlockStatus.Ok;
    }

    // When the cut has written its superblock, and has not flushed it.
    private BlockStatus ComeBehindSuperblock(BlockOperation operation, ulong block)
    {
        if (!_isDone && operation == BlockOperation.Write && block < SuperblockBlocks)
        {
            Keep(block);
            Keep(block + 1);
        }
        else if (!_isDone && operation == BlockOperation.Flush && _before.Count != 0)
        {
            FailAnother(ComeBehindSuperblock);
        }
        return BlockStatus.Ok;
    }

    private void Keep(ulong block) => _before[block] = (byte[])_harness.Memory.Contents(block).Clone();

    // A commit comes whose FLUSH fails; what was written before is lost with it.
    private void FailAnother(Func<BlockOperation, ulong, BlockStatus> goOn)
    {
        _isDone = true;
        _harness.Memory.Fail = (inner, _) => inner == BlockOperation.Flush ? BlockStatus.DeviceError : BlockStatus.Ok;
        StoreCommit* commit = _harness.Begin();
        Assert.Equal(StoreStatus.Ok, _harness.TryWrite(commit, 1, 1, 7));
        StoreStatus status = _harness.Store.Submit(commit, _harness.Info());
        if (status == StoreStatus.Ok)
            status = _harness.Store.WaitDurable(commit);
        Assert.NotEqual(StoreStatus.Ok, status);
        _harness.Store.Release(commit);
        foreach ((ulong lost, byte[] contents) in _before)
            _harness.Memory.SetContents(lost, contents);
        _harness.Memory.Fail = goOn;
    }
}
