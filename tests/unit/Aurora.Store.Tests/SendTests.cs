using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Volumes sent from one store to another, as a whole and as what differs.</summary>
public sealed unsafe class SendTests
{
    private static readonly ReceivedKinds Groups = new() { Groups = true };

    [Fact]
    public void What_is_received_is_what_was_sent()
    {
        using StoreHarness from = MakeStore(out VolumeId source);
        byte[] stream = Send(from, source, from.Store.LastSequence, 0);
        using var to = new StoreHarness();
        to.Open();
        VolumeId copy = Receive(to, stream, "copy");
        to.Reopen(crash: true);
        RequireSame(from, source, to, copy);
        Assert.Equal(StoreStatus.Ok, to.Store.FindVolume(copy, out VolumeInfo info));
        Assert.Equal((VolumeFlags.None, "copy"), (info.Flags, Encoding.UTF8.GetString(info.Name, info.NameLength)));
        to.CheckClean();
        from.CheckClean();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_differs_is_enough_and_costs_what_differs(int seed)
    {
        var random = new Random(seed);
        using StoreHarness from = MakeStore(out VolumeId source);
        using var to = new StoreHarness();
        to.Open();
        ulong baseSequence = from.Store.LastSequence;
        byte[] whole = Send(from, source, baseSequence, 0);
        VolumeId copy = Receive(to, whole, "first");
        for (int round = 0; round < 6; round++)
        {
            Change(from, source, random);
            ulong sequence = from.Store.LastSequence;
            byte[] stream = Send(from, source, sequence, baseSequence);
            Assert.True(stream.Length < whole.Length / 2, $"{stream.Length} of {whole.Length}");

            // That it has been changed here since does not matter.
            to.CommitTo(copy, new PageValue(1, 0, 999));
            copy = Receive(to, stream, $"round {round}");
            RequireSame(from, source, to, copy);
            baseSequence = sequence;
        }
        to.Reopen(crash: true);
        RequireSame(from, source, to, copy);
        to.CheckClean();
        from.CheckClean();
    }

    [Fact]
    public void A_damaged_stream_leaves_nothing()
    {
        using StoreHarness from = MakeStore(out VolumeId source);
        byte[] stream = Send(from, source, from.Store.LastSequence, 0);
        using var to = new StoreHarness();
        to.Open();
        var random = new Random(7);
        for (int i = 0; i < 300; i++)
        {
            byte[] bad = (byte[])stream.Clone();
            int at = i < 200 ? i : random.Next(stream.Length);
            bad[at] ^= (byte)(1 << random.Next(8));
            RequireRefused(to, bad);
        }
        for (int i = 0; i < 40; i++)
            RequireRefused(to, stream[..random.Next(stream.Length)]);
        Assert.Equal(StoreStatus.NotFound, to.Store.NextVolume(VolumeId.First, out _));
        Receive(to, stream, "whole");
        to.CheckClean();
    }

    [Fact]
    public void What_cannot_be_sent_or_received_is_refused()
    {
        using StoreHarness from = MakeStore(out VolumeId source);
        ulong first = from.Store.LastSequence;
        from.CommitTo(source, new PageValue(1, 0, 5));
        ulong second = from.Store.LastSequence;
        Assert.Equal(StoreStatus.NotFound, from.Store.SendVolume(source, 9999, 0, new Sink()));
        Assert.Equal(StoreStatus.NotFound, from.Store.SendVolume(new VolumeId(99), second, 0, new Sink()));
        Assert.Equal(StoreStatus.BadArgument, from.Store.SendVolume(source, second, second, new Sink()));
        Assert.Equal(StoreStatus.StreamEnded, from.Store.SendVolume(source, second, 0, new Sink { Most = 10_000 }));
        byte[] difference = Send(from, source, second, first);
        using var to = new StoreHarness();
        to.Open();
        Assert.Equal(StoreStatus.NotFound, TryReceive(to, difference, out _));
        to.CheckClean();
        from.CheckClean();
    }

    [Fact]
    public void A_power_cut_while_receiving_leaves_what_can_be_dropped()
    {
        using StoreHarness from = MakeStore(out VolumeId source);
        byte[] stream = Send(from, source, from.Store.LastSequence, 0);
        for (int at = 0; at < 200; at += 7)
        {
            using var to = new StoreHarness();
            to.Open();
            int writes = 0;
            to.Memory.Fail = (operation, _)
                => operation == BlockOperation.Write && writes++ >= at ? BlockStatus.MediaError : BlockStatus.Ok;
            bool isWhole = TryReceive(to, stream, out _) == StoreStatus.Ok;
            to.Memory.Fail = null;
            to.Reopen(crash: true);
            if (to.Store.NextVolume(VolumeId.First, out VolumeInfo info) == StoreStatus.Ok)
            {
                Assert.False(isWhole && (info.Flags & VolumeFlags.Partial) != 0);
                if ((info.Flags & VolumeFlags.Partial) == 0)
                    RequireSame(from, source, to, info.Id);
                Assert.Equal(StoreStatus.Ok, to.Store.DropVolume(info.Id, to.Info()));
            }
            to.CheckClean();
        }
    }

    // Objects of every kind of size, in a volume of its own beside another one.
    private static StoreHarness MakeStore(out VolumeId volume)
    {
        var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 77));
        Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.None, "source"u8, harness.Info(), out volume));
        for (ulong id = 1; id <= 60; id++)
        {
            StoreCommit* commit = harness.Store.Begin(volume);
            for (ulong page = 0; page < (id % 5 == 0 ? 20 : id % 4); page++)
                harness.Write(commit, id, page * (id % 7), (id * 1000) + page);
            if (id % 3 != 0)
                harness.PutRecord(commit, id, new string((char)('a' + (id % 26)), (int)(id * 40)));
            harness.Commit(commit);
        }
        StoreCommit* large = harness.Store.Begin(volume);
        for (ulong page = 0; page < 400; page++)
            harness.Write(large, 100, page, 5000 + page);
        harness.Commit(large, "large");
        return harness;
    }

    private static void Change(StoreHarness harness, VolumeId volume, Random random)
    {
        StoreCommit* commit = harness.Store.Begin(volume);
        for (int i = 0; i < 4; i++)
        {
            ulong id = (ulong)random.Next(1, 70);
            switch (random.Next(6))
            {
                case 0:
                    harness.Store.DeleteObject(commit, new ObjectId(id));
                    break;
                case 1:
                    harness.PutRecord(commit, id, $"changed {random.Next()}");
                    break;
                case 2:
                    harness.Store.Truncate(commit, new ObjectId(id), (ulong)random.Next(10));
                    break;
                case 3:
                    harness.Store.WriteHole(commit, new ObjectId(100), (ulong)random.Next(400));
                    break;
                case 4:
                    harness.Store.CloneObject(commit, new ObjectId((ulong)random.Next(1, 60)), new ObjectId(200 + id));
                    break;
                default:
                    harness.Write(commit, random.Next(2) == 0 ? 100 : id, (ulong)random.Next(500), (ulong)random.Next(1, 1 << 30));
                    break;
            }
        }
        harness.Commit(commit, random.Next(2) == 0 ? $"named {random.Next()}" : "");
        if (random.Next(2) == 0)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }

    private static void RequireSame(StoreHarness from, VolumeId source, StoreHarness to, VolumeId copy)
    {
        for (ulong id = 1; id < 300; id++)
        {
            Assert.Equal(RecordOf(from, source, id), RecordOf(to, copy, id));
            ulong pages = id == 100 ? 500UL : 140;
            for (ulong page = 0; page < pages; page += id is 100 || page < 30 ? 1UL : 6)
                Assert.Equal(from.ReadFrom(source, id, page), to.ReadFrom(copy, id, page));
        }
    }

    private static string? RecordOf(StoreHarness harness, VolumeId volume, ulong id)
    {
        byte[] buffer = new byte[ObjectStore.MaxRecordBytes];
        StoreStatus status = harness.Store.ReadRecord(volume, new ObjectId(id), buffer, out int length);
        return status == StoreStatus.Ok ? Encoding.UTF8.GetString(buffer, 0, length) : null;
    }

    private static byte[] Send(StoreHarness harness, VolumeId volume, ulong sequence, ulong baseSequence)
    {
        var sink = new Sink();
        Assert.Equal(StoreStatus.Ok, harness.Store.SendVolume(volume, sequence, baseSequence, sink));
        return sink.Bytes.ToArray();
    }

    private static VolumeId Receive(StoreHarness harness, byte[] stream, string name)
    {
        StoreStatus status =
            harness.Store.ReceiveVolume(new Source(stream), Encoding.UTF8.GetBytes(name), harness.Info(), Groups, out VolumeId volume);
        Assert.Equal(StoreStatus.Ok, status);
        return volume;
    }

    private static StoreStatus TryReceive(StoreHarness harness, byte[] stream, out VolumeId volume)
        => harness.Store.ReceiveVolume(new Source(stream), "bad"u8, harness.Info(), Groups, out volume);

    private static void RequireRefused(StoreHarness harness, byte[] stream)
    {
        StoreStatus status = TryReceive(harness, stream, out _);
        Assert.True(
            status is StoreStatus.StreamEnded or StoreStatus.BadChecksum or StoreStatus.Corrupt or StoreStatus.UnknownVersion, $"{status}");
    }

    private sealed class Sink : VolumeSink
    {
        public MemoryStream Bytes { get; } = new();

        public int Most { get; init; } = int.MaxValue;

        public override bool Write(ReadOnlySpan<byte> bytes)
        {
            if (Bytes.Length + bytes.Length > Most)
                return false;
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
