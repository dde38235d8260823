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

    // The roots, flags, lengths, parents and times of a clone and of a volume that was dropped: all but their names.
    [Fact]
    public void Every_bit_of_a_record_of_a_volume_lies()
    {
        MetadataBlock leaf = TargetOf("Volumes");
        byte[] good = _image.Value.Contents(leaf.Block);
        List<int> entries = EntriesOf(good);
        Assert.True(entries.Count >= 4);
        int whole = sizeof(RecordEntry) + VolumeRecord.Size - VolumeInfo.MaxNameBytes;
        FlipEach(leaf, [.. new[] { entries[1], entries[^1] }.SelectMany(at => Enumerable.Range(at, whole))]);
    }

    // What the log says about volumes that are made, cloned, dropped, renamed and gone back.
    [Fact]
    public void Every_bit_of_what_the_log_says_about_volumes_lies()
    {
        var found = new HashSet<LogEntryKind>();
        foreach (MetadataBlock block in _image.Value.Metadata.Where(block => block.Kind == "log").Reverse())
        {
            List<int> bytes = EntryAboutVolume(_image.Value.Contents(block.Block), out LogEntryKind kind);
            if (bytes.Count > 0 && found.Add(kind))
                FlipEach(block, bytes);
        }
        Assert.Equal(5, found.Count);
    }

    private void FlipEach(MetadataBlock block, List<int> bytes)
    {
        byte[] good = _image.Value.Contents(block.Block);
        var outcomes = new AttackOutcomes();
        Parallel.For(0, bytes.Count * 8, number =>
        {
            byte[] bad = (byte[])good.Clone();
            int at = bytes[number / 8];
            bad[at] ^= (byte)(1 << (number % 8));
            outcomes.Add(StoreAttack.Run(_image.Value.With((block.Block, bad)),
                $"{block.Kind} block {block.Block} byte {at} bit {number % 8}"));
        });
        _output.WriteLine(outcomes.Report);
    }

    private static List<int> EntriesOf(byte[] leaf)
    {
        List<int> entries = [];
        fixed (byte* bytes = leaf)
        {
            int offset = NodeHeader.Bytes;
            for (int i = 0; i < ((NodeHeader*)bytes)->Count; i++)
            {
                entries.Add(offset);
                offset += ((RecordEntry*)(bytes + offset))->TotalBytes;
            }
        }
        return entries;
    }

    private static List<int> EntryAboutVolume(byte[] block, out LogEntryKind kind)
    {
        kind = LogEntryKind.None;
        fixed (byte* bytes = block)
        {
            var header = (LogBlockHeader*)bytes;
            LogEntry* entry;
            for (uint offset = 0; (entry = LogReader.EntryAt(header, offset)) != null; offset += (uint)entry->TotalBytes)
            {
                kind = entry->Kind;
                if (kind >= LogEntryKind.Rollback)
                    return [.. Enumerable.Range((int)((byte*)entry - bytes), LogEntry.Bytes)];
            }
        }
        return [];
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
        AddVolumes(harness);
        return new SealedImage(harness.Memory);
    }

    // Clones of clones with states of their own, kept, gone back from and dropped, in the trees and in the log; one is not reclaimed yet.
    private static void AddVolumes(StoreHarness harness)
    {
        VolumeId clone = Clone(harness, VolumeId.First);
        VolumeId gone = Clone(harness, clone);
        VolumeId second = Clone(harness, clone);
        ulong kept = Name(harness, clone, 1);
        Name(harness, gone, 2);
        harness.CommitTo(second, new PageValue(2, 3, 4));
        VolumeId grown = Clone(harness, VolumeId.First);
        LargeCommit* large = BeginLarge(harness, grown, 1);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(gone, harness.Info()));
        harness.CommitTo(clone, new PageValue(1, 4, 5));
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(clone, kept, harness.Info()));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        SubmitPart(harness, large, grown, 3);
        Assert.Equal(StoreStatus.Ok, harness.Store.FinishLarge(large, harness.Info(), out StoreCommit* taken));
        Assert.Equal(StoreStatus.Ok, harness.Store.WaitDurable(taken));
        harness.Store.Release(taken);
        BeginLarge(harness, grown, 5);
        VolumeId inLog = Clone(harness, second);
        harness.CommitTo(inLog, new PageValue(1, 2, 10));
        Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(second, harness.Info()));
        Assert.Equal(StoreStatus.Ok, harness.Store.CloneVolume(clone, kept, VolumeFlags.Image, "an image"u8, harness.Info(), out _));
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(clone, kept, harness.Info()));
        Assert.Equal(StoreStatus.Ok, harness.Store.SetVolume(inLog, VolumeFlags.None, "renamed"u8, harness.Info()));
        harness.CommitTo(clone, new PageValue(1, 4, 11));
        harness.CommitTo(VolumeId.First, new PageValue(1, 5, 12));
    }

    // One that is finished in the log, one that is not.
    private static LargeCommit* BeginLarge(StoreHarness harness, VolumeId volume, ulong value)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.BeginLarge(volume, harness.Info(), out LargeCommit* large));
        SubmitPart(harness, large, volume, value);
        return large;
    }

    private static void SubmitPart(StoreHarness harness, LargeCommit* large, VolumeId volume, ulong value)
    {
        StoreCommit* part = harness.Store.Begin(volume);
        harness.Write(part, 1, value, value);
        Assert.Equal(StoreStatus.Ok, harness.Store.SubmitPart(large, part, harness.Info()));
        Assert.Equal(StoreStatus.Ok, harness.Store.WaitDurable(part));
        harness.Store.Release(part);
    }

    private static VolumeId Clone(StoreHarness harness, VolumeId source)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.CloneVolume(source, 0, VolumeFlags.None, "clone"u8, harness.Info(), out VolumeId made));
        return made;
    }

    private static ulong Name(StoreHarness harness, VolumeId volume, ulong value)
    {
        StoreCommit* commit = harness.Store.Begin(volume);
        harness.Write(commit, 1, 0, value);
        harness.Commit(commit, $"name {value}");
        return harness.Store.LastSequence;
    }
}

/// <summary>Counts what became of the cases of one kind.</summary>
internal sealed class AttackOutcomes
{
    private readonly int[] _counts = new int[3];

    public void Add(AttackOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);

    public string Report => $"attack: images whose checksums lie: {_counts.Sum()} cases, {_counts[0]} refused, {_counts[1]} noticed in use, {_counts[2]} harmless";
}
