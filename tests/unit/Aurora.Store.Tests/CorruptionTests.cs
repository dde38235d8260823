using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Damage to every block of an image: it is survived or refused with the place named; never a crash, and never wrong data.</summary>
public sealed unsafe class CorruptionTests
{
    public enum Damage
    {
        Zeroed,
        HeaderBit,
        BodyBit,
        Stale,
        Foreign,
        HalfZeroed,
    }

    [Theory]
    [InlineData(Damage.Zeroed)]
    [InlineData(Damage.HeaderBit)]
    [InlineData(Damage.BodyBit)]
    [InlineData(Damage.Stale)]
    [InlineData(Damage.Foreign)]
    [InlineData(Damage.HalfZeroed)]
    public void A_damaged_block_is_survived_or_refused_by_name(Damage damage)
    {
        using var harness = new StoreHarness(blocks: 4000, logBlocks: 64);
        var old = new Dictionary<ulong, byte[]>();
        (StoreModel model, ulong last) = MakeImage(harness, old);
        ulong[] blocks = [.. harness.Memory.WrittenBlocks.Order()];
        var random = new Random((int)damage);
        int refused = 0;
        for (int i = 0; i < blocks.Length; i += blocks[i] < 300 || random.Next(4) == 0 ? 1 : 2)
        {
            byte[] good = harness.Memory.Contents(blocks[i]);
            byte[] bad = Apply(damage, good, old.GetValueOrDefault(blocks[i]), harness.Memory.Contents(blocks[^(1 + (i % blocks.Length))]), random);
            harness.Memory.SetContents(blocks[i], bad);
            refused += Examine(harness, model, last, blocks[i]) ? 0 : 1;
            harness.Memory.SetContents(blocks[i], good);
        }
        Assert.True(refused > 10 || damage == Damage.Stale, $"only {refused} of {blocks.Length} damages were noticed");
        Assert.True(Examine(harness, model, last, 0));
        harness.Open();
    }

