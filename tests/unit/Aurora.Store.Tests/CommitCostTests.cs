using System;
using System.Collections.Generic;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>What clones in a commit cost is the sum over all operations before them, without going through those for each.</summary>
public sealed unsafe class CommitCostTests
{
    [Fact]
    public void Sums_of_random_commits_are_those_over_all_operations_before()
    {
        using var harness = new StoreHarness();
        harness.Open();
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            StoreCommit* commit = Random(harness, random, random.Next(1, 60), objects: random.Next(1, 12));
            (ulong nodes, ulong copies) = Slowly(commit);
            CommitCost cost = Cost(harness);
            ulong bytes = commit->LayerBytes + (commit->Removes ? commit->Operations * Layer.BytesPerRemovedPage : 0);
            for (int twice = 0; twice < 2; twice++)
            {
                Assert.Equal(nodes, cost.NodesOfClones(commit));
                Assert.Equal(bytes + (copies * (Layer.BytesPerPage + Layer.BytesPerRemovedPage)), cost.LayerBytes(commit));
            }
            harness.Store.Abort(commit);
            harness.FreePages();
        }
    }

    // Ids that follow each other, that are far apart, and that differ only in their highest bits.
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(48)]
    public void No_way_to_an_object_is_long_however_many_clones_of_clones_there_are(int shift)
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1UL << shift, 0, 5);
        const ulong clones = 20_000;
        for (ulong i = 1; i <= clones; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.CloneObject(commit, new ObjectId(i << shift), new ObjectId((i + 1) << shift)));
        (int count, int depth) = Measure(commit->Objects.First);
        Assert.Equal((int)clones + 1, count);
        Assert.InRange(depth, 8, 33);
        CommitCost cost = Cost(harness);
        ulong nodesOfPage = commit->FirstOperation->Nodes;
        Assert.Equal(clones * nodesOfPage, cost.NodesOfClones(commit));
        harness.Store.Abort(commit);
    }

    [Fact]
    public void An_object_that_is_cloned_to_itself_again_and_again_costs_no_less_for_it()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 5);
        ulong before = 0;
        for (int i = 0; i < 200; i++)
        {
            harness.Store.CloneObject(commit, new ObjectId(1), new ObjectId(1));
            ulong bytes = Cost(harness).LayerBytes(commit);
            Assert.True(bytes > before);
            before = bytes;
        }
        Assert.True(harness.TryCommit(commit) is StoreStatus.OutOfMemory or StoreStatus.CommitTooLarge);
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 6));
        Assert.Equal(6UL, harness.Read(1, 0));
    }

    // Nothing is in the layer yet.
    private static CommitCost Cost(StoreHarness harness)
        => new(new PresentState(null, new LayerSet(harness.Pages, 3, 1 << 20), new LayerSet(harness.Pages, 3, 1 << 20)));

    private static StoreCommit* Random(StoreHarness harness, Random random, int operations, int objects)
    {
        StoreCommit* commit = harness.Begin();
        ObjectStore store = harness.Store;
        for (int i = 0; i < operations; i++)
        {
            var id = new ObjectId((ulong)random.Next(1, objects + 1));
            switch (random.Next(8))
            {
                case 0:
                    store.DeleteObject(commit, id);
                    break;
                case 1:
                    store.Truncate(commit, id, 3);
                    break;
                case 2:
                    harness.PutRecord(commit, id.Value, "record");
                    break;
                case 3:
                    store.WriteHole(commit, id, (ulong)random.Next(100_000));
                    break;
                case 4 or 5:
                    harness.Write(commit, id.Value, (ulong)random.Next(100_000), 1);
                    break;
                default:
                    if (random.Next(4) == 0 || i < operations / 2)
                        store.CloneObject(commit, new ObjectId((ulong)random.Next(1, objects + 1)), id);
                    break;
            }
        }
        return commit;
    }

    private static (ulong Nodes, ulong Copies) Slowly(StoreCommit* commit)
    {
        List<(ulong Object, ulong Nodes, ulong Copies)> before = [];
        ulong allNodes = 0;
        ulong allCopies = 0;
        for (CommitOperation* at = commit->FirstOperation; at != null; at = at->Next)
        {
            (ulong nodes, ulong copies) = (at->Nodes, 1UL);
            if (at->Kind == LogEntryKind.Clone)
            {
                (nodes, copies) = (0, 0);
                foreach ((ulong id, ulong nodesOf, ulong copiesOf) in before)
                {
                    nodes += id == at->Page ? nodesOf : 0;
                    copies += id == at->Page ? copiesOf : 0;
                }
                nodes = Math.Min(nodes, 1UL << 32);
                copies = Math.Min(copies, 1UL << 32);
                allNodes += nodes;
                allCopies += copies;
            }
            before.Add((at->Object, nodes, copies));
        }
        return (allNodes, allCopies);
    }

    private static (int Count, int Depth) Measure(CommitObject* at)
    {
        if (at == null)
            return (0, 0);
        (int count, int depth) = (1, 0);
        for (int way = 0; way < CommitObjects.Ways; way++)
        {
            (int countBelow, int depthBelow) = Measure((CommitObject*)at->Below[way]);
            count += countBelow;
            depth = Math.Max(depth, depthBelow);
        }
        return (count, depth + 1);
    }
}
