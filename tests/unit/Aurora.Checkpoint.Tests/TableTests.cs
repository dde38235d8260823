using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Staged records, branches, the listed history and the ends of objects at their boundaries.</summary>
public sealed unsafe class TableTests
{
    // Of records of 3,000 bytes a chunk of 16 KiB holds five.
    private const int LargestPerChunk = 5;

    public TableTests() => HostEnvironment.Install();

    [Theory]
    [MemberData(nameof(Boundaries.Of), LargestPerChunk, 200, MemberType = typeof(Boundaries))]
    public void Any_number_of_the_largest_records_is_staged_and_without_memory_none_is_lost(int count)
    {
        using var pages = new TestPages { Limit = (count + LargestPerChunk - 1) / LargestPerChunk * 4 };
        RecordStage stage = default;
        int taken = 0;
        for (Span<byte> room = stage.Reserve(pages); !room.IsEmpty; room = stage.Reserve(pages))
        {
            room[..3000].Fill((byte)taken);
            stage.Append(new ObjectId((ulong)++taken), taken % 4 == 0 ? 3000 : RecordHeader.Size + StateCodec.MaxPayloadBytes);
        }
        Assert.InRange(taken, count, count + LargestPerChunk - 1);
        Assert.Equal(taken, stage.Count);
        RecordStage.Cursor cursor = default;
        for (int i = 0; i < taken; i++)
        {
            Assert.True(stage.Next(ref cursor, out ObjectId id, out ReadOnlySpan<byte> record));
            Assert.Equal((ulong)i + 1, id.Value);
            Assert.False(record[..3000].ContainsAnyExcept((byte)i));
        }
        Assert.False(stage.Next(ref cursor, out _, out _));
        pages.Limit = int.MaxValue;
        Assert.False(stage.Reserve(pages).IsEmpty);
        stage.Clear(pages);
        Assert.Equal(0, pages.Taken);
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), LeftBranches.Capacity, 300, MemberType = typeof(Boundaries))]
    public void The_newest_branches_are_known_and_come_back(int count)
    {
        var left = default(LeftBranches);
        for (int i = 0; i < count; i++)
            left.Add(new Epoch((ulong)i * 10), new Epoch(((ulong)i * 10) + 5));
        Assert.Equal(Math.Min(count, LeftBranches.Capacity), left.Count);
        byte[] record = new byte[LeftBranches.Capacity * LeftRange.Size];
        var again = default(LeftBranches);
        Assert.True(again.TryRead(record.AsSpan(0, left.Write(record))));
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(i >= count - LeftBranches.Capacity, again.Contains(new Epoch(((ulong)i * 10) + 1)));
            Assert.False(again.Contains(new Epoch(((ulong)i * 10) + 6)));
        }
    }

    [Theory]
    [InlineData(CheckpointEngine.HistoryCapacity - 1)]
    [InlineData(CheckpointEngine.HistoryCapacity)]
    [InlineData(CheckpointEngine.HistoryCapacity + 1)]
    [InlineData((2 * CheckpointEngine.HistoryCapacity) + 1)]
    public void The_newest_of_any_number_of_checkpoints_are_listed(int count)
    {
        using TestSession session = TestSession.Create();
        for (int i = 0; i < count; i++)
        {
            session.Clock.Advance(1_000);
            session.Tracker.MarkChanged(&session.Group.Group.Of(session.Tracker)->Header);
            session.Checkpoint();
        }
        ulong newest = session.Engine.LastDurable.Value;
        ulong ticket = session.Engine.RequestHistory();
        session.RunErrands();
        Assert.True(session.Engine.IsHistoryReady(ticket));
        int kept = 0;
        ulong sequence = 0;
        for (; session.Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok; kept++)
            sequence = info.Sequence;
        Assert.True(kept >= Math.Min(count, CheckpointEngine.HistoryCapacity));
        int listed = 0;
        for (; session.Engine.ReadHistory(listed, out SlsHistoryEntry entry); listed++)
        {
            if (listed == 0)
                Assert.Equal(newest, entry.Epoch);
            Assert.InRange(entry.Epoch, 1UL, newest - (ulong)listed);
        }
        Assert.Equal(Math.Min(kept, CheckpointEngine.HistoryCapacity), listed);
    }

    /// <summary>A program may end whatever it has when there is no memory at all; the next checkpoint knows all of it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(IdList.IdsPerPage)]
    [InlineData((2 * IdList.IdsPerPage) + 1)]
    public void What_ends_without_memory_has_ended_after_the_next_checkpoint(int count)
    {
        TestSession session = TestSession.Create();
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Errno.Ok, session.Tree.MakeLink(Encoding.UTF8.GetBytes($"/link{i}"), "target"u8));
            if (i % 200 == 0)
                session.Checkpoint();
        }
        session.Checkpoint();
        int objects = session.Tracker.Count;
        session.Pages.IsExhausted = true;
        for (int i = 0; i < count; i++)
            session.Remove($"/link{i}");
        Assert.True(session.Tracker.Count <= objects - (2 * count));
        session.Pages.IsExhausted = false;
        for (int tries = 0; tries < 20 && session.Engine.HasChanges; tries++)
        {
            session.Clock.Advance(1_000_000_000);
            session.Checkpoint();
        }
        int left = session.Tracker.Count;
        session = session.Reboot();
        Assert.Equal(left, session.Tracker.Count);
        // What a restore has made can end without memory as well.
        Assert.Equal(Errno.Ok, session.Tree.MakeLink("/last"u8, "target"u8));
        session.Pages.IsExhausted = true;
        session.Remove("/last");
        session.Pages.IsExhausted = false;
        session.Dispose();
    }
}
