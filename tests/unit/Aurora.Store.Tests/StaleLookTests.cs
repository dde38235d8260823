using System;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>
/// A commit that may be too large for the disk is looked at closely while others commit and make cuts: what a cut has made of the trees
/// under the look is no reason to refuse it.
/// </summary>
public sealed unsafe class StaleLookTests
{
    // Where a node says of what tree it is, and what it says in that of the objects.
    private const int KindOffset = 4;
    private const byte ObjectsKind = 1;
    private const ulong Objects = 400;

    private StoreHarness _harness = null!;
    private VolumeId _other;
    private byte[]? _read;
    private ulong _block;

    [Fact]
    public void Cuts_that_pass_a_look_do_not_fail_the_commit()
    {
        using var harness = new StoreHarness(1800, 128);
        _harness = harness;
        harness.Options.OverlayBytes = 8 << 20;
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.None, default, harness.Info(), out _other));
        StoreCommit* commit = harness.Begin();
        for (ulong id = 1; id <= Objects; id++)
            harness.PutRecord(commit, id, new string('x', 200));
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Reopen();

        // Its pages have nothing to do with each other: only a close look finds that there is room for them.
        harness.Memory.Fail = ComeBetween;
        StoreStatus status = Commit(VolumeId.First, 300, 1UL << 40);
        harness.Memory.Fail = null;
        Assert.True(_read != null, "the look read nothing");
        Assert.Equal(StoreStatus.Ok, status);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
    }

    // The first leaf that the look reads is late: two cuts come first, and the block holds something else then.
    private BlockStatus ComeBetween(BlockOperation operation, ulong block)
    {
        if (_read != null)
        {
            _harness.Memory.SetContents(_block, _read);
            return BlockStatus.Ok;
        }
        if (operation != BlockOperation.Read || _harness.Memory.Contents(block)[KindOffset] != ObjectsKind)
            return BlockStatus.Ok;
        _block = block;
        byte[] read = _harness.Memory.Contents(block);
        _harness.Memory.Fail = null;
        for (int cut = 0; cut < 2; cut++)
        {
            Assert.Equal(StoreStatus.Ok, Commit(_other, 1, 1));
            Assert.Equal(StoreStatus.Ok, _harness.Store.CutNow());
        }
        _harness.Memory.Fail = ComeBetween;
        _read = read;
        _harness.Memory.SetContents(block, new byte[PageSize.Bytes]);
        return BlockStatus.Ok;
    }

    private StoreStatus Commit(VolumeId volume, ulong pages, ulong step)
    {
        StoreCommit* commit = _harness.Store.Begin(volume);
        for (ulong i = 0; i < pages; i++)
            Assert.Equal(StoreStatus.Ok, _harness.TryWrite(commit, Objects / 2, i * step, i + 1));
        StoreStatus status = _harness.Store.Submit(commit, _harness.Info());
        if (status == StoreStatus.Ok)
            status = _harness.Store.WaitDurable(commit);
        _harness.Store.Release(commit);
        return status;
    }
}
