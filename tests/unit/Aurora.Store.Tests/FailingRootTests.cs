using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>
/// Random histories in which a root, or a superblock, fails to be read for a while after a power cut: opening, going on and further power
/// cuts meanwhile cost nothing of what was acknowledged, rollbacks that wait for their cut included.
/// </summary>
public sealed unsafe class FailingRootTests
{
    private const int Commits = 80;

    public static TheoryData<int> Seeds
    {
        get
        {
            var seeds = new TheoryData<int>();
            for (int seed = 0; seed < 60; seed++)
                seeds.Add(seed);
            return seeds;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_was_acknowledged_is_there_when_a_root_fails_to_be_read_for_a_while(int seed)
    {
        using var harness = new StoreHarness(blocks: 24_000, logBlocks: 128);
        harness.Options.CutIntervalNanoseconds = 100_000_000;
        harness.Open();
        var random = new Random(seed);
        var generator = new HistoryGenerator(seed, pages: 200, largest: 40);
        var model = new StoreModel();
        var past = new Dictionary<ulong, StoreModel>();
        for (int i = 0; i < Commits; i++)
        {
            Assert.Equal(StoreStatus.Ok, Commit(harness, generator, model, past));
            switch (random.Next(12))
            {
                case 0:
                    Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
                    break;
                case 1:
                    model = RollbackTests.RollBackSomewhere(harness, random, past);
                    break;
                case < 6:
                    if (random.Next(3) == 0)
                        model = StopRollback(harness, random, model, past);
                    FailForAWhile(harness, random, generator, model, past);
                    ModelCheck.Compare(harness, model);
                    break;
            }
        }
        ModelCheck.CompareHistory(harness, past);
        harness.CheckClean();
    }

    private static void FailForAWhile(
        StoreHarness harness, Random random, HistoryGenerator generator, StoreModel model, Dictionary<ulong, StoreModel> past)
    {
        harness.Store.Abandon();
        ulong bad = SomeRoot(harness, random.Next(4));
        ulong count = bad < 4 ? 2UL : 1;
        for (int opens = random.Next(1, 4); opens > 0; opens--)
        {
            harness.Memory.Fail = (operation, block) =>
                operation == BlockOperation.Read && block >= bad && block < bad + count ? BlockStatus.MediaError : BlockStatus.Ok;
            if (harness.TryOpen() != StoreStatus.Ok)
                continue;
            for (int commits = random.Next(4); commits > 0; commits--)
            {
                if (Commit(harness, generator, model, past) != StoreStatus.Ok)
                    break;
            }
            harness.Store.Abandon();
        }
        harness.Memory.Fail = null;
        harness.Open();
    }

    // Power fails before the superblock of one of a rollback's cuts is written. What has got a place in the log happens.
    private static StoreModel StopRollback(StoreHarness harness, Random random, StoreModel model, Dictionary<ulong, StoreModel> past)
    {
        List<ulong> offered = [];
        ulong sequence = 0;
        while (harness.Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
            offered.Add(sequence = info.Sequence);
        ulong target = offered[random.Next(offered.Count)];
        int left = random.Next(3);
        harness.Memory.Fail = (operation, block) =>
            operation == BlockOperation.Write && block < 4 && left-- <= 0 ? BlockStatus.MediaError : BlockStatus.Ok;
        harness.Store.Rollback(VolumeId.First, target, harness.Info(), out ulong own);
        harness.Memory.Fail = null;
        if (own == 0)
            return model;
        past[own] = past[target].Copy();
        return past[target].Copy();
    }

    private static StoreStatus Commit(StoreHarness harness, HistoryGenerator generator, StoreModel model,
        Dictionary<ulong, StoreModel> past)
    {
        ModelCommit next = generator.Next();
        StoreStatus status = harness.TryCommit(ModelCheck.Fill(harness, next), next.Name);
        if (status != StoreStatus.Ok)
            return status;
        model.Apply(next);
        past[harness.Store.LastSequence] = model.Copy();
        return status;
    }

    // The first block of the newest superblock, or the root of one of its trees or of the map.
    private static ulong SomeRoot(StoreHarness harness, int which)
    {
        Superblock newest = default;
        ulong slot = 0;
        for (ulong block = 0; block < 4; block++)
        {
            fixed (byte* bytes = harness.Memory.Contents(block))
            {
                if (((Superblock*)bytes)->WriteVersion <= newest.WriteVersion)
                    continue;
                newest = *(Superblock*)bytes;
                slot = block;
            }
        }
        Geometry.TryCreate(newest.BlockCount, newest.LogBlocks, out Geometry geometry);
        return which switch
        {
            0 => slot,
            1 => TableRoots.ObjectsOf(harness.Memory, newest).Block,
            2 => TableRoots.HistoryOf(harness.Memory, newest).Block,
            _ => geometry.Level2Start + ((SpaceEntry*)newest.SpaceRoots)->Slot,
        };
    }
}
