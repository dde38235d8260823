// Images that lie: every kind of metadata block is changed in its header bit by bit and elsewhere at random, and all checksums are made right, so that only the
// checks of structure stand between the lie and the code. What opens is then used for everything a store is for. AURORA_IMAGE_CASES sets how many random cases
// there are of each kind; a case is named by kind and number, and depends on nothing else.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Store.Tests;

/// <summary>Whatever the metadata says, there is no crash, no hang, no memory without bound, and a refusal names its place.</summary>
public sealed unsafe class SealedCorruptionTests
{
    private const int DefaultCases = 200;

    private static readonly string[] _kinds =
        ["superblock", "Objects", "Objects inner", "Pages", "Pages inner", "History", "Volumes", "space 0", "space 1", "space 2", "log"];

    private static readonly Lazy<SealedImage> _image = new(MakeImage);

    private readonly ITestOutputHelper _output;

    public SealedCorruptionTests(ITestOutputHelper output) => _output = output;

    public static TheoryData<string> Kinds => [.. _kinds];

    private static int WantedCases => int.TryParse(Environment.GetEnvironmentVariable("AURORA_IMAGE_CASES"), out int cases) ? cases : DefaultCases;

    [Fact]
    public void An_image_that_does_not_lie_can_be_used_for_everything()
    {
        SealedImage image = _image.Value;
        Assert.Equal(AttackOutcome.Useful, StoreAttack.Run(image.With(), "untouched"));
        Assert.Equal(_kinds.Order(), image.Metadata.Select(block => block.Kind).Distinct().Order());
        foreach (MetadataBlock block in image.Metadata)
        {
            byte[] same = (byte[])image.Contents(block.Block).Clone();
            Assert.Equal(AttackOutcome.Useful, StoreAttack.Run(image.With((block.Block, same)), $"{block.Kind} block {block.Block} sealed again"));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_bit_of_a_header_lies(string kind)
    {
        SealedImage image = _image.Value;
        MetadataBlock target = TargetOf(kind);
        var outcomes = new AttackOutcomes();
        Parallel.For(0, target.HeaderBytes * 8, bit =>
        {
            byte[] bad = (byte[])image.Contents(target.Block).Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            outcomes.Add(StoreAttack.Run(image.With((target.Block, bad)), $"{kind} block {target.Block} bit {bit}"));
        });
        _output.WriteLine(outcomes.Report);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_word_is_the_greatest_there_is(string kind)
    {
        SealedImage image = _image.Value;
        MetadataBlock target = TargetOf(kind);
        byte[] good = image.Contents(target.Block);
        int[] words = [.. Enumerable.Range(0, good.Length / 8).Where(word => BitConverter.ToUInt64(good, word * 8) != 0)];
        var outcomes = new AttackOutcomes();
        Parallel.For(0, words.Length * 2, number =>
        {
            byte[] bad = (byte[])good.Clone();
            int offset = words[number / 2] * 8;
            BitConverter.TryWriteBytes(bad.AsSpan(offset), ulong.MaxValue - (ulong)(number % 2));
            outcomes.Add(StoreAttack.Run(image.With((target.Block, bad)), $"{kind} block {target.Block} word at {offset} the greatest but {number % 2}"));
        });
        _output.WriteLine(outcomes.Report);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Random_parts_lie(string kind)
    {
        SealedImage image = _image.Value;
        List<MetadataBlock> blocks = [.. image.Metadata.Where(block => block.Kind == kind)];
        var outcomes = new AttackOutcomes();
        Parallel.For(0, WantedCases, number =>
        {
            var mutator = new BlockMutator(image, blocks, new Random((number * 31) + Array.IndexOf(_kinds, kind)));
            (ulong, byte[])[] changes = mutator.Next();
            outcomes.Add(StoreAttack.Run(image.With(changes), $"{kind} case {number}: {mutator.Description}"));
        });
        _output.WriteLine(outcomes.Report);
    }

    // Of the log, one that is recovered; the first ones are history.
    private static MetadataBlock TargetOf(string kind)
    {
        MetadataBlock[] blocks = [.. _image.Value.Metadata.Where(block => block.Kind == kind)];
        return blocks[kind == "log" ? blocks.Length - 2 : 0];
    }

    // Trees of two levels, clones, kept checkpoints, recent ones, and commits that are only in the log.
    private static SealedImage MakeImage()
    {
        using var harness = new StoreHarness(blocks: 3000, logBlocks: 64);
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* large = harness.Begin();
        for (ulong page = 0; page < 200; page++)
            harness.Write(large, 9, page, 7000 + page);
        for (ulong id = 20; id < 140; id++)
            harness.PutRecord(large, id, new string('r', 40));
        harness.Commit(large);
        var generator = new HistoryGenerator(5, objects: 6, pages: 300, largest: 30);
        for (int i = 0; i < 40; i++)
        {
            ModelCommit next = generator.Next();
            harness.Commit(ModelCheck.Fill(harness, next), i is 10 or 20 ? $"kept {i}" : "");
            if (i is 15 or 28 or 33)
                Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
        return new SealedImage(harness.Memory);
    }
}

/// <summary>Counts what became of the cases of one kind.</summary>
internal sealed class AttackOutcomes
{
    private readonly int[] _counts = new int[3];

    public void Add(AttackOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);

    public string Report => $"attack: images whose checksums lie: {_counts.Sum()} cases, {_counts[0]} refused, {_counts[1]} noticed in use, {_counts[2]} harmless";
}