    [Fact]
    public void Damage_to_a_page_names_object_page_and_block()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 9, 4, 1);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        ulong block = harness.Memory.WrittenBlocks.First(b => BitConverter.ToUInt64(harness.Memory.Contents(b), 8) == 1 + 0x9E3779B97F4A7C15);
        byte[] data = (byte[])harness.Memory.Contents(block).Clone();
        data[100] ^= 4;
        harness.Memory.SetContents(block, data);
        void* page = harness.Pages.Allocate(1);
        Assert.Equal(StoreStatus.BadChecksum, harness.Store.ReadPage(VolumeId.First, new ObjectId(9), 4, page));
        harness.Pages.Free(page, 1);
        Assert.Equal((9UL, 4UL, block), (harness.Store.LastFault.Object.Value, harness.Store.LastFault.Page, harness.Store.LastFault.Block.Value));
        Assert.Contains($"BadChecksum Data object 9 page 4 block {block} found 0", harness.Check(out _));
    }

    [Fact]
    public void A_lost_record_below_the_watermark_is_refused_by_name()
    {
        using var harness = new StoreHarness();
        harness.Open();
        for (ulong i = 1; i <= 5; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 1, i, i);
            harness.Commit(commit);
        }
        harness.Store.Abandon();
        harness.Memory.SetContents(StoreFormat.LogStart + 2, new byte[4096]);
        Assert.Equal(StoreStatus.Corrupt, harness.TryOpen());
        Assert.Equal(FaultPlace.Log, harness.OpenFault.Place);
        Assert.Equal(3UL, harness.OpenFault.Page);
        Assert.Equal(StoreFormat.LogStart + 2, harness.OpenFault.Block.Value);
    }

    [Fact]
    public void A_check_counts_the_copies_of_the_superblock_and_compares_every_level_of_the_space_map()
    {
        using var harness = new StoreHarness();
        harness.Open();
        for (ulong i = 1; i <= 4; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 1, i, i);
            harness.Commit(commit);
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
        Assert.Equal(4UL, harness.CheckClean().WholeSuperblocks);
        harness.Store.Abandon();
        harness.Memory.SetContents(1, new byte[4096]);
        Assert.Equal(3UL, harness.CheckClean().WholeSuperblocks);

        // An entry for level 2 that lies about the free blocks below it, in a superblock whose sum is right.
        ChangeSuperblocks(harness, super => ((SpaceEntry*)super->SpaceRoots)->Free += 5);
        Assert.Contains("WrongCount SpaceMap", Assert.Single(harness.Check(out _)), StringComparison.Ordinal);
        harness.Open();
    }

    [Theory]
    [InlineData(8, StoreStatus.UnknownVersion)]
    [InlineData(16, StoreStatus.UnknownFeature)]
    [InlineData(12, StoreStatus.UnknownFeature)]
    public void An_unknown_version_feature_or_algorithm_is_refused_by_name(int offset, StoreStatus expected)
    {
        using var harness = new StoreHarness();
        ChangeSuperblocks(harness, super => ((byte*)super)[offset] = 77);
        Assert.Equal(expected, harness.TryOpen());
        Assert.Equal(77UL, harness.OpenFault.Found);
    }

    [Fact]
    public void A_store_that_claims_more_than_the_device_is_refused()
    {
        using var harness = new StoreHarness();
        ChangeSuperblocks(harness, super => super->BlockCount *= 2);
        Assert.Equal(StoreStatus.Corrupt, harness.TryOpen());
    }

    private delegate void SuperblockChange(Superblock* super);

    private static void ChangeSuperblocks(StoreHarness harness, SuperblockChange change)
    {
        for (ulong block = 0; block < 4; block++)
        {
            byte[] data = (byte[])harness.Memory.Contents(block).Clone();
            fixed (byte* bytes = data)
            {
                var super = (Superblock*)bytes;
                if (super->Magic != StoreFormat.SuperblockMagic)
                    continue;
                change(super);
                super->Checksum = BlockChecksum.OfSuperblock(super);
            }
            harness.Memory.SetContents(block, data);
        }
    }

    private static (StoreModel Model, ulong Last) MakeImage(StoreHarness harness, Dictionary<ulong, byte[]> old)
    {
        harness.Open();
        var generator = new HistoryGenerator(5, objects: 4, pages: 300, largest: 60);
        var model = new StoreModel();
        for (int i = 0; i < 40; i++)
        {
            if (i == 20)
            {
                foreach (ulong block in harness.Memory.WrittenBlocks)
                    old[block] = harness.Memory.Contents(block);
            }
            if (i is 15 or 30)
                Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
            ModelCommit next = generator.Next();
            harness.Commit(ModelCheck.Fill(harness, next), next.Name);
            model.Apply(next);
        }
        ulong last = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.Close());
        return (model, last);
    }

    private static byte[] Apply(Damage damage, byte[] good, byte[]? old, byte[] foreign, Random random)
    {
        byte[] bad = (byte[])good.Clone();
        switch (damage)
        {
            case Damage.Zeroed:
                return new byte[4096];
            case Damage.HeaderBit:
                bad[random.Next(64)] ^= (byte)(1 << random.Next(8));
                break;
            case Damage.BodyBit:
                bad[64 + random.Next(4032)] ^= (byte)(1 << random.Next(8));
                break;
            case Damage.Stale:
                return old ?? good;
            case Damage.Foreign:
                return foreign;
            default:
                Array.Clear(bad, 2048, 2048);
                break;
        }
        return bad;
    }

    // True when everything could be read; whatever could be read was right.
    private static bool Examine(StoreHarness harness, StoreModel model, ulong last, ulong damaged)
    {
        var opened = harness.Options;
        opened.ReadOnly = true;
        StoreStatus status = ObjectStore.Open(harness.Device, harness.Pages, new HostFibers(), opened, out ObjectStore? store, out StoreFault fault);
        if (store == null)
        {
            Assert.True(fault.Place != FaultPlace.None, $"damage to block {damaged} is refused without a place: {status}");
            return false;
        }
        Assert.True(store.LastSequence >= last, $"damage to block {damaged} silently lost commits {store.LastSequence + 1} to {last}");
        bool isWhole = ReadAll(harness, store, model, damaged);
        store.Abandon();
        return isWhole && harness.Check(out _).Count == 0;
    }

    private static bool ReadAll(StoreHarness harness, ObjectStore store, StoreModel model, ulong damaged)
    {
        bool isWhole = true;
        ulong* page = (ulong*)harness.Pages.Allocate(1);
        foreach (var expected in model.Pages)
        {
            StoreStatus status = store.ReadPage(VolumeId.First, new ObjectId(expected.Key.Object), expected.Key.Page, page);
            isWhole &= status == StoreStatus.Ok;
            bool isRight = status is not (StoreStatus.Ok or StoreStatus.Hole) || (status == StoreStatus.Ok && page[0] == expected.Value);
            Assert.True(isRight, $"damage to block {damaged}: page {expected.Key} reads {status} {page[0]}");
        }
        harness.Pages.Free(page, 1);
        byte[] buffer = new byte[ObjectStore.MaxRecordBytes];
        foreach (var expected in model.Records)
        {
            StoreStatus status = store.ReadRecord(VolumeId.First, new ObjectId(expected.Key), buffer, out int length);
            isWhole &= status == StoreStatus.Ok;
            Assert.True(status != StoreStatus.NotFound, $"damage to block {damaged}: record {expected.Key} is lost");
            Assert.True(status != StoreStatus.Ok || length == StoreModel.RecordText(expected.Value).Length);
        }
        return isWhole;
    }
}
