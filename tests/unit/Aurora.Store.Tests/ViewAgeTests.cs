using System;
using Aurora.Base;
using FsCheck.Xunit;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Store.Tests;

/// <summary>
/// Views of different age that are open at once: what only the closed ones needed is free, what the open ones need is not.
/// </summary>
public sealed unsafe class ViewAgeTests(ITestOutputHelper output)
{
    private const ulong PagesPerRound = 100;

    [Property(MaxTest = 20, QuietOnSuccess = true)]
    public void Every_view_reads_its_content_and_what_none_needs_is_free(int seed) => ViewHistory.Run(seed & int.MaxValue, 120);

    [Fact]
    public void Free_blocks_are_exact_with_views_of_several_ages()
    {
        int compared = 0;
        for (int seed = 1; seed <= 4; seed++)
            compared += ViewHistory.Run(seed, 300).Compared;
        output.WriteLine($"attack: views of several ages: 4 histories, {compared} comparisons of the free blocks");
        Assert.True(compared > 40, $"only {compared} comparisons");
    }

    [Fact]
    public void The_history_finds_a_seeded_fault_in_the_ages()
    {
        string found = "";
        for (int seed = 1; seed <= 6 && found.Length == 0; seed++)
        {
            try
            {
                ViewHistory.Run(seed, 300, SeededFaults.MisjudgedAge);
            }
            catch (Exception finding) when (finding is Xunit.Sdk.XunitException or Aurora.Testing.PanicException)
            {
                found = finding.Message;
            }
        }
        Assert.True(found.Length > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_freed_between_two_views_is_free_when_the_older_is_closed(bool isOlderFirst)
    {
        using var harness = new StoreHarness(blocks: 8192, logBlocks: 128);
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        Overwrite(harness, 1, 1);
        StoreView older = Open(harness);
        Overwrite(harness, 2, 6);
        StoreView newer = Open(harness);
        Overwrite(harness, 8, 6);
        ulong before = harness.Store.FreeBlocks;
        (isOlderFirst ? older : newer).Close();
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        StoreView left = isOlderFirst ? newer : older;
        ulong round = isOlderFirst ? 7UL : 1;
        for (ulong page = 0; page < PagesPerRound; page++)
            Assert.Equal((round * 1000) + page, harness.Read(left, 1, page));
        if (isOlderFirst)
            Assert.True(harness.Store.FreeBlocks >= before + (6 * PagesPerRound),
                $"{before} blocks free before, {harness.Store.FreeBlocks} after");
        else
            Assert.True(harness.Store.FreeBlocks <= before + 10, $"{before} blocks free before, {harness.Store.FreeBlocks} after");
        left.Close();
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
        harness.Check(out CheckReport report);
        Assert.Equal(report.FreeBlocks, harness.Store.FreeBlocks);
    }

    // Held by its own references, not by keeping everybody's blocks; from the cut that drops it on as all others are.
    [Fact]
    public void A_kept_checkpoint_that_is_open_holds_nothing_but_its_own_blocks()
    {
        using var harness = new StoreHarness(blocks: 2000, logBlocks: 128);
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* named = harness.Begin();
        for (ulong page = 0; page < PagesPerRound; page++)
            harness.Write(named, 1, page, 1000 + page);
        harness.Commit(named, "kept");
        ulong kept = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, kept, out StoreView? view));

        // Several times the device.
        Overwrite(harness, 2, 60);
        Assert.False(view!.IsPinned);
        for (ulong page = 0; page < PagesPerRound; page++)
            Assert.Equal(1000 + page, harness.Read(view, 1, page));
        StoreCommit* drop = harness.Begin();
        Assert.Equal(StoreStatus.Ok, harness.Store.DropCheckpoint(drop, kept));
        harness.Commit(drop);
        Overwrite(harness, 100, 8);
        Assert.True(view.IsPinned);
        for (ulong page = 0; page < PagesPerRound; page++)
            Assert.Equal(1000 + page, harness.Read(view, 1, page));
        view.Close();
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
        harness.Check(out CheckReport report);
        Assert.Equal(report.FreeBlocks, harness.Store.FreeBlocks);
    }

    private static StoreView Open(StoreHarness harness)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, harness.Store.LastSequence, out StoreView? view));
        return view!;
    }

    // Every round writes the same pages and ends with a cut, which frees those of the one before.
    private static void Overwrite(StoreHarness harness, ulong first, ulong rounds)
    {
        for (ulong round = first; round < first + rounds; round++)
        {
            StoreCommit* commit = harness.Begin();
            for (ulong page = 0; page < PagesPerRound; page++)
                harness.Write(commit, 1, page, (round * 1000) + page);
            harness.Commit(commit);
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
    }
}
