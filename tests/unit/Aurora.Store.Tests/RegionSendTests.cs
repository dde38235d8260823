using System;
using System.Buffers.Binary;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>
/// Regions that are received: whatever a stream says, frame by frame with the right sums, what comes of it is a region or nothing.
/// </summary>
public sealed unsafe class RegionSendTests
{
    private const ulong Epoch = 77;
    private static readonly ReceivedKinds Kinds = new() { Region = new Rules() };
    private static readonly ObjectId Only = new(1);

    [Fact]
    public void A_region_comes_in_as_its_own_and_stays_partial_until_it_is_taken_up()
    {
        using StoreHarness from = MakeRegion(out VolumeId source, pages: 200);
        byte[] stream = Send(from, source, 0);
        using var to = new StoreHarness();
        to.Open();
        Assert.Equal(StoreStatus.Ok, Receive(to, stream, Kinds, out VolumeId copy));
        Assert.Equal(StoreStatus.Ok, to.Store.FindVolume(copy, out VolumeInfo info));
        Assert.Equal((VolumeFlags.Region | VolumeFlags.Partial, Epoch), (info.Flags, info.LastEpoch.Value));
        Assert.Equal("the copy of 200", RecordOf(to, copy));
        Assert.Equal(StoreStatus.Ok, to.Store.SetVolume(copy, VolumeFlags.Region, "copy"u8, to.Info()));
        for (ulong page = 0; page < 200; page++)
            Assert.Equal(from.ReadFrom(source, 1, page), to.ReadFrom(copy, 1, page));
        to.CheckClean();
    }

    [Fact]
    public void What_somebody_does_not_take_is_refused_as_the_wrong_kind()
    {
        using StoreHarness from = MakeRegion(out VolumeId source, pages: 5);
        byte[] stream = Send(from, source, 0);
        using var to = new StoreHarness();
        to.Open();
        RequireRefused(to, stream, StoreStatus.WrongKind, new ReceivedKinds { Groups = true });
        Assert.Equal(StoreStatus.Ok, from.Store.CreateVolume(VolumeFlags.None, "group"u8, from.Info(), out VolumeId group));
        from.CommitTo(group, new PageValue(1, 0, 5));
        RequireRefused(to, Send(from, group, 0), StoreStatus.WrongKind);
        Assert.Equal(StoreStatus.Ok, Receive(to, stream, new ReceivedKinds { Groups = true, Region = new Rules() }, out _));
    }

    /// <summary>A copy of a group with the name that the base has is no base of a region.</summary>
    [Fact]
    public void What_differs_needs_a_region_as_its_base()
    {
        using StoreHarness from = MakeRegion(out VolumeId source, pages: 5);
        ulong first = from.Store.LastSequence;
        byte[] whole = Send(from, source, 0);
        from.CommitTo(source, new PageValue(1, 2, 999));
        byte[] difference = Send(from, source, first);
        using var to = new StoreHarness();
        to.Open();
        RequireRefused(to, difference, StoreStatus.NotFound);
        Assert.Equal(StoreStatus.Ok, Receive(to, whole, Kinds, out VolumeId copy));
        RequireRefused(to, difference, StoreStatus.NotFound);
        Assert.Equal(StoreStatus.Ok, to.Store.SetVolume(copy, VolumeFlags.Region, "copy"u8, to.Info()));
        Assert.Equal(StoreStatus.Ok, Receive(to, difference, Kinds, out VolumeId second));
        Assert.Equal((999UL, from.ReadFrom(source, 1, 4)), (to.ReadFrom(second, 1, 2), to.ReadFrom(second, 1, 4)));
        Assert.Equal("the copy of 5", RecordOf(to, second));
    }

