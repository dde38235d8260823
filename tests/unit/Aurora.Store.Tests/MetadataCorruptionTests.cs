using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Store.Tests;

/// <summary>
/// One block of every kind of metadata, damaged in every way we know; and devices cut off at every length. The outcome is the right state, or a refusal or a failed
/// read with the place named; never a crash, never wrong data, never a lost commit.
/// </summary>
public sealed unsafe class MetadataCorruptionTests : IDisposable
{
    private static readonly string[] _kindNames =
        ["superblock", "log", "space 0", "space 1", "space 2", "objects", "pages inner", "pages", "history", "volumes"];
    private readonly StoreHarness _harness = new(blocks: 4000, logBlocks: 64);
    private readonly StoreModel _model = new();
    private readonly Dictionary<ulong, byte[]> _old = [];
    private readonly ulong _last;
    private readonly Geometry _geometry;
    private readonly ITestOutputHelper _output;
    private int _cases;

    public MetadataCorruptionTests(ITestOutputHelper output)
    {
        _output = output;
        _harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        _harness.Options.Retention.IsOff = true;
        _harness.Open();

        // One object large enough for a tree of two levels.
        StoreCommit* large = _harness.Begin();
        for (ulong page = 0; page < 400; page++)
            _harness.Write(large, 9, page, 7000 + page);
        _harness.Commit(large);
        for (ulong page = 0; page < 400; page += 50)
            _model.Pages[(9, page)] = 7000 + page;
        var generator = new HistoryGenerator(5, objects: 4, pages: 300, largest: 60);
        for (int i = 0; i < 50; i++)
        {
            if (i == 20)
            {
                foreach (ulong block in _harness.Memory.WrittenBlocks)
                    _old[block] = _harness.Memory.Contents(block);
            }
            if (i is 15 or 40)
                Assert.Equal(StoreStatus.Ok, _harness.Store.CutNow());
            ModelCommit next = generator.Next();
            _harness.Commit(ModelCheck.Fill(_harness, next), i == 30 ? "kept" : next.Name);
            _model.Apply(next);
        }
        _last = _harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, _harness.Store.Close());
        Geometry.TryCreate(4000, 64, out _geometry);
    }

    public static TheoryData<string> Kinds => [.. _kindNames];

    public void Dispose()
    {
        _output.WriteLine($"attack: damaged metadata: {_cases} cases");
        _harness.Open();
        _harness.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_bit_of_a_header_flipped(string kind)
    {
        (List<ulong> blocks, int headerBytes) = Find(kind);
        foreach (ulong block in blocks.Take(1))
        {
            byte[] good = _harness.Memory.Contents(block);
            for (int bit = 0; bit < headerBytes * 8; bit++)
            {
                byte[] bad = (byte[])good.Clone();
                bad[bit / 8] ^= (byte)(1 << (bit % 8));
                Examine(block, bad, $"bit {bit}");
            }
            _harness.Memory.SetContents(block, good);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Zeroed_stale_foreign_and_swapped(string kind)
    {
        (List<ulong> blocks, _) = Find(kind);
        foreach (ulong block in blocks)
        {
            byte[] good = _harness.Memory.Contents(block);
            Examine(block, new byte[4096], "zeroed");
            Examine(block, _old.GetValueOrDefault(block, good), "stale");
            foreach (string other in _kindNames)
                Examine(block, _harness.Memory.Contents(Find(other).Blocks[0]), "foreign: " + other);
            foreach (ulong partner in blocks.Where(partner => partner != block).Take(3))
            {
                byte[] partnersOwn = _harness.Memory.Contents(partner);
                _harness.Memory.SetContents(partner, good);
                Examine(block, partnersOwn, $"swapped with {partner}");
                _harness.Memory.SetContents(partner, partnersOwn);
            }
            _harness.Memory.SetContents(block, good);
        }
    }

    [Fact]
    public void Every_bit_of_a_superblock_flipped_with_its_sum_corrected_never_crashes()
    {
        ulong block = Find("superblock").Blocks[0];
        byte[] good = _harness.Memory.Contents(block);
        int refused = 0;
        for (int bit = 0; bit < 300 * 8; bit++)
        {
            byte[] bad = (byte[])good.Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            fixed (byte* bytes = bad)
                ((Superblock*)bytes)->Checksum = BlockChecksum.OfSuperblock((Superblock*)bytes);
            _harness.Memory.SetContents(block, bad);
            _harness.Memory.SetContents(block ^ 1, bad);
            StoreStatus status = Open(_harness.Device, out ObjectStore? store, out StoreFault fault);
            Assert.True(store != null || fault.Place != FaultPlace.None, $"bit {bit}: {status} without a place");
            refused += store == null ? 1 : 0;
            store?.Abandon();
        }
        _harness.Memory.SetContents(block, good);
        _harness.Memory.SetContents(block ^ 1, good);
        Assert.True(refused > 500, $"only {refused} refused");
    }

    [Fact]
    public void Every_truncation_is_refused_with_the_place_named()
    {
        for (ulong length = 0; length < 4000; length++)
        {
            StoreStatus status = Open(new TruncatedDevice(_harness.Memory, length), out ObjectStore? store, out StoreFault fault);
            Assert.True(store == null, $"{length} blocks: opened");
            Assert.True(status is StoreStatus.NotAStore or StoreStatus.Corrupt && fault.Place == FaultPlace.Superblock, $"{length} blocks: {status} {fault.Place}");
        }
    }

    private (List<ulong> Blocks, int HeaderBytes) Find(string kind)
    {
        ulong[] written = [.. _harness.Memory.WrittenBlocks.Where(block => _harness.Memory.Contents(block).AsSpan().ContainsAnyExcept((byte)0)).Order()];
        List<ulong> found = kind switch
        {
            "superblock" => [.. written.Where(block => block < 4).OrderByDescending(WriteVersion)],
            "log" => [.. written.Where(block => block >= StoreFormat.LogStart && block < _geometry.Level0Start).TakeLast(8)],
            "space 0" => [.. written.Where(block => block >= _geometry.Level0Start && block < _geometry.Level1Start)],
            "space 1" => [.. written.Where(block => block >= _geometry.Level1Start && block < _geometry.Level2Start)],
            "space 2" => [.. written.Where(block => block >= _geometry.Level2Start && block < _geometry.DataStart)],
            "objects" => Nodes(written, TreeKind.Objects, isInner: false),
            "pages inner" => Nodes(written, TreeKind.Pages, isInner: true),
            "pages" => Nodes(written, TreeKind.Pages, isInner: false),
            "volumes" => Nodes(written, TreeKind.Volumes, isInner: false),
            _ => Nodes(written, TreeKind.History, isInner: false),
        };
        Assert.NotEmpty(found);
        int header = kind switch { "superblock" => 300, "log" => LogBlockHeader.Bytes, ['s', ..] => SpacePageHeader.Bytes, _ => NodeHeader.Bytes };
        return (found, header);
    }

    private ulong WriteVersion(ulong block)
    {
        fixed (byte* bytes = _harness.Memory.Contents(block))
            return ((Superblock*)bytes)->WriteVersion;
    }

    // The newest first: the older ones may be in use no more.
    private List<ulong> Nodes(ulong[] written, TreeKind kind, bool isInner)
    {
        var found = new List<(ulong Cut, ulong Block)>();
        foreach (ulong block in written.Where(block => block >= _geometry.DataStart))
        {
            fixed (byte* bytes = _harness.Memory.Contents(block))
            {
                NodeHeader* header = (NodeHeader*)bytes;
                if (header->Magic == StoreFormat.NodeMagic && header->Kind == kind && header->Level > 0 == isInner)
                    found.Add((header->Cut, block));
            }
        }
        return [.. found.OrderByDescending(node => node.Cut).Select(node => node.Block).Take(8)];
    }

    private void Examine(ulong block, byte[] contents, string what)
    {
        byte[] good = _harness.Memory.Contents(block);
        _harness.Memory.SetContents(block, contents);
        StoreStatus status = Open(_harness.Device, out ObjectStore? store, out StoreFault fault);
        if (store == null)
        {
            Assert.True(fault.Place != FaultPlace.None, $"{what}, block {block}: refused without a place ({status})");
        }
        else
        {
            Assert.True(store.LastSequence >= _last, $"{what}, block {block}: lost commits {store.LastSequence + 1} to {_last}");
            ReadAll(store, block, what);
            store.Abandon();
        }
        _harness.Memory.SetContents(block, good);
    }

    private void ReadAll(ObjectStore store, ulong block, string what)
    {
        ulong* page = (ulong*)_harness.Pages.Allocate(1);
        foreach (var expected in _model.Pages)
        {
            StoreStatus status = store.ReadPage(VolumeId.First, new ObjectId(expected.Key.Object), expected.Key.Page, page);
            bool isRight = status == StoreStatus.Ok ? page[0] == expected.Value : status != StoreStatus.Hole && store.LastFault.Place != FaultPlace.None;
            Assert.True(isRight, $"{what}, block {block}: page {expected.Key} reads {status} {page[0]}");
        }
        _harness.Pages.Free(page, 1);
    }

    private StoreStatus Open(BlockDevice device, out ObjectStore? store, out StoreFault fault)
    {
        _cases++;
        OpenOptions options = _harness.Options;
        options.ReadOnly = true;
        return ObjectStore.Open(device, _harness.Pages, new HostFibers(), options, out store, out fault);
    }

    /// <summary>The beginning of a device.</summary>
    private sealed class TruncatedDevice(MemoryBlockDevice whole, ulong length) : BlockDevice
    {
        public override ulong BlockCount => length;

        public override int MaxBlocksPerRequest => whole.MaxBlocksPerRequest;

        public override int QueueDepth => whole.QueueDepth;

        public override bool HasVolatileWriteCache => true;

        public override void Submit(BlockRequest* request)
        {
            if (request->Start.Value + (ulong)request->BlockCount > length)
                request->Status = BlockStatus.OutOfRange;
            else
                whole.Submit(request);
        }

        public override BlockStatus Wait(BlockRequest* request) => request->Status;
    }
}
