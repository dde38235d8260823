using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Arenas, slots and lists of the store at their boundaries.</summary>
public sealed unsafe class TableTests
{
    private const int ArenaChunk = 64 << 10;
    private const int FreedRuns = 1024;

    public TableTests() => HostEnvironment.Install();

    /// <summary>
    /// What one reservation promised needs no memory afterwards, however it is taken: the need of one commit may be many chunks.
    /// </summary>
    [Theory]
    [MemberData(nameof(Boundaries.Of), ArenaChunk, 200, MemberType = typeof(Boundaries))]
    public void An_arena_that_has_reserved_gives_it_without_memory(int bytes)
    {
        foreach (int piece in new[] { 8, 72, 1704, 3400 })
        {
            using var pages = new HostPageAllocator { PageLimit = 16 };
            var arena = new Arena(pages) { Limit = 1UL << 30 };
            arena.Allocate(8);
            if (bytes > ArenaChunk)
                Assert.False(arena.Reserve((ulong)bytes));
            pages.PageLimit = long.MaxValue;
            Assert.True(arena.Reserve((ulong)bytes));
            pages.PageLimit = 0;
            for (int taken = piece; taken <= bytes; taken += piece)
                *(ulong*)arena.Allocate(piece) = 1;
            arena.Limit = arena.BytesHeld;
            Assert.False(arena.Reserve(arena.BytesHeld + 1));
            arena.Reset();
            Assert.Equal(0, pages.PagesOutstanding);
        }
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), FreedRuns, 3, MemberType = typeof(Boundaries))]
    public void Freed_runs_beyond_the_list_are_left_out_and_the_others_are_whole(int runs)
    {
        void* memory = NativeMemory.AllocZeroed(FreedExtents.MemoryPages * PageSize.Bytes);
        var freed = new FreedExtents((byte*)memory);
        for (int run = 0; run < runs; run++)
        {
            freed.Add((ulong)(run * 10) + 1);
            if (run < FreedRuns)
                freed.Add((ulong)(run * 10) + 2);
        }
        freed.Turn();
        Assert.Equal(runs < FreedRuns ? runs : FreedRuns, freed.PreviousCount);
        for (int run = 0; run < freed.PreviousCount; run++)
        {
            Assert.Equal((ulong)(run * 10) + 1, freed.PreviousAt(run).Start);
            Assert.Equal(2UL, freed.PreviousAt(run).Count);
        }
        freed.Turn();
        Assert.Equal(0, freed.PreviousCount);
        NativeMemory.Free(memory);
    }

    [Fact]
    public void As_many_commits_as_there_are_slots_are_built_at_once_and_the_next_is_refused_until_one_is_released()
    {
        using var harness = new StoreHarness();
        harness.Open();
        var commits = new List<nint>();
        for (StoreCommit* commit = harness.Store.Begin(VolumeId.First); commit != null; commit = harness.Store.Begin(VolumeId.First))
        {
            commits.Add((nint)commit);
            harness.PutRecord(commit, (ulong)commits.Count, "record");
        }
        Assert.Equal(CommitPool.Slots, commits.Count);
        foreach (nint commit in commits)
        {
            harness.Commit((StoreCommit*)commit);
            StoreCommit* next = harness.Store.Begin(VolumeId.First);
            Assert.True(next != null);
            harness.PutRecord(next, 1000, "next");
            harness.Commit(next);
        }
        for (int i = 1; i <= commits.Count; i++)
            Assert.Equal("record", harness.Record((ulong)i));
    }

    [Fact]
    public void As_many_views_as_there_may_be_are_open_at_once_and_one_that_closes_makes_room()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 7);
        harness.Commit(commit);
        var views = new List<StoreView>();
        for (int i = 0; i < StoreMemory.Views; i++)
        {
            Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, harness.Store.LastSequence, out StoreView? view));
            views.Add(view!);
        }
        foreach (StoreView open in views.ToArray())
        {
            Assert.Equal(StoreStatus.OutOfMemory, harness.Store.OpenView(VolumeId.First, harness.Store.LastSequence, out _));
            Assert.Equal(7UL, harness.Read(open, 1, 0));
            open.Close();
            Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, harness.Store.LastSequence, out StoreView? view));
            views.Add(view!);
        }
        Assert.Equal(7UL, harness.Read(views[^1], 1, 0));
    }
}