    public static TheoryData<string> Lies => new(
        "no record", "bad record", "page first", "page behind", "page far behind", "other object", "other hole", "deleted", "no object",
        "kind", "hole far behind");

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_lie_with_the_right_sum_is_refused_and_leaves_nothing(string lie)
    {
        using var to = new StoreHarness();
        to.Open();
        Frame record = new(StreamFrameKind.Record, 1, 0, Record(5));
        Frame page = new(StreamFrameKind.Page, 1, 4, new byte[4096]);
        byte[] stream = lie switch
        {
            "no record" => Forge(new Frame(StreamFrameKind.Hole, 1, 0, [])),
            "bad record" => Forge(record, new Frame(StreamFrameKind.Record, 1, 0, [1, 2, 3])),
            "page first" => Forge(page, record),
            "page behind" => Forge(record, page, page with { Page = 5 }),
            "page far behind" => Forge(record, page with { Page = ulong.MaxValue }),
            "other object" => Forge(record, page with { Object = 2 }),
            "other hole" => Forge(record, new Frame(StreamFrameKind.Hole, 2, 0, [])),
            "deleted" => Forge(record, page, new Frame(StreamFrameKind.Delete, 1, 0, [])),
            "no object" => Forge(record with { Object = 0 }),
            "kind" => Forge(record, new Frame((StreamFrameKind)9, 1, 0, [])),
            _ => Forge(record, new Frame(StreamFrameKind.Hole, 1, ulong.MaxValue, [])),
        };
        RequireRefused(to, stream, StoreStatus.Corrupt);
        Assert.Equal(StoreStatus.Ok, Receive(to, Forge(record, page), Kinds, out _));
        to.CheckClean();
    }

    [Fact]
    public void A_start_that_cannot_be_is_refused()
    {
        using var to = new StoreHarness();
        to.Open();
        Frame record = new(StreamFrameKind.Record, 1, 0, Record(5));
        RequireRefused(to, Forge(StartOf() with { Version = 1 }, record), StoreStatus.UnknownVersion);
        RequireRefused(to, Forge(StartOf() with { Content = (StreamContent)2 }, record), StoreStatus.UnknownVersion);
        RequireRefused(to, Forge(StartOf() with { Content = StreamContent.Group }, record), StoreStatus.UnknownVersion);
        RequireRefused(to, Forge(StartOf() with { Version = 3 }, record), StoreStatus.UnknownVersion);
        RequireRefused(to, Forge(StartOf() with { Sequence = 0 }, record), StoreStatus.Corrupt);
        RequireRefused(to, Forge(StartOf() with { Epoch = ulong.MaxValue }, record), StoreStatus.Corrupt);
    }

    /// <summary>A record that says less than there is, without holes for the rest, leaves nothing behind the end.</summary>
    [Fact]
    public void What_is_behind_the_end_goes_with_the_record_that_says_so()
    {
        using var to = new StoreHarness();
        to.Open();
        byte[] data = new byte[4096];
        for (int i = 0; i < 512; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(i * 8), 3 + ((ulong)i * 0x9E3779B97F4A7C15));
        Frame record = new(StreamFrameKind.Record, 1, 0, Record(50));
        Assert.Equal(StoreStatus.Ok, Receive(
            to, Forge(record, new Frame(StreamFrameKind.Page, 1, 4, data), new Frame(StreamFrameKind.Page, 1, 40, data)), Kinds,
            out VolumeId copy));
        Assert.Equal(StoreStatus.Ok, to.Store.SetVolume(copy, VolumeFlags.Region, "copy"u8, to.Info()));
        byte[] shorter = Forge(StartOf() with { Sequence = 9, BaseSequence = 5 }, record with { Bytes = Record(10) });
        Assert.Equal(StoreStatus.Ok, Receive(to, shorter, Kinds, out VolumeId second));
        Assert.Equal((3UL, 0UL), (to.ReadFrom(second, 1, 4), to.ReadFrom(second, 1, 40)));
        Assert.Equal("the copy of 10", RecordOf(to, second));
    }

