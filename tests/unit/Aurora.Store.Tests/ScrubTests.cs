using System;
using System.Linq;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>A scrub gets round whatever is damaged, in as many steps as there is left to read.</summary>
public sealed unsafe class ScrubTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_scrub_goes_on_behind_a_damaged_leaf_of_objects(bool isLast)
    {
        using var harness = new StoreHarness();
        harness.Options.Retention.IsOff = true;
        harness.Open();
        for (ulong i = 1; i <= 40; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.PutRecord(commit, i << 40, new string('y', 900));
            harness.Write(commit, i << 40, 0, i);
            harness.Commit(commit);
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Reopen();
        Damage(harness, kind: 1, isLast ? 37UL << 40 : 5UL << 40, isLast ? ulong.MaxValue : 12UL << 40);
        harness.Store.Scrub(200);
        StoreStatistics statistics = harness.Store.Statistics;
        Assert.True(statistics.ScrubRounds > 0, $"{statistics.PagesScrubbed} pages, {statistics.ScrubFaults} faults, no end");
        Assert.InRange(statistics.PagesScrubbed, 60UL, 78UL);
        Assert.Equal(1UL, statistics.ScrubFaults);
    }

    [Fact]
    public void The_scrub_goes_on_behind_a_damaged_leaf_of_pages()
    {
        using var harness = new StoreHarness();
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 1000; i++)
            harness.Write(commit, 1, i << 30, i + 1);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Reopen();
        Damage(harness, kind: 2, 100UL << 30, 400UL << 30);
        harness.Store.Scrub(2000);
        StoreStatistics statistics = harness.Store.Statistics;
        Assert.True(statistics.ScrubRounds > 0);
        Assert.InRange(statistics.PagesScrubbed, 800UL, 940UL);
        Assert.Equal(1UL, statistics.ScrubFaults);
    }

    // A leaf of the newest tree that starts in a range of keys.
    private static void Damage(StoreHarness harness, byte kind, ulong from, ulong before)
    {
        const int Kind = 4, Level = 5, FirstKey = 24;
        ulong block = harness.Memory.WrittenBlocks.Last(candidate =>
        {
            byte[] node = harness.Memory.Contents(candidate);
            ulong first = BitConverter.ToUInt64(node, FirstKey);
            return BitConverter.ToUInt32(node) == StoreFormat.NodeMagic && node[Kind] == kind && node[Level] == 0 && first >= from && first < before;
        });
        byte[] damaged = (byte[])harness.Memory.Contents(block).Clone();
        damaged[3000] ^= 1;
        harness.Memory.SetContents(block, damaged);
    }
}