    private static StoreHarness MakeRegion(out VolumeId volume, ulong pages)
    {
        var harness = new StoreHarness();
        harness.Open();
        Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.Region, "source"u8, harness.Info(), out volume));
        StoreCommit* commit = harness.Store.Begin(volume);
        Assert.Equal(StoreStatus.Ok, harness.Store.PutRecord(commit, Only, Record(pages)));
        for (ulong page = 0; page < pages; page++)
            harness.Write(commit, 1, page, 1000 + page);
        harness.Commit(commit);
        return harness;
    }

    private static byte[] Record(ulong pages)
    {
        byte[] record = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, pages);
        return record;
    }

    private static byte[] Send(StoreHarness harness, VolumeId volume, ulong baseSequence)
    {
        var sink = new Sink();
        Assert.Equal(StoreStatus.Ok, harness.Store.SendVolume(volume, harness.Store.LastSequence, baseSequence, sink));
        return sink.Bytes.ToArray();
    }

    private static StoreStatus Receive(StoreHarness harness, byte[] stream, in ReceivedKinds kinds, out VolumeId volume)
        => harness.Store.ReceiveVolume(new Source(stream), "copy"u8, harness.Info(), in kinds, out volume);

    private static void RequireRefused(StoreHarness harness, byte[] stream, StoreStatus status, ReceivedKinds? kinds = null)
    {
        int before = Volumes(harness);
        Assert.Equal(status, Receive(harness, stream, kinds ?? Kinds, out VolumeId volume));
        Assert.Equal((before, 0UL), (Volumes(harness), volume.Value));
    }

    private static int Volumes(StoreHarness harness)
    {
        int count = 0;
        for (VolumeId after = default; harness.Store.NextVolume(after, out VolumeInfo info) == StoreStatus.Ok; after = info.Id)
            count++;
        return count;
    }

    private static string RecordOf(StoreHarness harness, VolumeId volume)
    {
        byte[] buffer = new byte[ObjectStore.MaxRecordBytes];
        Assert.Equal(StoreStatus.Ok, harness.Store.ReadRecord(volume, Only, buffer, out int length));
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private sealed record Frame(StreamFrameKind Kind, ulong Object, ulong Page, byte[] Bytes);

    private static StreamStart StartOf() => new()
    {
        Magic = StreamStart.ExpectedMagic, Version = StreamStart.RegionVersion, Content = StreamContent.Region, UuidLow = 1, Sequence = 5,
        Epoch = 6,
    };

    private static byte[] Forge(params Frame[] frames) => Forge(StartOf(), frames);

    private static byte[] Forge(StreamStart start, params Frame[] frames)
    {
        var sink = new Sink();
        byte* buffer = (byte*)NativeMemory.AllocZeroed(FrameWriter.BufferPages * PageSize.Bytes);
        var writer = new FrameWriter(sink, buffer);
        writer.Write(StreamFrameKind.Start, 0, 0, new ReadOnlySpan<byte>(&start, StreamStart.Bytes));
        foreach (Frame frame in frames)
            writer.Write(frame.Kind, frame.Object, frame.Page, frame.Bytes);
        writer.Write(StreamFrameKind.End, 0, 0, default);
        NativeMemory.Free(buffer);
        return sink.Bytes.ToArray();
    }

    private sealed class Rules : ReceivedRegion
    {
        public override ulong PagesOf(ReadOnlySpan<byte> record)
            => record.Length == sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(record)
                : record.StartsWith("the copy of "u8) ? ulong.Parse(record["the copy of ".Length..], null) : 0;

        public override int Renew(ReadOnlySpan<byte> record, Span<byte> own, out Epoch epoch)
        {
            epoch = new Epoch(RegionSendTests.Epoch);
            return Encoding.UTF8.GetBytes($"the copy of {PagesOf(record)}", own);
        }
    }

    private sealed class Sink : VolumeSink
    {
        public MemoryStream Bytes { get; } = new();

        public override bool Write(ReadOnlySpan<byte> bytes)
        {
            Bytes.Write(bytes);
            return true;
        }
    }

    private sealed class Source(byte[] stream) : VolumeSource
    {
        private int _at;

        public override bool Read(Span<byte> bytes)
        {
            if (stream.Length - _at < bytes.Length)
                return false;
            stream.AsSpan(_at, bytes.Length).CopyTo(bytes);
            _at += bytes.Length;
            return true;
        }
    }
}
